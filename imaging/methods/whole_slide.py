"""A scanned slide as arrays: any part at any scale, never the whole of it in memory."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import openslide
from numpy.typing import NDArray
from openslide.deepzoom import DeepZoomGenerator
from PIL import Image

from imaging.methods.tiled_tiff import TiledTiff
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import Wording, say

FORMATS = say("SVS, NDPI, SCN, MRXS in a zip, pyramidal TIFF, OME-TIFF or DICOM")
LONGEST_SIDE, MOST_PIXELS = 1_000_000, 3 * 10**11  # a whole glass at 0.1 µm: 750,000 × 250,000
LARGEST_TILE = 8192  # pixels a side; a tile is decoded as a whole
STRIP = 4 * 2**20  # pixels read at once where no coarse level is there
COARSEST = 2048  # pixels of the picture that stands for levels which the file does not have
FAR = 8  # times coarser than any level: shown from that picture
TILE, OVERLAP = 254, 1
PLAUSIBLE_UM = (0.1, 2.0)
PICTURES_OF_THE_LABEL = ("label", "macro")
JPEG_QUALITY = 80


@dataclass(frozen=True)
class SlideFacts:
    """What a slide says of itself; what may name a person is left out.

    ``um_per_pixel`` is missing when the file does not say it.
    """

    vendor: str
    width: int
    height: int
    um_per_pixel: float | None
    levels: tuple[float, ...]
    notices: tuple[Notice, ...]


class WholeSlide:
    """An open slide; close it, or use it as a context.

    Parameters
    ----------
    path : path of the file (of one of the files, for formats of several)

    Raises
    ------
    DataProblem
        Not a slide that can be read in tiles.
    """

    def __init__(self, path: Path, name: str = "slide"):
        self._slide = _opened(path, name)
        try:
            _check_size(self._slide, name)
        except DataProblem:
            self._slide.close()
            raise
        self._deep_zoom = DeepZoomGenerator(self._slide, TILE, OVERLAP, limit_bounds=False)
        self._coarse: tuple[Image.Image, float] | None = None
        self._name = name

    def __enter__(self) -> WholeSlide:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._slide.close()

    @property
    def size(self) -> tuple[int, int]:
        width, height = self._slide.dimensions
        return width, height

    def facts(self) -> SlideFacts:
        """Size, resolution and levels; a notice says what the file also holds."""
        properties = self._slide.properties
        across, down = (_positive(properties.get(f"openslide.mpp-{axis}")) for axis in "xy")
        notices = []
        if across and down and abs(across / down - 1) > 0.01:
            raise refuse(
                self._name,
                say("pixels of {across:g} by {down:g} µm", across=across, down=down),
                "square pixels",
                "Export the slide again; a stretched slide cannot be counted.",
            )
        if across and not PLAUSIBLE_UM[0] <= across <= PLAUSIBLE_UM[1]:
            text = say(
                "The slide says {across:g} µm per pixel; scanners make 0.1 to 2.", across=across
            )
            notices.append(Notice("slide_resolution_implausible", text))
        if held := [n for n in PICTURES_OF_THE_LABEL if n in self._slide.associated_images]:
            text = say(
                "The file holds a picture of the glass ({held}), which is not shown.",
                held=", ".join(held),
            )
            notices.append(Notice("slide_label_hidden", text))
        width, height = self.size
        levels = tuple(float(downsample) for downsample in self._slide.level_downsamples)
        vendor = str(properties.get("openslide.vendor", "unknown"))
        return SlideFacts(vendor, width, height, across, levels, tuple(notices))

    def read(self, x: int, y: int, width: int, height: int, scale: int = 1) -> NDArray[np.uint8]:
        """A part of the slide at 1/``scale``, in pixels of that scale: (height, width, 3).

        Taken from the nearest finer level and averaged down; what no scanner saw is white.
        """
        level = self._slide.get_best_level_for_downsample(scale * 1.01)
        finer = max(1.0, self._slide.level_downsamples[level])
        ratio = scale / finer
        wanted = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        plain = self._region(x * scale, y * scale, level, wanted)
        if wanted != (width, height):
            plain = plain.resize((width, height), Image.Resampling.BOX)
        return np.asarray(plain)

    def _region(self, x: int, y: int, level: int, size: tuple[int, int]) -> Image.Image:
        try:
            return _on_white(self._slide.read_region((x, y), level, size))
        except (openslide.OpenSlideError, OSError) as error:
            raise refuse(
                self._name, _reason(error), "a whole file", "Upload the slide again."
            ) from error

    def overview(self, longest: int) -> tuple[NDArray[np.uint8], float]:
        """The whole slide with its longer side at most ``longest`` pixels, and its scale.

        Read in strips: a slide without coarse levels never lies in memory as a whole.
        """
        width, height = self.size
        scale = max(1.0, max(width, height) / longest)
        across, down = max(1, round(width / scale)), max(1, round(height / scale))
        level = self._slide.get_best_level_for_downsample(scale * 1.01)
        own_width, own_height = self._slide.level_dimensions[level]
        finer = self._slide.level_downsamples[level]
        rows = max(1, int(STRIP / own_width / (own_height / down)))
        picture = Image.new("RGB", (across, down))
        for top in range(0, down, rows):
            bottom = min(down, top + rows)
            first, last = (round(at * own_height / down) for at in (top, bottom))
            size = (own_width, max(1, last - first))
            strip = self._region(0, round(first * finer), level, size)
            picture.paste(strip.resize((across, bottom - top), Image.Resampling.BOX), (0, top))
        return np.asarray(picture), width / across

    def deep_zoom_levels(self) -> int:
        return int(self._deep_zoom.level_count)

    def tile_jpeg(self, level: int, column: int, row: int) -> bytes:
        """A tile of the viewer's pyramid; IndexError when there is none there."""
        x, y, scale, width, height = self.tile_place(level, column, row)
        best = self._slide.get_best_level_for_downsample(scale)
        if scale > FAR * self._slide.level_downsamples[best]:
            tile = self._far_tile(x, y, scale, (width, height))
        else:
            tile = self._deep_zoom.get_tile(level, (column, row)).convert("RGB")
        stream = io.BytesIO()
        tile.save(stream, "JPEG", quality=JPEG_QUALITY)
        return stream.getvalue()

    def _far_tile(self, x: int, y: int, scale: float, size: tuple[int, int]) -> Image.Image:
        """A tile much coarser than any level of the file, from one picture that is kept."""
        if self._coarse is None:
            picture, own = self.overview(COARSEST)
            self._coarse = Image.fromarray(picture), own
        coarse, own = self._coarse
        left, top = x / own, y / own
        right, bottom = left + size[0] * scale / own, top + size[1] * scale / own
        box = (left, top, min(right, coarse.width), min(bottom, coarse.height))
        return coarse.resize(size, Image.Resampling.BOX, box=box)

    def tile_place(self, level: int, column: int, row: int) -> tuple[int, int, float, int, int]:
        """Left, top (pixels of the slide), pixels of the slide per pixel, width and height."""
        try:
            (x, y), _, _ = self._deep_zoom.get_tile_coordinates(level, (column, row))
            width, height = self._deep_zoom.get_tile_dimensions(level, (column, row))
        except ValueError as error:
            raise IndexError(f"no tile {column}, {row} on level {level}") from error
        scale = 2.0 ** (self._deep_zoom.level_count - 1 - level)
        return int(x), int(y), scale, int(width), int(height)


def _opened(path: Path, name: str) -> openslide.AbstractSlide:
    """By openslide; OME-TIFF, and what openslide cannot open, as a tiled TIFF."""
    known = None
    try:
        known = openslide.OpenSlide.detect_format(path)
        if known and not (known == "generic-tiff" and TiledTiff.detect_format(path)):
            return openslide.OpenSlide(path)
        return TiledTiff(path)
    except (openslide.OpenSlideError, OSError, ValueError) as error:
        raise refuse(
            name,
            _reason(error),
            FORMATS,
            "Export the slide from the scanner again; a plain picture must be saved as a "
            "tiled TIFF first.",
        ) from error


def _check_size(slide: openslide.AbstractSlide, name: str) -> None:
    """Nobody's glass is so large: a file that claims it would be read for days."""
    width, height = slide.dimensions
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise refuse(
            name,
            say("{width:,} × {height:,} pixels", width=width, height=height),
            say(
                "at most {longest_side:,} a side and {most_pixels:,} in all",
                longest_side=LONGEST_SIDE,
                most_pixels=MOST_PIXELS,
            ),
            "No glass is so large: export the slide from the scanner again.",
        )
    sides = (
        slide.properties.get(f"openslide.level[0].tile-{side}") for side in ("width", "height")
    )
    largest = max(_positive(side) or 0 for side in sides)
    if largest > LARGEST_TILE:
        raise refuse(
            name,
            say("tiles of {largest:,.0f} pixels a side", largest=largest),
            say("at most {largest_tile:,}", largest_tile=LARGEST_TILE),
            "Save the slide with smaller tiles: one is read as a whole.",
        )


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGBA":
        white = Image.new("RGB", picture.size, (255, 255, 255))
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return picture.convert("RGB")


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value > 0 else None


def _reason(error: Exception) -> str:
    """Without a path of the server."""
    text = str(error)
    if isinstance(error, openslide.OpenSlideUnsupportedFormatError) or not text:
        return say("a file that no reader of slides knows")
    if isinstance(text, Wording):
        return text
    return re.sub(r"(/[^\s:]+)+", "the file", text)[:160]
