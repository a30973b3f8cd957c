"""Regions out of the product and back, two readers compared, scans that come as NIfTI."""

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from django.urls import reverse
from pet_headers import DEFAULTS, NUCLIDE
from scans_made import CT, PET, enrolled, handed_in, hot, scan_files, scanned_alone, zipped

from imaging.methods.dicom_file import read_dicom
from imaging.methods.geometry import estimate_dice
from imaging.methods.roi_files import FORMATS
from imaging.methods.rtstruct import referenced_series
from imaging.methods.suv_report import read_roi
from imaging.methods.volume import Volume, as_sitk
from imaging.models import PetCtPair, Roi, RoiAgreement, Series
from imaging.storage import read_volume
from studies.jobs import run_inline
from studies.services import batch_job, batch_receive, file_read
from tests.begun import begun_by


@pytest.fixture
@begun_by(scanned_alone)
def scanned(as_coordinator):
    return as_coordinator


def file_url(people, roi, kind):
    return reverse("imaging:region_file", args=[people.study.uid, roi.uid, kind])


def test_a_stored_region_is_downloaded_and_read_again(scanned, client):
    roi = Roi.objects.get()
    mask = read_volume(file_read(roi.mask))
    client.force_login(scanned.statistician)
    for kind, suffix in FORMATS.items():
        answer = client.get(file_url(scanned, roi, kind))
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        again = read_roi(answer.content, f"file{suffix}", mask.grid)
        assert estimate_dice(mask, again.mask) == 1.0
        api = f"/api/v1/studies/{scanned.study.uid}/regions/{roi.uid}/file/{kind}/"
        assert client.get(api).status_code == 200
    whole = reverse("imaging:scan_file", args=[scanned.study.uid, roi.series.uid, "seg"])
    assert client.get(whole).status_code == 200
    assert client.get(file_url(scanned, roi, "doc")).status_code == 404
    assert client.get(file_url(scanned, roi, "rtstruct") + "?uids=given").status_code == 403


def test_the_given_uids_are_for_those_who_see_identifiers(scanned, client):
    roi = Roi.objects.get()
    client.force_login(scanned.coordinator)
    plain = read_dicom(client.get(file_url(scanned, roi, "rtstruct")).content, "a")
    given = read_dicom(client.get(file_url(scanned, roi, "rtstruct") + "?uids=given").content, "b")
    assert referenced_series(plain) == (roi.series.series_uid,)
    assert referenced_series(given) == ("1.2.1.5",)
    assert given.StudyInstanceUID == "1.2.1.3"


def test_two_readers_of_one_lesion_are_compared(scanned, client):
    files = scan_files("P001", lesions={"Lesion 1": (3.0, 0.0, 0.0, 9.0)}, uids="")
    again = {"P001/RS.dcm": files["P001/RS.dcm"]}
    handed_in(scanned, zipped(again), "second.zip", options={"reader": "B"})
    assert Roi.objects.count() == 2
    found = RoiAgreement.objects.get()
    assert found.of_readers
    assert 0.5 < found.dice < 1
    assert found.shift_mm == pytest.approx(2, abs=0.5)
    assert found.hausdorff_mm >= found.hausdorff_95_mm >= found.mean_surface_mm > 0
    client.force_login(scanned.coordinator)
    page = reverse("imaging:scan", args=[scanned.study.uid, found.first.series.uid])
    assert "Drawings that agree" in client.get(page).content.decode()
    answer = client.get(f"/api/v1/studies/{scanned.study.uid}/region-agreements/").json()
    assert answer["results"][0]["dice"] == pytest.approx(found.dice)


def nifti(array, grid, tmp_path, name="image.nii.gz"):
    path = tmp_path / name
    sitk.WriteImage(as_sitk(Volume(array, grid)), str(path))
    return path.read_bytes()


@pytest.fixture
def nifti_files(tmp_path):
    """What scan_files makes, as NIfTI: PET in Bq/mL, CT in HU, the lesion as NRRD."""
    pet, ct = (np.full(grid.shape, value, np.float32) for grid, value in ((PET, 5000), (CT, 40)))
    lesion = hot(PET, (0.0, 0.0, 2.0), 9.0)
    pet[lesion] += 20_000
    header = {k: v for k, v in DEFAULTS.items() if not k.startswith("Rescale")}
    header |= {"Modality": "PT", "RadiopharmaceuticalInformationSequence": NUCLIDE}
    about_ct = {"Modality": "CT", "Units": "HU", "AcquisitionDate": "20250101"}
    return {
        "P001/pet.nii.gz": nifti(pet, PET, tmp_path),
        "P001/pet.json": json.dumps(header).encode(),
        "P001/ct.nii.gz": nifti(ct, CT, tmp_path),
        "P001/ct.json": json.dumps(about_ct).encode(),
        "P001/Lesion 1.nrrd": nifti(lesion, PET, tmp_path, "mask.nrrd"),
    }


def taken(people, files, name="nifti.zip"):
    batch = batch_receive(people.study, people.coordinator, "nifti_zip", zipped(files), name)
    job = batch_job(batch)
    if job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    return batch


def test_nifti_with_sidecars_becomes_suv_pair_and_uptake(as_coordinator, nifti_files):
    enrolled(as_coordinator, "P001")
    batch = taken(as_coordinator, nifti_files)
    assert batch.state == "ready", batch.problems
    assert batch.summary == {"patients": 1, "series": 2, "regions": 1, "same": 0}
    pet = Series.objects.get(modality="PT")
    volume = read_volume(file_read(pet.volume))
    assert volume.array[0, 0, 0] == pytest.approx(5000 * 70_000 / 350e6)
    assert pet.series_uid.startswith("2.25.")
    pair = PetCtPair.objects.get()
    assert pair.timing == "baseline"
    assert pair.quality[0]["state"] == "warn", "no frame of reference is stated"
    roi = Roi.objects.get()
    assert roi.name == "Lesion 1"
    assert roi.uptakes.get().suv_max == pytest.approx(25_000 * 70_000 / 350e6)
    again = taken(as_coordinator, dict(reversed(nifti_files.items())), "again.zip")
    assert again.summary == {"patients": 1, "series": 0, "regions": 0, "same": 3}


def test_a_mask_comes_later_on_a_stored_scan(scanned, tmp_path):
    lesion = hot(PET, (0.0, 0.0, 2.0), 9.0)
    labels = lesion.astype(np.uint8) + (hot(PET, (0.0, 0.0, 2.0), 4.0))
    files = {
        "P001/second.nii.gz": nifti(labels, PET, tmp_path),
        "P001/second.json": json.dumps({"Labels": {"1": "Rim", "2": "Core"}}).encode(),
    }
    assert taken(scanned, files).state == "ready"
    assert set(Roi.objects.values_list("name", flat=True)) == {"Lesion 1", "Rim", "Core"}
    core = read_volume(file_read(Roi.objects.get(name="Core").mask))
    assert np.array_equal(core.array, hot(PET, (0.0, 0.0, 2.0), 4.0))


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ("Units", {"P001/ct.json": json.dumps({"Modality": "CT"}).encode()}),
        ("no keyword of DICOM", {"P001/ct.json": b'{"Modality": "CT", "Units": "HU", "W": 1}'}),
        ("(0010,1030)", {"P001/pet.json": b'{"Modality": "PT", "Units": "GML", "CorrectedImage": '
                                          b'["ATTN", "DECY"], "AcquisitionDate": "20250101"}'}),
        ("no JSON", {"P001/pet.json": b"{"}),
        ("a folder per patient", {"stray.nii.gz": b"x"}),
        ("a whole NIfTI", {"P001/ct.nii.gz": b"x"}),
        ("no such patient", {"P999/a.json": b"{}"}),
        ("sidecar without its image", {"P001/other.json": b"{}"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_written(as_coordinator, nifti_files, found, change):
    enrolled(as_coordinator, "P001")
    batch = taken(as_coordinator, nifti_files | change)
    assert batch.state == "failed"
    assert found in " ".join(str(problem) for problem in batch.problems)
    assert not Series.objects.exists()
