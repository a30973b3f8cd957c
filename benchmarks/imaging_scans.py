"""Scans made for the imaging benchmarks: a PET and a CT of real size with one lesion."""

import io
from functools import cache

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from imaging.methods.volume import Grid, Volume
from imaging.storage import volume_bytes

SLICES = 150
PET = Grid((168, 168, SLICES), (-340.0, -340.0, -220.0), (4.07, 4.07, 3.0))
CT = Grid((512, 512, SLICES), (-250.0, -250.0, -220.0), (0.977, 0.977, 3.0))
CLASSES = {"PT": "1.2.840.10008.5.1.4.1.1.128", "CT": "1.2.840.10008.5.1.4.1.1.2"}
CENTRE, RADIUS_MM = (10.0, 20.0, 0.0), 18.0


@cache
def voxels(modality: str) -> np.ndarray:
    """Stored values (z, y, x): noise of a scan, and a lesion."""
    grid = PET if modality == "PT" else CT
    rng = np.random.default_rng(1)
    if modality == "PT":
        array = rng.gamma(2, 400, grid.shape)
    else:
        array = rng.normal(40, 30, grid.shape)
        y, x = (np.linspace(-1, 1, n) for n in grid.shape[1:])
        array[:, y[:, None] ** 2 / 0.5 + x**2 / 0.8 > 1] = -1000  # air around the body
    array[_ball(grid)] += 9000 if modality == "PT" else -40
    return array.astype("<i2")


def _ball(grid: Grid) -> np.ndarray:
    z, y, x = (np.arange(n) for n in grid.shape)
    points = [
        grid.origin[i] + axis * grid.spacing[i] - CENTRE[i] for i, axis in enumerate((x, y, z))
    ]
    squared = points[2][:, None, None] ** 2 + points[1][:, None] ** 2 + points[0] ** 2
    return squared <= RADIUS_MM**2


def lesion() -> Volume:
    return Volume(_ball(PET), PET)


def stored() -> tuple[bytes, bytes, bytes]:
    """PET in SUV, CT in HU and the mask as the product keeps them."""
    suv = (voxels("PT") * 0.0004).astype(np.float32)
    ct = voxels("CT").astype(np.float32)
    return volume_bytes(Volume(suv, PET)), volume_bytes(Volume(ct, CT)), volume_bytes(lesion())


@cache
def scan_bytes(modality: str) -> list[bytes]:
    """The series as DICOM files."""
    grid, uid = (PET if modality == "PT" else CT), generate_uid()
    return [_slice(modality, grid, uid, z) for z in range(grid.size[2])]


def _slice(modality: str, grid: Grid, series_uid: str, z: int) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CLASSES[modality], ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset("", {}, b"\0" * 128, meta)
    made.SOPClassUID, made.SOPInstanceUID = CLASSES[modality], meta.MediaStorageSOPInstanceUID
    made.SeriesInstanceUID, made.StudyInstanceUID = series_uid, "1.2.3"
    made.FrameOfReferenceUID, made.PatientID, made.Modality = "1.2.3.4", "P001", modality
    made.PatientName, made.PatientBirthDate, made.PatientSex = "A^B", "19500101", "M"
    made.PatientWeight, made.PatientSize, made.InstitutionName = 70, 1.75, "Hospital"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = "20250101"
    made.SeriesTime = made.AcquisitionTime = "110000"
    made.ImagePositionPatient = [*grid.origin[:2], grid.origin[2] + z * grid.spacing[2]]
    made.ImageOrientationPatient, made.SliceThickness = [1, 0, 0, 0, 1, 0], grid.spacing[2]
    made.PixelSpacing, made.InstanceNumber = list(grid.spacing[:2]), z + 1
    made.Rows, made.Columns = grid.size[1], grid.size[0]
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 15, 1, 1
    made.PhotometricInterpretation, made.RescaleIntercept = "MONOCHROME2", 0
    made.RescaleSlope = 2.5 if modality == "PT" else 1
    if modality == "PT":
        made.Units, made.DecayCorrection, made.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
        made.ActualFrameDuration, made.FrameReferenceTime = 180000, 90000
        dose = Dataset()
        dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = 350e6, 6586.2
        dose.RadiopharmaceuticalStartDateTime = "20250101100000"
        made.RadiopharmaceuticalInformationSequence = [dose]
    made.PixelData = voxels(modality)[z].tobytes()
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
