"""A zip of DICOM becomes volumes, SUV, regions and uptake, or a list of problems and nothing."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
from scans_made import PET, enrolled, handed_in, scan_files, zipped

from imaging.models import DicomStudy, PetCtPair, Roi, RoiChoice, Series, Uptake
from imaging.selectors import chosen_rois, uptake_of
from imaging.selectors.arrivals import file_counts
from imaging.services import scans_import
from imaging.storage import read_volume
from studies.models import FileUse, Lesion, StoredFile
from studies.services import file_read
from studies.storage import storage

pytestmark = pytest.mark.usefixtures("in_chinese")

TWO = {"Lesion 1": (-12.0, 0.0, 2.0, 5.0), "Lesion 2": (10.0, 0.0, 2.0, 9.0)}


def where(batch):
    return " | ".join(f"{p['where']}: {p['found']}" for p in batch.problems)


def nothing_written():
    tables = (DicomStudy, Series, PetCtPair, Roi, RoiChoice, Uptake, Lesion)
    return (
        not any(table.objects.exists() for table in tables)
        and not StoredFile.objects.exclude(kind__startswith="upload").exists()
    )


def test_a_zip_becomes_suv_regions_and_uptake(as_coordinator):
    patient = enrolled(as_coordinator, "P001")
    batch = handed_in(as_coordinator, zipped(scan_files("P001", lesions=TWO)))
    assert batch.state == "ready", where(batch)
    assert batch.summary == {"patients": 1, "series": 2, "regions": 2, "same": 0}
    pet = Series.objects.get(modality="PT")
    volume = read_volume(file_read(pet.volume))
    assert volume.grid == PET
    assert volume.array[0, 0, 0] == pytest.approx(5 * 1000 * 70_000 / 350e6, rel=0.15)
    tags = [step["tag"] for step in pet.suv_working]
    assert "(0010,1030)" in tags
    assert "(0018,1074)" in tags
    pair = PetCtPair.objects.get()
    assert (pair.timing, pair.days_before_treatment) == ("baseline", 14)
    assert chosen_rois(as_coordinator.study)[patient.pk].name == "Lesion 2"
    assert Lesion.objects.get(is_target=True).number == 2
    uptake = uptake_of(as_coordinator.study)[patient.pk]
    assert uptake["suv_max"] == pytest.approx(5.5, rel=0.15)
    assert 0 < uptake["mtv_41_percent_ml"] <= uptake["volume_ml"]


def test_stored_bytes_name_nobody_and_the_upload_is_dropped(as_coordinator):
    enrolled(as_coordinator, "P001")
    data = zipped(scan_files("P001"))
    batch = handed_in(as_coordinator, data)
    batch.file.refresh_from_db()
    assert batch.file.bytes_dropped_at is not None
    assert not storage().exists(as_coordinator.study.uid, batch.file.sha256)
    for stored in StoredFile.objects.filter(kind__in=["volume", "mask"]):
        assert stored.uses.exists()
        assert "P001" not in stored.name
    assert FileUse.objects.filter(patient_id__isnull=False).count() == 3
    header = str(Series.objects.values_list("header", flat=True))
    assert "P001" not in header
    assert handed_in(as_coordinator, data) == batch
    assert not storage().exists(as_coordinator.study.uid, batch.file.sha256), "nor kept again"


def test_the_same_files_again_change_nothing(as_coordinator):
    enrolled(as_coordinator, "P001")
    files = scan_files("P001")
    handed_in(as_coordinator, zipped(files))
    renamed = {f"other/{i}": data for i, data in enumerate(reversed(files.values()))}
    batch = handed_in(as_coordinator, zipped(renamed), "again.zip")
    assert batch.state == "ready", where(batch)
    assert batch.summary == {"patients": 1, "series": 0, "regions": 0, "same": 3}
    assert (Series.objects.count(), Roi.objects.count(), Uptake.objects.count()) == (2, 1, 1)


def test_a_series_with_other_content_is_refused(as_coordinator):
    enrolled(as_coordinator, "P001")
    handed_in(as_coordinator, zipped(scan_files("P001")))
    changed = scan_files("P001", pet_tags={"PatientWeight": 71.0})
    batch = handed_in(as_coordinator, zipped(changed), "changed.zip")
    assert batch.state == "failed"
    assert "stored already, with other content" in where(batch)
    assert Series.objects.count() == 2


def test_a_contour_drawn_anew_supersedes_the_first(as_coordinator):
    patient = enrolled(as_coordinator, "P001")
    files = scan_files("P001")
    handed_in(as_coordinator, zipped(files))
    larger = scan_files("P001", lesions={"Lesion 1": (0.0, 0.0, 0.0, 13.0)})["P001/RS.dcm"]
    batch = handed_in(as_coordinator, zipped({"RS.dcm": larger}), "drawn_anew.zip")
    assert batch.state == "ready", where(batch)
    first, second = Roi.objects.order_by("id")
    assert second.supersedes == first
    assert second.lesion == first.lesion
    assert chosen_rois(as_coordinator.study)[patient.pk] == second


@pytest.mark.parametrize(
    ("started", "timing", "chosen"),
    [
        ("2025-01-01", "baseline", True),
        ("2025-02-12", "baseline", True),
        ("2025-02-13", "earlier", False),
        ("2024-12-31", "followup", False),
        (None, "unknown", False),
    ],
)
def test_only_a_baseline_scan_speaks_for_the_patient(as_coordinator, started, timing, chosen):
    enrolled(as_coordinator, "P001", started)
    assert handed_in(as_coordinator, zipped(scan_files("P001"))).state == "ready"
    assert PetCtPair.objects.get().timing == timing
    assert RoiChoice.objects.exists() is chosen


def _garbled(files):
    return files | {"P001/PT/3.dcm": files["P001/PT/3.dcm"][:700]}


def _without_slice(files):
    return {name: data for name, data in files.items() if name != "P001/PT/5.dcm"}


def _without_scan(files):
    return {name: data for name, data in files.items() if "/PT/" not in name}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            lambda: scan_files("P001", pet_tags={"PatientWeight": None}),
            "P001, PET: PatientWeight (0010,1030): nothing",
        ),
        (lambda: scan_files("P001", pet_tags={"Units": "CPS"}), "Units (0054,1001): CPS"),
        (lambda: scan_files("P009"), "PatientID (0010,0020): P009"),
        (lambda: scan_files("P001", lesions={"Lesion 1": (0, 0, 400.0, 9)}), "lies on no slice"),
        (lambda: scan_files("P001", lesions={"Lesion 1": (400.0, 0, 0, 9)}), "outside the slice"),
        (lambda: scan_files("P001", lesions={"tiny": (0.9, 0.9, 0.0, 0.1)}), "an empty mask"),
        (lambda: _without_slice(scan_files("P001")), "1 gaps"),
        (lambda: _without_scan(scan_files("P001")), "SeriesInstanceUID (0020,000E) of the scan"),
        (lambda: _garbled(scan_files("P001")), "P001/PT/3.dcm"),
        (lambda: {"readme.txt": b"hello"}, "1 files, none of PET"),
    ],
)
def test_bad_input_is_a_problem_list_and_nothing_is_written(as_coordinator, files, says):
    enrolled(as_coordinator, "P001")
    batch = handed_in(as_coordinator, zipped(files()))
    assert batch.state == "failed"
    assert says in where(batch)
    assert nothing_written()
    assert storage().exists(as_coordinator.study.uid, batch.file.sha256)


def test_a_bad_visit_waits_with_its_reasons_and_the_others_go_in(as_coordinator):
    for pseudonym in ("P001", "P002", "P003"):
        enrolled(as_coordinator, pseudonym)
    files = (
        scan_files("P001", 1)
        | scan_files("P002", 2, pet_tags={"PatientWeight": 0.0})
        | scan_files("P003", 3, pet_tags={"CorrectedImage": ["DECY"]})
        | scan_files("P004", 4)
        | {"readme.txt": b"hello"}
    )
    batch = handed_in(as_coordinator, zipped(files))
    assert batch.state == "ready"
    assert [p["where"].split(",")[0].split(":")[0] for p in batch.problems] == [
        "P002",
        "P003",
        "petct.zip",
    ]
    assert batch.summary == {
        "patients": 1, "series": 2, "regions": 1, "same": 0,
        "refused": 2, "held": 4, "quarantined": 3,
    }  # fmt: skip
    assert set(Series.objects.values_list("patient__pseudonym", flat=True)) == {"P001"}
    assert storage().exists(as_coordinator.study.uid, batch.file.sha256), "kept for what waits"
    counted = file_counts(batch.arrived_files.all())
    assert sum(counted.values()) == len(files), "every file has a state"
    assert counted["left_out"] == 1
    assert batch.arrived_files.filter(state="refused", reason__contains="PatientWeight").exists()
    assert handed_in(as_coordinator, zipped(files)) == batch
    assert storage().exists(as_coordinator.study.uid, batch.file.sha256)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not a zip at all", "no zip"),
        (zipped({"P001/a.dcm": b"x" * 500})[:-30], "no zip"),
        (zipped({"../../etc/passwd": b"x"}), "points outside"),
        (zipped({}), "an empty archive"),
    ],
)
def test_bad_archives_are_refused(as_coordinator, data, says):
    batch = handed_in(as_coordinator, data)
    assert batch.state == "failed"
    assert says in where(batch)


def test_a_bomb_is_refused_before_it_is_unpacked(as_coordinator):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.dcm", np.zeros(20_000_000, np.uint8).tobytes())
    batch = handed_in(as_coordinator, buffer.getvalue())
    assert "times its size" in where(batch)


def test_a_colleague_of_another_site_cannot_reach_the_patient(as_coordinator, people):
    enrolled(people, "P001", site=people.here)
    rows = Series.objects.visible_to(people.colleague)
    handed_in(people, zipped(scan_files("P001")))
    assert not rows.exists()
    assert Series.objects.visible_to(people.coordinator).count() == 2


def test_a_killed_attempt_is_not_written_twice(as_coordinator):
    enrolled(as_coordinator, "P001")
    batch = handed_in(as_coordinator, zipped(scan_files("P001")))
    summary = dict(batch.summary)
    batch.mark_running()
    assert scans_import(batch) == summary
    assert not storage().exists(as_coordinator.study.uid, batch.file.sha256)
    assert batch.state == "ready"
    assert Series.objects.count() == 2
