"""Small DICOM objects as tests need them: an image series, contours, a segmentation."""

import io

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PET_CLASS, CT_CLASS = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
STRUCTURES_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"


def _file(sop_class, **values):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    for key, value in values.items():
        if value is not None:
            setattr(made, key, value)
    return made


def image_series(
    array,
    modality="CT",
    spacing=(2.0, 2.0, 3.0),
    origin=(0.0, 0.0, 0.0),
    series_uid=None,
    slope=1.0,
    intercept=0.0,
    **tags,
):
    """Slices of an integer array (z, y, x); further tags are set on each slice."""
    uid, frame = series_uid or generate_uid(), tags.pop("FrameOfReferenceUID", "1.2.3.4")
    common = {
        "PatientID": "P001",
        "StudyInstanceUID": "1.2.3",
        "StudyDate": "20250101",
        "SeriesDate": "20250101",
        "FrameOfReferenceUID": frame,
    } | tags
    slices = []
    for z, values in enumerate(array):
        made = _file(
            PET_CLASS if modality == "PT" else CT_CLASS,
            Modality=modality,
            SeriesInstanceUID=uid,
            **common,
        )
        made.ImagePositionPatient = [origin[0], origin[1], origin[2] + z * spacing[2]]
        made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        made.PixelSpacing, made.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        made.InstanceNumber = z + 1
        made.Rows, made.Columns = values.shape
        made.BitsAllocated = made.BitsStored = 16
        made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 15, 1, 1
        made.PhotometricInterpretation = "MONOCHROME2"
        made.RescaleSlope, made.RescaleIntercept = slope, intercept
        made.PixelData = np.ascontiguousarray(values, "<i2").tobytes()
        slices.append(made)
    return slices


def structures(contours, series_uid="1.2.9", **tags):
    """An RTSTRUCT of {name: [(n, 3) points in mm, ...]}."""
    made = _file(
        STRUCTURES_CLASS,
        Modality="RTSTRUCT",
        SeriesInstanceUID=generate_uid(),
        StructureSetROISequence=[],
        ROIContourSequence=[],
        **({"PatientID": "P001", "StudyInstanceUID": "1.2.3"} | tags),
    )
    for number, (name, polygons) in enumerate(contours.items(), start=1):
        roi, item = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = number, name, "MANUAL"
        item.ReferencedROINumber, item.ContourSequence = number, []
        for points in polygons:
            contour = Dataset()
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(points)
            contour.ContourData = np.round(np.ravel(points), 4).tolist()
            item.ContourSequence.append(contour)
        made.StructureSetROISequence.append(roi)
        made.ROIContourSequence.append(item)
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = series_uid
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = "1.2.3.4"
    frame.RTReferencedStudySequence = [study]
    made.ReferencedFrameOfReferenceSequence = [frame]
    return made


def as_bytes(dataset):
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
