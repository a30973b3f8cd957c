"""The lesions as DICOM RTSTRUCT (contours) or DICOM SEG (voxels), on the PET's slices."""

import io

import numpy as np
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationTypeValues,
    SegmentDescription,
)
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from skimage.measure import find_contours

from simulation.dicom import encode, slice_position
from simulation.headers import PET_CLASS, Acquisition, Subject, common_header
from simulation.images import PET_SPACING_MM

RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"


def write_rtstruct(subject: Subject, visit: Acquisition, lesions: np.ndarray) -> bytes:
    """One ROI per lesion; contours run midway between voxels inside and outside."""
    dataset = common_header(subject, visit)
    dataset.SOPClassUID = RTSTRUCT_CLASS
    dataset.SOPInstanceUID = subject.uid("RTSTRUCT", "instance")
    dataset.SeriesInstanceUID = subject.uid("RTSTRUCT")
    dataset.Modality = "RTSTRUCT"
    dataset.SeriesNumber = "3"
    dataset.InstanceNumber = "1"
    dataset.OperatorsName = ""
    dataset.SeriesDescription = "SIMULATED lesions"
    dataset.StructureSetLabel = "SIMULATED"
    dataset.StructureSetDate, dataset.StructureSetTime = dataset.StudyDate, dataset.StudyTime
    dataset.ApprovalStatus = "UNAPPROVED"
    numbers = range(1, int(lesions.max()) + 1)
    dataset.ReferencedFrameOfReferenceSequence = [_frame(subject, len(lesions))]
    dataset.StructureSetROISequence = [_roi(subject, number) for number in numbers]
    dataset.ROIContourSequence = [
        _contours(subject, visit, lesions == number, number) for number in numbers
    ]
    dataset.RTROIObservationsSequence = [_observation(number) for number in numbers]
    return encode(dataset)


def write_seg(subject: Subject, visit: Acquisition, lesions: np.ndarray, pet: list[bytes]) -> bytes:
    """One binary segment per lesion on the PET's own grid."""
    numbers = range(1, int(lesions.max()) + 1)
    segmentation = Segmentation(
        source_images=[dcmread(io.BytesIO(file)) for file in pet],
        pixel_array=np.stack([lesions == number for number in numbers], axis=-1),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_segment(number) for number in numbers],
        series_instance_uid=subject.uid("SEG"),
        series_number=3,
        sop_instance_uid=subject.uid("SEG", "instance"),
        instance_number=1,
        manufacturer="SIMULATED",
        manufacturer_model_name="SIMULATED",
        software_versions="SIMULATED",
        device_serial_number="0",
        series_description="SIMULATED lesions",
    )
    _settle(segmentation, subject, visit)
    return encode(segmentation)


def _settle(dataset: Dataset, subject: Subject, visit: Acquisition) -> None:
    """Replaces what highdicom takes from the clock and from chance."""
    day, time = f"{visit.scanned_at:%Y%m%d}", f"{visit.scanned_at:%H%M%S}"
    for keyword in ("ContentDate", "InstanceCreationDate", "SeriesDate"):
        if keyword in dataset:
            setattr(dataset, keyword, day)
    for keyword in ("ContentTime", "InstanceCreationTime", "SeriesTime"):
        if keyword in dataset:
            setattr(dataset, keyword, time)
    for item in dataset.get("ContributingEquipmentSequence", []):
        item.ContributionDateTime = day + time
    organisation = subject.uid("SEG", "dimensions")
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = organisation


def _segment(number: int) -> SegmentDescription:
    return SegmentDescription(
        segment_number=number,
        segment_label=f"Lesion {number}",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=SegmentAlgorithmTypeValues.MANUAL,
    )


def _frame(subject: Subject, slices: int) -> Dataset:
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = subject.uid("PT")
    series.ContourImageSequence = [_reference(subject, k) for k in range(slices)]
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = subject.uid("study")
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = subject.uid("frame")
    frame.RTReferencedStudySequence = [study]
    return frame


def _reference(subject: Subject, k: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = PET_CLASS
    item.ReferencedSOPInstanceUID = subject.uid("PT", k)
    return item


def _roi(subject: Subject, number: int) -> Dataset:
    item = Dataset()
    item.ROINumber = str(number)
    item.ReferencedFrameOfReferenceUID = subject.uid("frame")
    item.ROIName = f"Lesion {number}"
    item.ROIGenerationAlgorithm = "MANUAL"
    return item


def _observation(number: int) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = str(number)
    item.RTROIInterpretedType = "GTV"
    item.ROIInterpreter = ""
    return item


def _contours(subject: Subject, visit: Acquisition, mask: np.ndarray, number: int) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = ["255", "0", "0"] if number == 1 else ["255", "160", "0"]
    item.ReferencedROINumber = str(number)
    item.ContourSequence = [
        _contour(subject, k, outline, slice_position(visit, mask.shape, PET_SPACING_MM, k))
        for k in np.flatnonzero(mask.any(axis=(1, 2))).tolist()
        for outline in find_contours(np.pad(mask[k].astype(float), 1), 0.5)
    ]
    return item


def _contour(
    subject: Subject, k: int, outline: np.ndarray, corner: tuple[float, float, float]
) -> Dataset:
    rows, columns = outline[:-1].T - 1  # closed: the last point repeats the first; padded by one
    points = np.column_stack(
        [
            corner[0] + columns * PET_SPACING_MM[2],
            corner[1] + rows * PET_SPACING_MM[1],
            np.full(len(rows), corner[2]),
        ]
    )
    item = Dataset()
    item.ContourImageSequence = [_reference(subject, k)]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = str(len(points))
    item.ContourData = [f"{value:.2f}" for value in points.ravel()]
    return item
