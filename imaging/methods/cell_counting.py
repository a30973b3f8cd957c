"""Positive cells of a stained slide: where they lie, counted tile by tile in bounded memory.

A cell is found by what lies within a few micrometres of it and by nothing else, so that a slide
counted in tiles of any size gives the same cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.methods.stain_separation import Stains, estimate_dab
from studies.methods.problems import refuse
from studies.methods.wording import say

METHOD_VERSION = "1"
COARSEST_UM_PER_PIXEL = 4.0
SMOOTHING_UM = 1.75
TRUNCATE = 3.0  # standard deviations of the smoothing that are computed


@dataclass(frozen=True)
class CountingRule:
    """How positive cells are told: one record per marker and staining batch.

    Parameters
    ----------
    threshold : float
        Optical density of DAB, smoothed over a cell, from which a cell is positive.
    smoothing_um : float
        Standard deviation of the smoothing: fills the ring of a membrane stain.
    distance_um : float
        Two cells lie at least this far apart.
    share : float
        Of a cell's centre (a disc of ``distance_um``) at least this much is stained.
    stains : Stains
    """

    threshold: float
    smoothing_um: float = SMOOTHING_UM
    distance_um: float = 4.5
    share: float = 0.6
    stains: Stains = field(default_factory=Stains)

    def __post_init__(self) -> None:
        if not 0.01 <= self.threshold <= 3:
            raise refuse(
                "threshold",
                self.threshold,
                "an optical density between 0.01 and 3",
                "State another threshold; the suggestion is Otsu's over the batch.",
                column="threshold",
            )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "stains": self.stains.as_dict(), "version": METHOD_VERSION}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> CountingRule:
        named = {key: value for key, value in stored.items() if key != "version"}
        return cls(**{**named, "stains": Stains.from_dict(stored["stains"])})

    def margin_pixels(self, um_per_pixel: float) -> int:
        """How far around a pixel decides whether a cell lies there."""
        smoothing = math.ceil(TRUNCATE * self.smoothing_um / um_per_pixel)
        return smoothing + 2 * self._radius(um_per_pixel) + 2

    def _radius(self, um_per_pixel: float) -> int:
        return max(1, round(self.distance_um / um_per_pixel))


@dataclass(frozen=True)
class Cells:
    """Positive cells: ``x``, ``y`` in pixels of the picture counted, ``density`` of DAB."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    density: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def together(cls, parts: Iterable[Cells]) -> Cells:
        """Of several tiles, from top to bottom and left to right."""
        found = list(parts)
        if not found:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        x, y, density = (
            np.concatenate([getattr(part, name) for part in found])
            for name in ("x", "y", "density")
        )
        order = np.lexsort((x, y))
        return cls(x[order], y[order], density[order])


def find_cells(rgb: NDArray[np.uint8], um_per_pixel: float, rule: CountingRule) -> Cells:
    """Positive cells of one picture.

    Parameters
    ----------
    rgb : array, (rows, columns, 3), uint8
    um_per_pixel : float
        At most 4: a lymphocyte of 7 µm must show.
    rule : CountingRule

    Returns
    -------
    Cells
        Peaks of the smoothed DAB density at or above the threshold, no two nearer than the rule's
        distance (the denser one stays, of equals the upper left), stained around them.

    Notes
    -----
    Within ``rule.margin_pixels`` of the edge the answer depends on what lies beyond; pictures that
    are parts of a whole overlap by that much (``count_in_tiles``).

    References
    ----------
    Ours: peaks of one dye's density; checked on drawn cells with known places.
    """
    _check_resolution(um_per_pixel)
    radius = rule._radius(um_per_pixel)
    smooth = smooth_dab(rgb, um_per_pixel, rule.stains, rule.smoothing_um)
    stained = smooth >= np.float32(rule.threshold)
    if not stained.any():
        return Cells.together([])
    y, x = np.nonzero(stained & (smooth == _highest_near(smooth)))
    apart = _apart(x, y, smooth[y, x], radius)
    y, x = y[apart], x[apart]
    filled = _share_stained(stained, x, y, radius) >= rule.share
    y, x = y[filled], x[filled]
    return Cells(x.astype(np.int64), y.astype(np.int64), smooth[y, x])


def smooth_dab(
    rgb: NDArray[np.uint8],
    um_per_pixel: float,
    stains: Stains | None = None,
    smoothing_um: float = SMOOTHING_UM,
) -> NDArray[np.float32]:
    """Optical density of DAB averaged over a cell: what thresholds are compared with.

    Parameters
    ----------
    rgb : array, (rows, columns, 3), uint8
    um_per_pixel : float
    stains : Stains, optional
        Colours of the dyes; those of the literature by default.
    smoothing_um : float
        SD of the Gaussian, µm.

    References
    ----------
    A Gaussian of one cell's width over ``estimate_dab``; ours.
    """
    dab = estimate_dab(rgb, stains)
    sigma = smoothing_um / um_per_pixel
    return np.asarray(ndimage.gaussian_filter(dab, sigma, truncate=TRUNCATE, mode="nearest"))


def _check_resolution(um_per_pixel: float) -> None:
    if not 0.05 <= um_per_pixel <= COARSEST_UM_PER_PIXEL:
        raise refuse(
            "resolution",
            say("{um_per_pixel:g} µm per pixel", um_per_pixel=um_per_pixel),
            say(
                "0.05 to {coarsest_um_per_pixel:g} µm per pixel",
                coarsest_um_per_pixel=COARSEST_UM_PER_PIXEL,
            ),
            "State the resolution of the slide, or count at a finer scale.",
        )


def _highest_near(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The highest of each pixel and its eight neighbours."""
    padded = np.pad(values, 1, constant_values=-np.inf)
    across = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return np.maximum(np.maximum(across[:-2], across[1:-1]), across[2:])


def _apart(
    x: NDArray[np.intp], y: NDArray[np.intp], value: NDArray[np.float32], radius: int
) -> NDArray[np.bool_]:
    """Peaks with no denser peak (of equals: none above or to the left) within ``radius``."""
    order = np.lexsort((x, y, -value))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    first = np.full((y.max() + 2 * radius + 1, x.max() + 2 * radius + 1), len(order), np.int64)
    first[y + radius, x + radius] = rank
    kept = np.ones(len(x), bool)
    for dy, dx in _disc(radius):
        if dy or dx:
            kept &= first[y + radius + dy, x + radius + dx] > rank
    return kept


def _share_stained(
    stained: NDArray[np.bool_], x: NDArray[np.intp], y: NDArray[np.intp], radius: int
) -> NDArray[np.float64]:
    padded = np.pad(stained, radius, mode="edge")
    offsets = _disc(radius)
    total = np.zeros(len(x))
    for dy, dx in offsets:
        total += padded[y + radius + dy, x + radius + dx]
    return total / len(offsets)


def _disc(radius: int) -> list[tuple[int, int]]:
    steps = range(-radius, radius + 1)
    return [(dy, dx) for dy in steps for dx in steps if dy * dy + dx * dx <= radius * radius]


@dataclass(frozen=True)
class Tile:
    """A part of a picture: its own pixels, without the margin read around it."""

    x: int
    y: int
    width: int
    height: int


def plan_tiles(width: int, height: int, size: int) -> Iterator[Tile]:
    """Tiles of at most ``size`` pixels a side that cover a picture once."""
    for y in range(0, height, size):
        for x in range(0, width, size):
            yield Tile(x, y, min(size, width - x), min(size, height - y))


Reader = Callable[[int, int, int, int], NDArray[np.uint8]]


def count_in_tile(
    read: Reader, tile: Tile, extent: tuple[int, int], um_per_pixel: float, rule: CountingRule
) -> Cells:
    """Positive cells whose centre lies in ``tile``, in pixels of the whole picture.

    Parameters
    ----------
    read : function of x, y, width, height
        Gives that part of the picture, (height, width, 3), uint8.
    extent : width and height of the picture

    References
    ----------
    Ours: equal to ``find_cells`` of the whole picture, cell by cell.
    """
    margin = rule.margin_pixels(um_per_pixel)
    left, top = max(0, tile.x - margin), max(0, tile.y - margin)
    right = min(extent[0], tile.x + tile.width + margin)
    bottom = min(extent[1], tile.y + tile.height + margin)
    found = find_cells(read(left, top, right - left, bottom - top), um_per_pixel, rule)
    x, y = found.x + left, found.y + top
    own = (x >= tile.x) & (x < tile.x + tile.width) & (y >= tile.y) & (y < tile.y + tile.height)
    return Cells(x[own], y[own], found.density[own])


def suggest_threshold(histogram: NDArray[np.int64], edges: NDArray[np.float64]) -> float:
    """Otsu's threshold of DAB density over the pixels of a marker's batch.

    Parameters
    ----------
    histogram, edges : counts, and bin edges in optical density
        Of tissue pixels with any DAB, smoothed as they are counted.

    Returns
    -------
    float
        The density that parts the pixels into two classes with the largest variance between
        them, to two decimals: a suggestion that a person states or changes.

    References
    ----------
    Otsu N. IEEE Trans Syst Man Cybern 1979;9:62-66.
    """
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(histogram)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_below = np.cumsum(histogram * centres) / below
        mean_above = (np.sum(histogram * centres) - np.cumsum(histogram * centres)) / above
        between = below * above * (mean_below - mean_above) ** 2.0
    if not np.isfinite(between).any():
        raise refuse(
            "histogram", say("one class of pixels"), "stained and unstained", "Check the batch."
        )
    return round(float(edges[1:][np.nanargmax(between)]), 2)
