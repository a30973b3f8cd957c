"""De-identification: nothing that names the patient stays, every SUV does."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from dicom_made import as_bytes, image_series, structures
from django.core.management import call_command
from pet_headers import DEFAULTS, NUCLIDE, dataset
from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from scans_made import square

from imaging.methods.deidentification import Identity, deidentify, mapped_uid
from imaging.methods.deidentification_report import SUV_SAME, compare_suv
from imaging.methods.deidentification_table import ACTIONS, BIRTH, DUMMY, KEPT, MAP
from imaging.methods.dicom_file import read_dicom
from studies.methods.problems import DataProblem

DAYS = -1234
SECRETS = (
    "Grünwald",
    "Gruenwald",
    "HOSP-4711",
    "19570313",
    "St. Elsewhere",
    "Kowalski",
    "20250101",
)
OBJECTS = ("0_0", "1_0", "2_0", "2_4", "3_0", "4_1")


def identity():
    return Identity("P007", DAYS, lambda uid: mapped_uid(b"secret", uid))


@pytest.mark.parametrize("name", OBJECTS)
def test_suv_before_is_suv_after_on_every_reference_object(reference_object, name):
    before, _ = reference_object(name)
    after = [deidentify(slice_, identity())[0] for slice_ in before]
    assert compare_suv(before, after) == SUV_SAME
    assert {d.PixelData for d in before} == {d.PixelData for d in after}


def test_suv_before_is_suv_after_on_a_real_series(sarcoma):
    before, _ = sarcoma("STS_002", "PET")
    after = [deidentify(slice_, identity())[0] for slice_ in before]
    assert compare_suv(before, after) == SUV_SAME


def pet(change=None, **tags):
    header = {k: v for k, v in DEFAULTS.items() if not k.startswith("Rescale")}
    nuclide = dataset(NUCLIDE)
    [slice_, *_] = image_series(
        np.arange(24).reshape(2, 3, 4), "PT", slope=5.0,
        RadiopharmaceuticalInformationSequence=[nuclide],
        PatientName="Gruenwald^Eva", PatientBirthDate="19570313", PatientAge="091Y",
        InstitutionName="St. Elsewhere", ReferringPhysicianName="Kowalski^Jan",
        SeriesDescription="PET Gruenwald", AccessionNumber="HOSP-4711", StationName="St. Elsewhere",
        BodyPartExamined="HOSP-4711", PhysiciansOfRecord="Kowalski^Jan",
        AcquisitionComments="Gruenwald came late", DateOfLastCalibration="20250101",
        **(header | {"PatientID": "HOSP-4711"} | tags),
    )  # fmt: skip
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepStartDate = "1", "20250101"
    slice_.RequestAttributesSequence = [request]
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "1", "SRT", "Kowalski"
    region.PersonName, region.InstitutionName = "Kowalski", "St. Elsewhere"
    slice_.AnatomicRegionSequence = [region]
    slice_.add_new(0x60003000, "OW", b"Gruenwald ")
    slice_.private_block(0x0019, "ACME", create=True).add_new(1, "LO", "Gruenwald")
    if change:
        change(slice_)
    return slice_


def ge_and_philips(slice_):
    slice_.DecayCorrection, slice_.SeriesTime, slice_.Units = "START", "123000", "CNTS"
    ge = slice_.private_block(0x0009, "GEMS_PETD_01", create=True)
    ge.add_new(0x0D, "DT", "20250101110000.00")
    ge.add_new(0x0E, "DT", "20250101110500.00")
    slice_.private_block(0x7053, "Philips PET Private Group", create=True).add_new(9, "DS", "2.5")


@pytest.mark.parametrize("change", [None, ge_and_philips])
def test_nothing_names_the_patient_and_the_suv_stays(change):
    before = pet(change)
    after, changes = deidentify(before, identity())
    assert compare_suv([before], [after]) == SUV_SAME
    written = as_bytes(after)
    for secret in SECRETS:
        assert secret.encode() not in written, secret
    again = read_dicom(written, "file")
    assert (again.PatientID, again.PatientName, again.PatientAge) == ("P007", "P007", "090Y")
    assert again.PatientIdentityRemoved == "YES"
    nuclide = again.RadiopharmaceuticalInformationSequence[0]
    assert nuclide.RadiopharmaceuticalStartDateTime == "20210816100000"
    assert again.AcquisitionDate == again.SeriesDate == again.DateOfLastCalibration == "20210816"
    assert again.AcquisitionTime == before.AcquisitionTime
    private = [element.tag for element in again if element.tag.is_private]
    if change:
        assert again[0x0009, 0x100D].value == "20210816110000.00"
        assert len(private) == 4
    else:
        assert not private
    told = {(c.tag, c.outcome) for c in changes}
    assert ("(0054,0016) > (0018,1078)", "replaced") in told
    assert ("(0010,1030)", "kept") in told
    assert ("(6000,3000)", "removed") in told
    assert ("(0019,1001)", "removed") in told


def test_the_original_is_left_as_it_was():
    before = pet()
    copy = as_bytes(before)
    deidentify(before, identity())
    assert as_bytes(before) == copy


VALUES = {"UI": "1.2.3.4", "DA": "20250101", "DT": "20250101120000", "TM": "120000", "AS": "040Y",
          "DS": "1.5", "IS": "7", "PN": "Kowalski^Jan", "SQ": [Dataset()], "US": 7, "UL": 7,
          "FL": 1.5, "FD": 1.5, "OB": b"12", "OW": b"12", "OF": b"1234", "UN": b"12",
          "AT": 0x00100010}  # fmt: skip


def test_every_attribute_of_the_table_is_dealt_with():
    """Table E.1-1: each attribute removed, emptied, replaced, or kept for a stated reason."""
    full = Dataset()
    for tag in ACTIONS:
        if Tag(tag).group > 0x0002:  # the file's meta information is written anew
            vr = dictionary_VR(tag) if dictionary_has_tag(tag) else "UN"
            full.add(DataElement(tag, vr, VALUES.get(vr, "Any")))
    after, changes = deidentify(full, identity())
    told = {change.tag for change in changes}
    left = {
        e.keyword for e in full
        if e.tag in after and after[e.tag].value == e.value and e.VR not in ("TM", "SQ")
    }  # fmt: skip
    assert left == {full[t].keyword for t in KEPT if t in full}
    assert {str(Tag(tag)) for tag in ACTIONS if Tag(tag).group > 2} <= told
    assert all(full[tag].VR != "TM" or tag in after for tag in full.keys() - BIRTH)
    mapped = [tag for tag, action in ACTIONS.items() if action == MAP and tag in full]
    assert all(after[tag].value == mapped_uid(b"secret", "1.2.3.4") for tag in mapped)
    assert after[0x30060002].value == "DEIDENTIFIED"
    assert ACTIONS[0x30060002] == DUMMY


def test_uids_agree_over_all_objects_of_a_patient():
    slices = image_series(np.zeros((2, 3, 4)), "PT")
    contour = [square((2, 2), 1, 0)]
    drawn = structures(
        {"Gruenwald met": contour, "Lesion 1": contour},
        slices[0].SeriesInstanceUID,
        PatientName="Gruenwald",
    )
    scan, _ = deidentify(slices[0], identity())
    after, _ = deidentify(drawn, identity())
    frame = after.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == scan.SeriesInstanceUID != slices[0].SeriesInstanceUID
    assert frame.FrameOfReferenceUID == scan.FrameOfReferenceUID
    assert [roi.ROIName for roi in after.StructureSetROISequence] == ["DEIDENTIFIED", "Lesion 1"]
    assert len(scan.SeriesInstanceUID) <= 64


def test_a_changed_suv_is_refused():
    before, after = pet(), deidentify(pet(), identity())[0]
    after.PatientWeight = 71
    with pytest.raises(DataProblem, match="SUV after de-identification"):
        compare_suv([before], [after])


@pytest.fixture
def exported(tmp_path):
    folder = tmp_path / "Gruenwald"
    folder.mkdir()
    (folder / "pet.dcm").write_bytes(as_bytes(pet()))
    (folder / "burned.dcm").write_bytes(as_bytes(pet(BurnedInAnnotation="YES")))
    (folder / "sr.dcm").write_bytes(as_bytes(pet(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")))
    (folder / "letter.txt").write_bytes(b"Dear Mrs Gruenwald")
    return folder


def test_a_shell_rerun_with_its_map_gives_the_same_files(exported, tmp_path):
    written = []
    for run in ("a", "b", "c"):
        key = tmp_path / ("map.json" if run < "c" else "other.json")
        report = tmp_path / f"{run}.json"
        call_command("deidentify", str(exported), str(tmp_path / run), report=report, map=key)
        written += [(tmp_path / run / "P0001/001_PT/00001.dcm").read_bytes()]
        said = json.loads(report.read_text())
        assert set(said["left_out"].values()) == {1}
        assert len(said["left_out"]) == 3
        assert said["series"][0]["suv"] == SUV_SAME
        assert "1 private attributes" in " ".join(said["series"][0]["warnings"])
        assert not any(secret in report.read_text() for secret in SECRETS)
    assert written[0] == written[1] != written[2]
    assert json.loads((tmp_path / "map.json").read_text())["patients"].keys() == {"HOSP-4711"}
    assert (tmp_path / "map.json").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is absent")
def test_dciodvfy_finds_no_new_errors(exported, sarcoma, tmp_path):
    slices, drawn = sarcoma("STS_002", "PET")
    for index, original in enumerate((slices[0], drawn, dcmread(exported / "pet.dcm"))):
        files = [tmp_path / f"{index}_{when}.dcm" for when in ("before", "after")]
        original.save_as(files[0], enforce_file_format=True)
        deidentify(original, identity())[0].save_as(files[1], enforce_file_format=True)
        before, after = (_errors(file) for file in files)
        assert after <= before, after - before


def _errors(file):
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
    lines = (said.stderr + said.stdout).splitlines()
    return {line.split("<")[0] + line[-20:] * ("Missing" in line)
            for line in lines if line.startswith("Error")}  # fmt: skip
