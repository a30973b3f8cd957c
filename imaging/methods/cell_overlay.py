"""Counted cells as a see-through picture to lay over a slide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.methods.cell_counting import Cells

RING = (10, 132, 255, 255)  # blue: no stain of a slide has it
DOTS_UP_TO = 6.0  # pixels of the slide per pixel; coarser than that, a grid of how many
CELL_RADIUS_UM = 4.0
GRID = 8


def draw_overlay(
    cells: Cells,
    place: tuple[int, int, float, int, int],
    um_per_pixel: float,
    densest_per_mm2: float = 4000.0,
) -> NDArray[np.uint8]:
    """A ring around each cell, or where that is too small, squares by density.

    Parameters
    ----------
    cells : Cells, sorted by y
        In pixels of the full slide.
    place : left, top, pixels of the slide per pixel, width, height
    densest_per_mm2 : float
        Density at which a square is opaque.

    Returns
    -------
    array, (height, width, 4), uint8
        Red, green, blue, alpha.
    """
    left, top, scale, width, height = place
    reach = CELL_RADIUS_UM / um_per_pixel
    first, last = np.searchsorted(cells.y, [top - reach, top + height * scale + reach])
    x = (cells.x[first:last] - left) / scale
    y = (cells.y[first:last] - top) / scale
    picture = np.zeros((height, width, 4), np.uint8)
    if scale <= DOTS_UP_TO:
        _rings(picture, x, y, max(2.0, reach / scale))
    else:
        _squares(picture, x, y, (scale * um_per_pixel / 1000.0) ** 2 * densest_per_mm2)
    return picture


def _rings(picture: NDArray[np.uint8], x: NDArray, y: NDArray, radius: float) -> None:
    size = int(np.ceil(radius)) + 1
    offsets = np.mgrid[-size : size + 1, -size : size + 1].reshape(2, -1)
    away = np.hypot(*offsets)
    dy, dx = offsets[:, (away > radius - 1.0) & (away <= radius + 0.5)]
    rows = (np.rint(y).astype(int)[:, None] + dy).ravel()
    columns = (np.rint(x).astype(int)[:, None] + dx).ravel()
    height, width = picture.shape[:2]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    picture[rows[inside], columns[inside]] = RING


def _squares(picture: NDArray[np.uint8], x: NDArray, y: NDArray, full_per_pixel: float) -> None:
    height, width = picture.shape[:2]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    grid = np.zeros((-(-height // GRID), -(-width // GRID)))
    np.add.at(grid, ((y[inside] // GRID).astype(int), (x[inside] // GRID).astype(int)), 1)
    alpha = np.clip(grid / (full_per_pixel * GRID * GRID), 0, 1)
    alpha = np.where(grid > 0, 40 + 180 * alpha, 0).astype(np.uint8)
    picture[..., :3] = RING[:3]
    picture[..., 3] = alpha.repeat(GRID, 0).repeat(GRID, 1)[:height, :width]
