"""One axial slice with the outline of a region, as pixels: a glance, not a reading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from imaging.methods.volume import Volume

WINDOW = {"PT": (8.0, 0.0), "CT": (-160.0, 240.0)}  # PET dark on white, CT as usual
OUTLINE = (214, 64, 36)


def draw_slice(
    scan: Volume, mask: Volume | None, modality: str, height: int = 320
) -> NDArray[np.uint8]:
    """The axial slice through the widest part of a region, or through the highest voxel.

    Parameters
    ----------
    scan : Volume (z, y, x), SUV in g/mL or HU
    mask : Volume of bool on the same grid, or None
    modality : "PT" or "CT"
    height : int
        Pixels; voxels are repeated, never smoothed, and kept square in mm.

    Returns
    -------
    array (rows, columns, 3) uint8
    """
    inside = mask.array if mask is not None and mask.array.any() else None
    z = (
        int(inside.sum(axis=(1, 2)).argmax())
        if inside is not None
        else int(np.unravel_index(scan.array.argmax(), scan.array.shape)[0])
    )
    low, high = WINDOW[modality]
    grey = np.clip((scan.array[z] - low) / (high - low), 0, 1) * 255
    rows, columns = _pixels(scan, height)
    picture = np.repeat(grey[rows][:, columns].astype(np.uint8)[..., None], 3, axis=2)
    if inside is not None:
        region = inside[z][rows][:, columns]
        picture[region & ~binary_erosion(region)] = OUTLINE
    return picture


def _pixels(scan: Volume, height: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Voxel indices that pixel rows and columns show."""
    columns_n, rows_n, _ = scan.grid.size
    x_mm, y_mm, _ = scan.grid.spacing
    width = max(1, round(height * columns_n * x_mm / (rows_n * y_mm)))
    return (np.arange(height) * rows_n // height, np.arange(width) * columns_n // width)


def draw_reconstructions(
    pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]], height: int = 128
) -> NDArray[np.uint8]:
    """Middle slices of cubes (above) and of what an encoder gives back of them (below).

    Parameters
    ----------
    pairs : cubes as the network sees them, -2 to 2, and as it gives them back

    Returns
    -------
    array (2 × height, height × pairs, 3) uint8
    """
    columns = []
    for pair in pairs:
        middle = [cube[cube.shape[0] // 2] for cube in pair]
        low, high = float(middle[0].min()), float(max(middle[0].max(), middle[0].min() + 1e-6))
        steps = np.arange(height) * middle[0].shape[0] // height
        grey = [np.clip((m - low) / (high - low), 0, 1)[steps][:, steps] for m in middle]
        columns.append(np.vstack(grey))
    picture = (np.hstack(columns) * 255).astype(np.uint8)
    return np.repeat(picture[..., None], 3, axis=2)
