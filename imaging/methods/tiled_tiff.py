"""Tiled TIFF pyramids that openslide does not read whole: OME-TIFF, levels below a page, planes."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray
from openslide import AbstractSlide
from PIL import Image

from studies.methods.wording import say

TILES_KEPT = 48
CENTIMETRE = 3
UM = {"µm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4}
UNREADABLE = (
    tifffile.TiffFileError, ValueError, KeyError, IndexError, TypeError, struct.error, OSError,
    RuntimeError,
)  # fmt: skip


class TiledTiff(AbstractSlide):
    """A pyramid of 8-bit RGB tiles, read tile by tile; as openslide's slides from outside.

    Raises
    ------
    ValueError
        In a few words, what it is instead.
    """

    def __init__(self, path: Path):
        super().__init__()
        try:
            self._file = tifffile.TiffFile(path)
        except UNREADABLE as error:
            raise ValueError("a file that no reader of slides knows") from error
        try:
            self._levels = _levels(self._file)
            self._properties = _properties(self._file, self._levels)
        except UNREADABLE as error:
            self._file.close()
            reason = str(error) if isinstance(error, ValueError) else say("a damaged TIFF")
            raise ValueError(reason) from error
        self._reading = threading.Lock()
        self._tile: Callable[[int, int], NDArray[np.uint8]] = lru_cache(TILES_KEPT)(self._decode)

    @classmethod
    def detect_format(cls, filename: Any) -> str | None:
        """``ome-tiff`` or nothing: what openslide would take for a plain picture in tiles."""
        try:
            with tifffile.TiffFile(filename) as file:
                return "ome-tiff" if file.is_ome else None
        except UNREADABLE:
            return None

    def close(self) -> None:
        self._file.close()

    @property
    def level_count(self) -> int:
        return len(self._levels)

    @property
    def level_dimensions(self) -> tuple[tuple[int, int], ...]:
        return tuple((int(p[0].imagewidth), int(p[0].imagelength)) for p in self._levels)

    @property
    def level_downsamples(self) -> tuple[float, ...]:
        width = self.level_dimensions[0][0]
        return tuple(width / own for own, _ in self.level_dimensions)

    @property
    def properties(self) -> Mapping[str, str]:
        return self._properties

    @property
    def associated_images(self) -> Mapping[str, Image.Image]:
        return {}

    def get_best_level_for_downsample(self, downsample: float) -> int:
        finer = [k for k, own in enumerate(self.level_downsamples) if own <= downsample]
        return max(finer, default=0)

    def read_region(
        self, location: tuple[int, int], level: int, size: tuple[int, int]
    ) -> Image.Image:
        """RGBA; see-through where the slide ends."""
        width, height = size
        x, y = (round(at / self.level_downsamples[level]) for at in location)
        canvas = np.zeros((height, width, 4), np.uint8)
        page = self._levels[level][0]
        right, bottom = min(x + width, page.imagewidth), min(y + height, page.imagelength)
        across = -(-page.imagewidth // page.tilewidth)
        for row in range(max(0, y) // page.tilelength, -(-bottom // page.tilelength)):
            for column in range(max(0, x) // page.tilewidth, -(-right // page.tilewidth)):
                tile = self._tile(level, row * across + column)
                left, top = column * page.tilewidth, row * page.tilelength
                x0, y0 = max(x, left), max(y, top)
                x1, y1 = min(right, left + tile.shape[1]), min(bottom, top + tile.shape[0])
                if x1 > x0 and y1 > y0:
                    part = canvas[y0 - y : y1 - y, x0 - x : x1 - x]
                    part[..., :3] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
                    part[..., 3] = 255
        return Image.fromarray(canvas)

    def _decode(self, level: int, index: int) -> NDArray[np.uint8]:
        planes = [self._segment(page, index) for page in self._levels[level]]
        return planes[0] if len(planes) == 1 else np.concatenate(planes, axis=-1)

    def _segment(self, page: Any, index: int) -> NDArray[np.uint8]:
        """A tile as (height, width, samples); white where the file leaves it out."""
        size = int(page.databytecounts[index])
        if size == 0:
            samples = 1 if page.samplesperpixel == 1 else 3
            return np.full((page.tilelength, page.tilewidth, samples), 255, np.uint8)
        with self._reading:
            self._file.filehandle.seek(int(page.dataoffsets[index]))
            data = self._file.filehandle.read(size)
        try:
            decoded, _, _ = page.decode(data, index, jpegtables=page.jpegtables)
        except UNREADABLE as error:
            raise OSError(say("a tile that cannot be decoded")) from error
        if decoded is None:
            raise OSError(say("a tile that cannot be decoded"))
        return np.asarray(decoded[0][..., :3], np.uint8)


def _levels(file: tifffile.TiffFile) -> list[list[Any]]:
    """Per level, finest first, the pages that make its colours: one, or one per colour."""
    if not file.series:
        raise ValueError("a TIFF without a picture")
    series = max(file.series, key=lambda one: np.prod(one.shape, dtype=np.float64))
    levels = [_pages(level) for level in series.levels]
    finest = levels[0][0]
    if not finest.is_tiled:
        raise ValueError(say("a picture in strips, not in tiles"))
    kept = [pages for pages in levels if pages[0].is_tiled]
    return sorted(kept, key=lambda pages: -pages[0].imagewidth)


def _pages(level: Any) -> list[Any]:
    pages = [page.aspage() for page in level.pages if page is not None]
    first = pages[0]
    if first.dtype != np.uint8:
        raise ValueError(say("pixels of type {kind}, not 8 bits a colour", kind=first.dtype))
    if len(pages) == 1 and first.samplesperpixel in (3, 4) and first.planarconfig == 1:
        return pages
    if len(pages) == 3 and first.samplesperpixel == 1:
        return pages
    found = say(
        "{n} planes of {samplesperpixel} samples",
        n=len(pages),
        samplesperpixel=first.samplesperpixel,
    )
    raise ValueError(f"{found}, not red, green and blue of one section")


def _properties(file: tifffile.TiffFile, levels: list[list[Any]]) -> dict[str, str]:
    finest = levels[0][0]
    across, down = _um_of_ome(file) if file.is_ome else _um_of_tags(finest)
    found = {
        "openslide.vendor": "ome-tiff" if file.is_ome else "tiled-tiff",
        "openslide.level[0].tile-width": str(finest.tilewidth),
        "openslide.level[0].tile-height": str(finest.tilelength),
    }
    sizes = {"openslide.mpp-x": across, "openslide.mpp-y": down}
    return found | {name: f"{value:.6g}" for name, value in sizes.items() if value}


def _um_of_ome(file: tifffile.TiffFile) -> tuple[float | None, float | None]:
    """µm per pixel as OME's XML says it."""
    root = ElementTree.fromstring(file.ome_metadata or "<OME/>")
    pixels = next((node for node in root.iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return None, None

    def um(axis: str) -> float | None:
        size, unit = pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm")
        return float(size) * UM[unit] if size and unit in UM else None

    return um("X"), um("Y")


def _um_of_tags(page: Any) -> tuple[float | None, float | None]:
    """µm per pixel as TIFF's tags say it; tags in inches are mostly a default, and are left."""
    unit = page.tags.get("ResolutionUnit")
    if unit is None or int(unit.value) != CENTIMETRE:
        return None, None

    def um(name: str) -> float | None:
        tag = page.tags.get(name)
        above, below = tag.value if tag is not None else (0, 1)
        return 1e4 * below / above if above else None

    return um("XResolution"), um("YResolution")
