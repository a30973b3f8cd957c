"""Slides with known cells, written as the tiled pyramids that scanners write."""

from __future__ import annotations

import io
import struct
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    VLWholeSlideMicroscopyImageStorage,
    generate_uid,
)

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


def write_ome(path: Path, rgb: NDArray[np.uint8], compression: str, planar: bool = False) -> Path:
    """An OME-TIFF whose coarse levels hang below the first page; colours in one plane or three."""
    options: dict[str, Any] = {"tile": (256, 256), "compression": compression}
    options["photometric"] = "minisblack" if planar else "rgb"
    sizes = {f"PhysicalSize{axis}": 0.5 for axis in "XY"}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    data = np.moveaxis(rgb, -1, 0) if planar else rgb
    with tifffile.TiffWriter(path, ome=True) as writer:
        metadata = {"axes": "CYX" if planar else "YXS", **sizes, **units}
        writer.write(data, subifds=2, metadata=metadata, **options)
        for step in (2, 4):
            level = data[:, ::step, ::step] if planar else data[::step, ::step]
            writer.write(level, subfiletype=1, **options)
    return path


def write_svs(path: Path, rgb: NDArray[np.uint8]) -> Path:
    """An Aperio SVS: tiles of JPEG, a line of words that says what a pixel is."""
    words = "Aperio Image Library v12.0\r\n{}x{} (256x256) JPEG|AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(path) as writer:
        for level in (rgb, rgb[::4, ::4].copy()):
            writer.write(
                level, tile=(256, 256), photometric="rgb", compression="jpeg",
                compressionargs={"level": 95}, metadata=None,
                description=words.format(level.shape[1], level.shape[0]),
            )  # fmt: skip
    return path


def write_ndpi(path: Path, rgb: NDArray[np.uint8]) -> Path:
    """A Hamamatsu NDPI: each level one JPEG in one strip, with the maker's own tags."""
    with tifffile.TiffWriter(path, byteorder="<") as writer:
        for step in (1, 2):
            level, lens, per_cm = rgb[::step, ::step].copy(), 20.0 / step, 20000 / step
            writer.write(
                level, photometric="rgb", compression="jpeg", compressionargs={"level": 95},
                rowsperstrip=level.shape[0], resolution=(per_cm, per_cm),
                resolutionunit="CENTIMETER", metadata=None,
                extratags=[(65420, "I", 1, 1, True), (65421, "f", 1, lens, True),
                           (65424, "i", 1, 0, True)],
            )  # fmt: skip
    return path


SLIDEDAT = """[GENERAL]
SLIDE_VERSION = 01.02
SLIDE_ID = {uid}
IMAGENUMBER_X = {columns}
IMAGENUMBER_Y = {rows}
OBJECTIVE_MAGNIFICATION = 20
CameraImageDivisionsPerSide = 1
[HIERARCHICAL]
HIER_COUNT = 1
NONHIER_COUNT = 0
INDEXFILE = Index.dat
HIER_0_NAME = Slide zoom level
HIER_0_COUNT = 1
HIER_0_VAL_0_SECTION = LEVEL_0
[DATAFILE]
FILE_COUNT = 1
FILE_0 = Data0000.dat
[LEVEL_0]
OVERLAP_X = 0
OVERLAP_Y = 0
MICROMETER_PER_PIXEL_X = 0.5
MICROMETER_PER_PIXEL_Y = 0.5
IMAGE_FILL_COLOR_BGR = 16777215
DIGITIZER_WIDTH = 128
DIGITIZER_HEIGHT = 128
IMAGE_FORMAT = JPEG
IMAGE_CONCAT_FACTOR = 0
"""


def write_mrxs(folder: Path, rgb: NDArray[np.uint8], name: str = "slide") -> Path:
    """A MIRAX slide of one level, whole tiles only: an index, and a folder of what it names."""
    rows, columns = (side // 128 for side in rgb.shape[:2])
    inner, uid = folder / name, "0" * 32
    inner.mkdir()
    tiles, data = [], b""
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        stream = io.BytesIO()
        part = rgb[row * 128 : row * 128 + 128, column * 128 : column * 128 + 128]
        Image.fromarray(part).save(stream, "JPEG", quality=95)
        tiles.append((number, len(data), len(stream.getvalue()), 0))
        data += stream.getvalue()
    head = b"01.02" + uid.encode()
    levels = len(head) + 8  # where the list of levels is; then a level's head, then its only page
    words = [levels, 0, levels + 4, 0, levels + 12, len(tiles), 0, *chain(*tiles)]
    (inner / "Slidedat.ini").write_text(SLIDEDAT.format(uid=uid, rows=rows, columns=columns))
    (inner / "Index.dat").write_bytes(head + struct.pack(f"<{len(words)}i", *words))
    (inner / "Data0000.dat").write_bytes(data)
    (folder / f"{name}.mrxs").write_bytes(b"")
    return folder / f"{name}.mrxs"


def write_dicom_slide(folder: Path, rgb: NDArray[np.uint8], um_per_pixel: float = 0.5) -> Path:
    """A DICOM slide of one level in uncompressed tiles, whole tiles only."""
    rows, columns = (side // 256 * 256 for side in rgb.shape[:2])
    tiles = rgb[:rows, :columns].reshape(rows // 256, 256, columns // 256, 256, 3).swapaxes(1, 2)
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = VLWholeSlideMicroscopyImageStorage, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.FrameOfReferenceUID, data.Modality = generate_uid(), "SM"
    data.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    data.Rows = data.Columns = 256
    data.TotalPixelMatrixRows, data.TotalPixelMatrixColumns = rows, columns
    data.TotalPixelMatrixFocalPlanes, data.NumberOfOpticalPaths = 1, 1
    data.NumberOfFrames = tiles.shape[0] * tiles.shape[1]
    data.DimensionOrganizationType = "TILED_FULL"
    data.SamplesPerPixel, data.PhotometricInterpretation = 3, "RGB"
    data.PlanarConfiguration, data.PixelRepresentation = 0, 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.ImagedVolumeWidth = columns * um_per_pixel / 1000
    data.ImagedVolumeHeight = rows * um_per_pixel / 1000
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [um_per_pixel / 1000] * 2
    shared.PixelMeasuresSequence = Sequence([measures])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    data.PixelData = tiles.tobytes()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    path = folder / "slide.dcm"
    data.save_as(path, enforce_file_format=True)
    return path
