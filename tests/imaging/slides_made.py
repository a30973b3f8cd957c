"""Slides with known cells, written as the tiled pyramids that scanners write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from imaging.methods.stain_separation import DAB, HAEMATOXYLIN

GLASS = 245


def draw_cells(
    size: tuple[int, int],
    centres: NDArray[np.float64],
    um_per_pixel: float = 0.5,
    density: float = 0.8,
    tissue: tuple[int, int, int, int] | None = None,
    seed: int = 5,
) -> NDArray[np.uint8]:
    """Brown discs of 7 µm on pale blue tissue (left, top, right, bottom), with noise."""
    height, width = size
    left, top, right, bottom = tissue or (0, 0, width, height)
    optical = np.zeros((height, width, 3), np.float32)
    blue, brown = (np.asarray(dye) / np.linalg.norm(dye) for dye in (HAEMATOXYLIN, DAB))
    optical[top:bottom, left:right] += 0.25 * blue
    radius = 3.5 / um_per_pixel
    y, x = np.mgrid[0:height, 0:width]
    for cx, cy in centres:
        lo_y, hi_y = int(cy - radius) - 1, int(cy + radius) + 2
        lo_x, hi_x = int(cx - radius) - 1, int(cx + radius) + 2
        part = np.s_[max(0, lo_y) : hi_y, max(0, lo_x) : hi_x]
        inside = (x[part] - cx) ** 2 + (y[part] - cy) ** 2 <= radius**2
        optical[part][inside] += density * brown
    rgb = GLASS * 10.0**-optical
    rgb += np.random.default_rng(seed).normal(0, 2, rgb.shape)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def spread(n: int, size: tuple[int, int], apart: float, seed: int = 3) -> NDArray[np.float64]:
    """``n`` points (x, y), no two nearer than ``apart`` pixels, off the edge."""
    rng, found = np.random.default_rng(seed), np.empty((0, 2))
    while len(found) < n:
        point = rng.uniform(apart, [size[1] - apart, size[0] - apart])
        if not len(found) or np.linalg.norm(found - point, axis=1).min() > apart:
            found = np.vstack([found, point])
    return found


def write_slide(path: Path, rgb: NDArray[np.uint8], um_per_pixel: float | None = 0.5) -> Path:
    """A tiled TIFF with levels of 1, 1/4 and 1/16."""
    with tifffile.TiffWriter(path) as writer:
        for factor in (1, 4, 16):
            level = rgb[: rgb.shape[0] // factor * factor, : rgb.shape[1] // factor * factor]
            blocks = level.reshape(level.shape[0] // factor, factor, -1, factor, 3)
            resolution = {}
            if um_per_pixel:
                per_cm = 1e4 / um_per_pixel / factor
                resolution = {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
            writer.write(
                blocks.mean((1, 3)).astype(np.uint8),
                tile=(256, 256),
                photometric="rgb",
                compression="zlib",
                subfiletype=int(factor > 1),
                **resolution,
            )
    return path
