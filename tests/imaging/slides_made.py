"""Slides with known cells, written as the tiled pyramids that scanners write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
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
