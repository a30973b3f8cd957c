"""A mask as the contours of an RTSTRUCT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from skimage.measure import find_contours

from imaging.methods.deidentification import mapped_uid
from imaging.methods.volume import Volume

STRUCTURES_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
IMAGE_CLASS = {"PT": "1.2.840.10008.5.1.4.1.1.128", "CT": "1.2.840.10008.5.1.4.1.1.2"}
STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
COLOURS = ((214, 64, 36), (36, 120, 214), (40, 160, 80), (200, 150, 20), (140, 70, 200))
DECIMALS = 4
MAKER = "Isotherm"


@dataclass(frozen=True)
class ScanNames:
    """By which names other systems know the scan a region stands on.

    Parameters
    ----------
    instance_uids : tuple of str
        Of the slices, in the order of the volume's z axis.
    """

    patient_id: str
    modality: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    instance_uids: tuple[str, ...]


@dataclass(frozen=True)
class NamedMask:
    """A region to export: name, mask, and how it was drawn (MANUAL, SEMIAUTOMATIC, AUTOMATIC)."""

    name: str
    mask: Volume
    drawn: str = ""


def slice_contours(mask: Volume) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Slice index and corners (n, 3) in mm of every closed contour.

    The contours run half-way between voxel centres inside and outside, holes as contours of their
    own, so that the voxels whose centres they hold are the mask's again.
    """
    for z in np.flatnonzero(mask.array.any(axis=(1, 2))):
        padded = np.pad(mask.array[z], 1).astype(float)
        for outline in find_contours(padded, 0.5, fully_connected="low"):
            row, column = (outline[:-1] - 1).T  # the last corner repeats the first
            corners = np.column_stack([column, row, np.full_like(row, z)])
            yield int(z), mask.grid.points_of(corners)


def write_rtstruct(masks: Sequence[NamedMask], names: ScanNames, uid_seed: str) -> Dataset:
    """An RT Structure Set of masks that stand on one scan.

    Parameters
    ----------
    masks : regions on the scan's grid
    names : ScanNames
    uid_seed : str
        What the object is made of: equal seeds give equal UIDs.

    References
    ----------
    DICOM PS3.3 A.19 (RT Structure Set IOD), C.8.8.5, C.8.8.6, C.8.8.8.
    """
    made = _file(uid_seed)
    made.PatientID = made.PatientName = names.patient_id
    made.PatientBirthDate = made.PatientSex = ""
    made.StudyInstanceUID, made.StudyDate, made.StudyTime = names.study_uid, "", ""
    made.ReferringPhysicianName = made.AccessionNumber = made.StudyID = ""
    made.Modality, made.SeriesNumber, made.OperatorsName = "RTSTRUCT", None, ""
    made.Manufacturer = MAKER
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = names.frame_of_reference_uid, ""
    made.StructureSetLabel, made.StructureSetDate, made.StructureSetTime = "Regions", "", ""
    made.ReferencedFrameOfReferenceSequence = [_frame(names)]
    made.StructureSetROISequence = []
    made.ROIContourSequence = []
    made.RTROIObservationsSequence = []
    for number, named in enumerate(masks, start=1):
        made.StructureSetROISequence.append(_roi(number, named, names))
        made.ROIContourSequence.append(_contours(number, named, names))
        made.RTROIObservationsSequence.append(_observation(number))
    return made


def _file(uid_seed: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(STRUCTURES_CLASS)
    meta.MediaStorageSOPInstanceUID = UID(mapped_uid(b"rtstruct", uid_seed))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, b"\0" * 128, meta)
    made.SOPClassUID, made.SOPInstanceUID = STRUCTURES_CLASS, meta.MediaStorageSOPInstanceUID
    made.SeriesInstanceUID = mapped_uid(b"rtstruct series", uid_seed)
    return made


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def _frame(names: ScanNames) -> Dataset:
    frame, series = Dataset(), Dataset()
    study = _reference(STUDY_CLASS, names.study_uid)
    series.SeriesInstanceUID = names.series_uid
    sop_class = IMAGE_CLASS[names.modality]
    series.ContourImageSequence = [_reference(sop_class, uid) for uid in names.instance_uids]
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = names.frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _roi(number: int, named: NamedMask, names: ScanNames) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName = number, named.name
    item.ReferencedFrameOfReferenceUID = names.frame_of_reference_uid
    item.ROIGenerationAlgorithm = named.drawn
    return item


def _contours(number: int, named: NamedMask, names: ScanNames) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber = number
    item.ROIDisplayColor = list(COLOURS[(number - 1) % len(COLOURS)])
    item.ContourSequence = []
    for z, corners in slice_contours(named.mask):
        contour = Dataset()
        contour.ContourImageSequence = [
            _reference(IMAGE_CLASS[names.modality], names.instance_uids[z])
        ]
        contour.ContourGeometricType = "CLOSED_PLANAR"
        contour.NumberOfContourPoints = len(corners)
        contour.ContourData = np.round(corners, DECIMALS).ravel().tolist()
        item.ContourSequence.append(contour)
    return item


def _observation(number: int) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = number
    item.RTROIInterpretedType, item.ROIInterpreter = "GTV", ""
    return item
