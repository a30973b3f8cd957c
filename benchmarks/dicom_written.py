"""A PET/CT of a made-up patient as DICOM files, of any length, for benchmarks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PET_CLASS, CT_CLASS = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
LENGTH_MM = 900.0


def image_files(pseudonym: str, slices: int) -> Iterator[tuple[str, bytes]]:
    """CT of 512 x 512 and PET of 192 x 192 pixels, each of ``slices`` slices over 90 cm."""
    rng = np.random.default_rng(1)
    study, frame = generate_uid(), generate_uid()
    common = {"PatientID": pseudonym, "StudyInstanceUID": study, "FrameOfReferenceUID": frame,
              "StudyDate": "20250101", "SeriesDate": "20250101", "AcquisitionDate": "20250101",
              "SeriesTime": "110000", "AcquisitionTime": "110000"}  # fmt: skip
    for modality, sop, side, mm, tags in (
        ("CT", CT_CLASS, 512, 0.9766, {"RescaleSlope": 1.0, "RescaleIntercept": -1024.0}),
        ("PT", PET_CLASS, 192, 3.6458, pet_tags()),
    ):
        body = disc(side)
        series = {**common, **tags, "Modality": modality, "SeriesInstanceUID": generate_uid()}
        for z in range(slices):
            noise = rng.normal(0, 18, (side, side))
            pixels = (body * (1040 + noise)).clip(0).astype("<i2")
            yield f"{modality}/{z}.dcm", one_slice(sop, series, pixels, mm, z, slices)


def disc(side: int) -> NDArray[np.float64]:
    """1 inside a body, 0 in the air around it."""
    y, x = np.indices((side, side)) / (side - 1) * 2 - 1
    return ((x / 0.8) ** 2 + (y / 0.55) ** 2 <= 1).astype(float)


def pet_tags() -> dict[str, Any]:
    nuclide = Dataset()
    nuclide.RadionuclideTotalDose = 350e6
    nuclide.RadionuclideHalfLife = 6586.2
    nuclide.RadiopharmaceuticalStartDateTime = "20250101100000"
    return {
        "Units": "BQML", "DecayCorrection": "START", "CorrectedImage": ["ATTN", "DECY"],
        "PatientWeight": 70.0, "PatientSize": 1.75, "PatientSex": "F",
        "RadiopharmaceuticalInformationSequence": [nuclide],
        "RescaleSlope": 4.7, "RescaleIntercept": 0.0,
    }  # fmt: skip


def one_slice(
    sop: str, tags: dict[str, Any], pixels: NDArray[Any], mm: float, z: int, slices: int
) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = sop, meta.MediaStorageSOPInstanceUID
    for key, value in tags.items():
        setattr(made, key, value)
    rows, columns = pixels.shape
    made.ImagePositionPatient = [-columns * mm / 2, -rows * mm / 2, z * LENGTH_MM / slices]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [mm, mm], LENGTH_MM / slices
    made.InstanceNumber, made.Rows, made.Columns = z + 1, rows, columns
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 15, 1, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.PixelData = pixels.tobytes()
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
