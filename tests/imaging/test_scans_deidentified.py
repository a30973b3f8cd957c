"""What of a scan's names and dates is stored, who may read the way back, and a re-run."""

import json

import pytest
from django.urls import reverse
from scans_made import enrolled, handed_in, scan_files, zipped

from imaging.models import DicomStudy, Series, UidMap, UidSecret
from imaging.services import scans_deidentify
from studies.access import acting_as
from studies.models import DeidentificationKey

GIVEN = {"1.2.1.3", "1.2.1.4", "1.2.1.5", "1.2.1.6"}


@pytest.fixture
def taken_in(as_coordinator):
    enrolled(as_coordinator, "P001")
    start = {"DecayCorrection": "START"}
    files = scan_files("P001", pet_tags=start)
    assert handed_in(as_coordinator, zipped(files)).state == "ready"
    return as_coordinator


def stored_uids():
    series = Series.objects.values_list("series_uid", "frame_of_reference_uid")
    visits = DicomStudy.objects.values_list("dicom_study_uid", flat=True)
    return {uid for row in series for uid in row} | set(visits)


def test_given_uids_and_days_are_kept_apart(taken_in):
    assert len(stored_uids()) == 4
    assert all(uid.startswith("2.25.") for uid in stored_uids())
    maps = UidMap.objects.all()
    kept = {uid for m in maps for uid in (m.study_uid, m.series_uid, m.frame_of_reference_uid)}
    assert kept == GIVEN
    pet = Series.objects.get(modality="PT")
    assert len(set(pet.instance_uids)) == len(set(pet.uid_map.instance_uids)) == 14
    working = json.dumps(pet.suv_working)
    assert "2025-01-01" not in working
    assert "10:00:00" in working
    assert str(DicomStudy.objects.get().scanned_on) == "2025-01-01"
    outcomes = {c["name"]: o for o in ("removed", "replaced", "kept")
                for c in pet.deidentification[o]}  # fmt: skip
    assert outcomes["SeriesInstanceUID"] == "replaced"
    assert outcomes["PatientWeight"] == "kept"
    with acting_as(taken_in.statistician):
        assert Series.objects.count() == 2
        for table in (UidMap, UidSecret, DeidentificationKey):
            assert not table.objects.exists(), table


def test_a_rerun_brings_old_rows_under_the_rules_and_then_changes_nothing(taken_in):
    now = stored_uids()
    pet = Series.objects.get(modality="PT")
    working = pet.suv_working
    old = {"PT": "1.2.1.5", "CT": "1.2.1.6"}
    UidMap.objects.all().delete()
    DicomStudy.objects.update(dicom_study_uid="1.2.1.3")
    for row in Series.objects.all():
        row.series_uid, row.frame_of_reference_uid = old[row.modality], "1.2.1.4"
        row.deidentification = {}
        row.save()
    days = DeidentificationKey.objects.get().date_offset_days
    assert scans_deidentify(taken_in.study) == {"series": 2, "changed": 2}
    assert stored_uids() == now
    pet.refresh_from_db()
    assert pet.suv_working != working, "the dates moved once more, as these were moved before"
    assert days < -300
    assert UidMap.objects.get(series=pet).series_uid == "1.2.1.5"
    assert scans_deidentify(taken_in.study) == {"series": 2, "changed": 0}


def test_the_scan_page_shows_quality_and_report_and_the_way_back_to_few(taken_in, client):
    pet = Series.objects.get(modality="PT")
    page = reverse("imaging:scan", args=[taken_in.study.uid, pet.uid])
    client.force_login(taken_in.coordinator)
    shown = client.get(page).content.decode()
    for text in ("Quality control", "Uptake time", "60 min", "De-identification", "1.2.1.5",
                 "Dates moved by"):  # fmt: skip
        assert text in shown
    client.force_login(taken_in.statistician)
    shown = client.get(page).content.decode()
    assert "attributes replaced" in shown
    assert "1.2.1.5" not in shown
    listed = client.get(reverse("imaging:scans", args=[taken_in.study.uid])).content.decode()
    assert "Pass</span>" in listed
    answer = client.get(f"/api/v1/studies/{taken_in.study.uid}/series/?modality=PT").json()
    assert answer["results"][0]["quality_state"] == "pass"
    names = {check["name"] for check in answer["results"][0]["quality"]}
    assert {"slices", "gaps", "units", "corrections", "uptake time"} <= names
