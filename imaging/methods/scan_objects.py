"""A stored volume as DICOM slices again: a PET in SUV, a CT in HU."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset

from imaging.methods.roi_contours import ScanNames
from imaging.methods.roi_segmentation import slice_header
from imaging.methods.volume import Grid

WHOLE = 2**15 - 1  # the largest stored value
# What a stored header says and a slice may repeat; units and corrections are set here.
REPEATED = (
    "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "PatientPosition", "PatientWeight",
    "PatientSize", "PatientSex", "ReconstructionMethod", "AttenuationCorrectionMethod",
    "ScatterCorrectionMethod", "RandomsCorrectionMethod", "ReconstructionDiameter", "KVP",
    "ConvolutionKernel", "CorrectedImage", "DecayCorrection", "CountsSource",
)  # fmt: skip


def slice_object(
    array: NDArray[np.float32], z: int, grid: Grid, names: ScanNames, header: Mapping[str, Any]
) -> FileDataset:
    """One slice as a derived PET or CT object.

    A CT's HU are stored as they are. A PET's SUV are stored as 16-bit numbers with a slope of the
    slice's own, units GML, type BW: read back, each differs by half a slope at most, which is
    1/65,534 of the slice's highest SUV.

    Parameters
    ----------
    array : array (rows, columns)
        SUV by body weight in g/mL, or HU.
    z : place of the slice along the grid
    header : what is kept of the scan's own header, by keyword

    References
    ----------
    DICOM PS3.3 A.3 (CT Image IOD), A.21 (PET Image IOD), C.8.9.1 (PET Series).
    """
    made = slice_header(grid, names, z)
    for keyword in REPEATED:
        if header.get(keyword) not in (None, "", []):
            setattr(made, keyword, header[keyword])
    made.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    made.SeriesDescription = f"{names.modality} as stored"
    made.SeriesNumber, made.AcquisitionNumber = 1, 1
    values = _stored_suv(made, array) if names.modality == "PT" else _stored_hu(made, array)
    made.PixelData = values.astype("<i2").tobytes()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def _stored_suv(made: Dataset, array: NDArray[np.float32]) -> NDArray:
    highest = float(np.abs(array).max())
    slope = float(f"{highest / WHOLE * (1 + 1e-9):.10g}") or 1.0  # a decimal string's digits
    made.Units, made.SUVType, made.RescaleIntercept = "GML", "BW", 0
    if made.get("DecayCorrection") == "NONE":  # the SUV is corrected where the scan was not
        made.DecayCorrection = "ADMIN"
        made.CorrectedImage = [*(made.get("CorrectedImage") or []), "DECY"]
    made.RescaleSlope = f"{slope:.10g}"
    made.PatientIdentityRemoved = "YES"
    return np.clip(np.rint(array.astype(np.float64) / slope), -WHOLE, WHOLE)


def _stored_hu(made: Dataset, array: NDArray[np.float32]) -> NDArray:
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "HU"
    made.PatientIdentityRemoved = "YES"
    return np.clip(np.rint(array), -WHOLE - 1, WHOLE)


def object_bytes(made: Dataset) -> bytes:
    """An object as a file."""
    buffer = BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
