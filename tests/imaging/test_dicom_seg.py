"""Segmentations written by highdicom, read back onto the scan's grid."""

import warnings

import highdicom
import numpy as np
import pytest
from dicom_made import as_bytes, image_series
from pydicom.sr.codedict import codes

from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_seg import read_seg, referenced_series
from imaging.methods.dicom_series import read_series
from studies.methods.problems import DataProblem

SHAPE = (5, 6, 7)
TAGS = {
    "StudyID": "1",
    "StudyTime": "100000",
    "PatientName": "",
    "PatientBirthDate": "",
    "PatientSex": "",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
    "StudyInstanceUID": "1.2.3",
    "PositionReferenceIndicator": "",
}


def scan(**changes):
    return image_series(np.zeros(SHAPE, int), **(TAGS | changes))


def masks():
    first, second = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    first[1:3, 2:5, 1:4] = True
    second[4, 0, 6] = True
    return first, second


def segmentation(slices, kind="BINARY"):
    stacked = np.stack(masks(), axis=-1)
    descriptions = [
        highdicom.seg.SegmentDescription(
            segment_number=n,
            segment_label=label,
            algorithm_type="MANUAL",
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
        )
        for n, label in ((1, "lesion_1"), (2, "lesion_2"))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = highdicom.seg.Segmentation(
            source_images=slices,
            pixel_array=stacked.astype(np.uint8 if kind == "BINARY" else np.float32),
            segmentation_type=kind,
            segment_descriptions=descriptions,
            series_instance_uid="1.2.50",
            series_number=1,
            sop_instance_uid="1.2.51",
            instance_number=1,
            manufacturer="test",
            manufacturer_model_name="test",
            software_versions="1",
            device_serial_number="1",
        )
        return read_dicom(as_bytes(made), "seg.dcm")


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_segments_come_back_as_highdicom_wrote_them(kind):
    slices = scan()
    grid = read_series(slices, "ct").volume.grid
    made = segmentation(slices, kind)
    rois = read_seg(made, grid, "seg")
    for roi, expected in zip(rois, masks(), strict=True):
        assert np.array_equal(roi.mask.array, expected)
    assert [roi.name for roi in rois] == ["lesion_1", "lesion_2"]
    assert referenced_series(made) == (slices[0].SeriesInstanceUID,)


def test_one_segment_by_label():
    slices = scan()
    [roi] = read_seg(
        segmentation(slices), read_series(slices, "ct").volume.grid, "seg", ["lesion_2"]
    )
    assert roi.mask.array.sum() == 1
    with pytest.raises(DataProblem, match="the segments lesion_1, lesion_2; expected liver"):
        read_seg(segmentation(slices), roi.mask.grid, "seg", ["liver"])


@pytest.mark.parametrize(
    "changes",
    [
        {"spacing": (2.5, 2.0, 3.0)},
        {"origin": (1.0, 0.0, 0.0)},
        {"origin": (0.0, 0.0, 1.0)},
        {"origin": (0.0, 0.0, 300.0)},
    ],
)
def test_segmentation_of_another_grid_is_refused(changes):
    made = segmentation(scan())
    with pytest.raises(DataProblem, match="the scan's grid"):
        read_seg(made, read_series(scan(**changes), "ct").volume.grid, "seg")


def test_other_kinds_are_refused():
    made = segmentation(scan())
    made.SegmentationType = "LABELMAP"
    with pytest.raises(DataProblem, match="LABELMAP"):
        read_seg(made, read_series(scan(), "ct").volume.grid, "seg")
