"""Where on a slide there is tissue: not glass, not pen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

GLASS_DENSITY = 0.04  # mean optical density of what is nearly empty
SMALLEST_MM2 = 0.01
HOLE_MM2 = 0.005
SMOOTHING_UM = 4.0


def find_tissue(rgb: NDArray[np.uint8], um_per_pixel: float) -> NDArray[np.bool_]:
    """Pixels of an overview that lie in tissue.

    Parameters
    ----------
    rgb : array, (rows, columns, 3), uint8
        An overview, best at 4 to 16 µm per pixel.
    um_per_pixel : float

    Returns
    -------
    array, (rows, columns), bool
        Optical density above that of glass after smoothing over 4 µm; pieces under 0.01 mm² are
        dust, holes under 0.005 mm² (vessels, fat cells) belong to the tissue; the blue, green and
        black of a pen do not.

    References
    ----------
    Ours: a fixed optical density of glass, so that slides of one batch are cut alike.
    """
    density = _density(rgb)
    sigma = SMOOTHING_UM / um_per_pixel
    smooth = ndimage.gaussian_filter(density.mean(axis=-1), sigma)
    ink = ndimage.binary_dilation(_pen(density), iterations=1 + round(3 * sigma))
    found = (smooth > GLASS_DENSITY) & ~ink
    pixel = (um_per_pixel / 1000.0) ** 2
    found = _without_small(found, SMALLEST_MM2 / pixel)
    return ~_without_small(~found, HOLE_MM2 / pixel)


def _density(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    table = -np.log10(np.maximum(np.arange(256), 1) / 255.0).astype(np.float32)
    return table[rgb]


def _pen(density: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Ink: black in all channels, or a red as light as glass where another is dark."""
    red, green, blue = np.moveaxis(density, -1, 0)
    black = np.minimum(np.minimum(red, green), blue) > 1.0
    green_ink = (red - green > 0.35) & (red - blue > 0.1)
    blue_ink = (red - blue > 0.35) & (green - blue > 0.1)
    return black | green_ink | blue_ink


def _without_small(mask: NDArray[np.bool_], pixels: float) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    kept = np.bincount(labels.ravel()) >= pixels
    kept[0] = False
    return kept[labels]
