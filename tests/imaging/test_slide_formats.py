"""What opens as a slide, and what is refused before anything of it is read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from imaging.methods.whole_slide import WholeSlide
from studies.methods.problems import DataProblem
from tests.imaging.slides_made import (
    draw_cells,
    spread,
    write_dicom_slide,
    write_mrxs,
    write_ndpi,
    write_ome,
    write_slide,
    write_svs,
)

ONE_FILE = {"tiff": write_slide, "svs": write_svs, "ndpi": write_ndpi}
RGB = draw_cells((700, 900), spread(60, (700, 900), 24))


def make(kind: str, folder: Path) -> Path:
    if kind == "dicom":
        return write_dicom_slide(folder, RGB)
    if kind == "mrxs":
        return write_mrxs(folder, RGB)
    if kind in ONE_FILE:
        return ONE_FILE[kind](folder / f"s.{kind}", RGB)
    return write_ome(folder / "s.ome.tif", RGB, kind.partition(" ")[0], kind.endswith("planes"))


@pytest.mark.parametrize(
    ("kind", "vendor", "near"),
    [
        ("tiff", "generic-tiff", 0), ("dicom", "dicom", 0), ("zlib", "ome-tiff", 0),
        ("lzw", "ome-tiff", 0), ("zlib in planes", "ome-tiff", 0), ("jpeg", "ome-tiff", 4),
        ("jpeg2000", "ome-tiff", 4), ("svs", "aperio", 4), ("ndpi", "hamamatsu", 4),
        ("mrxs", "mirax", 4),
    ],
)  # fmt: skip
def test_every_format_gives_the_pixels_that_were_written(
    kind: str, vendor: str, near: float, tmp_path: Path
) -> None:
    with WholeSlide(make(kind, tmp_path)) as slide:
        facts = slide.facts()
        assert (facts.vendor, facts.um_per_pixel) == (vendor, pytest.approx(0.5, rel=1e-4))
        part = slide.read(130, 200, 300, 250).astype(int)
        assert np.abs(part - RGB[200:450, 130:430]).mean() <= near
        over = slide.read(facts.width - 10, facts.height - 10, 20, 20)
        assert (over[10:, 10:] == 255).all()  # white where the slide ends
        whole, scale = slide.overview(128)
        shown = RGB[: facts.height, : facts.width]
        assert whole.mean((0, 1)) == pytest.approx(shown.mean((0, 1)), abs=2)
        assert scale == pytest.approx(facts.width / 128, rel=0.01)


def test_a_slide_without_coarse_levels_is_shown_from_one_picture(tmp_path: Path) -> None:
    large = np.tile(RGB, (4, 4, 1))
    tifffile.imwrite(tmp_path / "s.tif", large, tile=(256, 256), photometric="rgb")
    with WholeSlide(tmp_path / "s.tif") as slide:
        for level in (5, 7, slide.deep_zoom_levels() - 1):
            tile = Image.open(io.BytesIO(slide.tile_jpeg(level, 0, 0)))
            assert tile.size == slide.tile_place(level, 0, 0)[3:]
        coarse = np.asarray(Image.open(io.BytesIO(slide.tile_jpeg(7, 0, 0))))
        assert coarse.mean((0, 1)) == pytest.approx(large.mean((0, 1)), abs=3)


def bomb(path: Path) -> Path:
    """A small file that claims 10^6 × 10^6 pixels."""
    write_slide(path, RGB)
    with tifffile.TiffFile(path, mode="r+b") as file:
        for name in ("ImageWidth", "ImageLength"):
            file.pages[0].tags[name].overwrite(10**6)
    return path


def strips(path: Path) -> Path:
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(RGB, photometric="rgb")
    return path


def deep(path: Path) -> Path:
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(RGB.astype(np.uint16), photometric="rgb", tile=(256, 256))
    return path


def wide_tiles(path: Path) -> Path:
    blank = np.full((64, 9000, 3), 255, np.uint8)
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(blank, photometric="rgb", tile=(16, 8992), compression="zlib")
    return path


def stretched(path: Path) -> Path:
    tifffile.imwrite(path, RGB, tile=(256, 256), photometric="rgb", resolution=(20000, 10000),
                     resolutionunit="CENTIMETER")  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (bomb, "pixels|knows|tile"), (strips, "in strips"), (deep, "uint16"),
        (wide_tiles, "tiles of 8,992"), (stretched, "square pixels"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_by_name(
    write: object, message: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(DataProblem, match=message),
        WholeSlide(write(tmp_path / "s.tif")) as slide,  # type: ignore[operator]
    ):
        slide.facts()
