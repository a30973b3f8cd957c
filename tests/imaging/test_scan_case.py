"""One patient's files put together: which CT belongs to which PET, and whose lesion is whose."""

import pytest
from scans_made import scan_files

from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_series import group_series
from imaging.methods.scan_case import ScanSeries, lesion_key, read_case
from studies.methods.problems import DataProblem


def groups(**changes):
    files = scan_files("P001", **changes)
    return group_series(read_dicom(data, name) for name, data in files.items())


@pytest.mark.parametrize(
    ("names", "same"),
    [
        (("GTV_Mass_PET", "GTV_Mass_CT"), True),
        (("Lesion 1", "lesion_1"), True),
        (("PET tumour", "CT-tumour"), True),
        (("Lesion 1", "Lesion 2"), False),
        (("CT", "PET"), False),
    ],
)
def test_lesion_key(names, same):
    first, second = (lesion_key(name) for name in names)
    assert (first == second) is same


def test_pet_and_ct_of_a_frame_of_reference_are_a_pair():
    case = read_case("P001", groups(), {})
    assert {series.modality for series in case.series} == {"PT", "CT"}
    [(pet, ct)] = case.pairs
    assert (pet, ct) == ("1.2.1.5", "1.2.1.6")
    assert case.rois[0].uptake.suv_max > 4


def test_pet_alone_has_uptake_and_a_notice():
    alone = {uid: group for uid, group in groups().items() if group[0].Modality != "CT"}
    case = read_case("P001", alone, {})
    assert not case.pairs
    assert [notice.code for notice in case.notices] == ["no_ct"]
    assert case.rois[0].uptake is not None


def test_localisers_are_left_out():
    with_localiser = groups()
    with_localiser["1.2.1.6"][3].ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    with pytest.raises(DataProblem, match="1 gaps"):
        read_case("P001", with_localiser, {})
    last = groups()
    last["1.2.1.6"][-1].ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    case = read_case("P001", last, {})
    assert "localisers" in case.notices[0].text


def test_region_drawn_on_ct_alone_is_measured_on_pet():
    files = groups()
    series = (
        files["1.2.1.7"][0]
        .ReferencedFrameOfReferenceSequence[0]
        .RTReferencedStudySequence[0]
        .RTReferencedSeriesSequence[0]
    )
    series.SeriesInstanceUID = "1.2.1.6"
    case = read_case("P001", files, {})
    [drawn] = case.rois
    assert drawn.series_uid == "1.2.1.6"
    assert [notice.code for notice in drawn.notices] == ["roi_of_ct"]
    assert drawn.uptake.suv_max > 4


def test_region_on_a_scan_stored_before():
    first = read_case("P001", groups(), {})
    known = {series.uid: series for series in first.series}
    later = {"1.2.1.7": groups()["1.2.1.7"]}
    case = read_case("P001", later, known)
    assert not case.series
    assert case.rois[0].uptake == first.rois[0].uptake
    assert isinstance(known["1.2.1.5"], ScanSeries)


def test_a_refused_scan_is_told_once_not_again_by_its_regions():
    with pytest.raises(DataProblem) as refused:
        read_case("P001", groups(pet_tags={"Units": "CPS"}), {})
    assert [p.where for p in refused.value.problems] == ["P001, PET: Units (0054,1001)"]
