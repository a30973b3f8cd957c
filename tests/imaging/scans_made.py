"""A tiny PET/CT of one patient with a lesion, as the files of an upload."""

import io
import zipfile

import numpy as np
from dicom_made import as_bytes, image_series, structures
from pet_headers import DEFAULTS, NUCLIDE, dataset

from imaging.methods.volume import Grid
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import Cohort, CohortMember, Patient, Treatment
from studies.services import batch_job, batch_receive

PET = Grid((14, 14, 14), (-30.0, -30.0, -30.0), (4.0, 4.0, 4.0))
CT = Grid((28, 28, 14), (-31.0, -31.0, -30.0), (2.0, 2.0, 4.0))


def hot(grid, centre, radius):
    """Voxels within a sphere."""
    points = grid.points_of(np.indices(grid.shape).reshape(3, -1).T[:, ::-1])
    return (((points - centre) ** 2).sum(axis=1) <= radius**2).reshape(grid.shape)


def square(centre, half, z):
    x, y = centre
    return [
        (x - half, y - half, z),
        (x + half, y - half, z),
        (x + half, y + half, z),
        (x - half, y + half, z),
    ]


def scan_files(pseudonym, seed=1, lesions=None, day="20250101", pet_tags=None, uids="", **changes):
    """DICOM bytes by name: PET, CT and an RTSTRUCT of ``lesions`` {name: (x, y, z, half)}."""
    rng = np.random.default_rng(seed)
    lesions = lesions or {"Lesion 1": (0.0, 0.0, 0.0, 9.0)}
    pet, ct = rng.integers(900, 1100, PET.shape), rng.integers(80, 120, CT.shape)
    for index, (x, y, z, half) in enumerate(lesions.values()):
        pet[hot(PET, (x, y, z), half)] += 4000 + 500 * index
        ct[hot(CT, (x, y, z), half)] -= 40
    tags = {
        "PatientID": pseudonym,
        "StudyInstanceUID": f"1.2.{seed}{uids}.3",
        "StudyDate": day,
        "FrameOfReferenceUID": f"1.2.{seed}{uids}.4",
    }
    header = {key: value for key, value in DEFAULTS.items() if not key.startswith("Rescale")}
    header |= {"SeriesDate": day, "AcquisitionDate": day, "slope": 5.0}
    nuclide = dataset(NUCLIDE | {"RadiopharmaceuticalStartDateTime": f"{day}100000"})
    pets = image_series(
        pet,
        "PT",
        PET.spacing,
        PET.origin,
        f"1.2.{seed}{uids}.5",
        RadiopharmaceuticalInformationSequence=[nuclide],
        **(header | tags | (pet_tags or {})),
    )
    cts = image_series(
        ct, "CT", CT.spacing, CT.origin, f"1.2.{seed}{uids}.6", **(tags | {"SeriesDate": day})
    )
    contours = {
        name: [square((x, y), half, z + step) for step in (-4.0, 0.0, 4.0)]
        for name, (x, y, z, half) in _on_slices(lesions).items()
    }
    drawn = structures(contours, f"1.2.{seed}{uids}.5", **(tags | changes))
    drawn.SeriesInstanceUID = f"1.2.{seed}{uids}.7"
    files = {f"{pseudonym}/PT/{i}.dcm": as_bytes(s) for i, s in enumerate(pets)}
    files |= {f"{pseudonym}/CT/{i}.dcm": as_bytes(s) for i, s in enumerate(cts)}
    return files | {f"{pseudonym}/RS.dcm": as_bytes(drawn)}


def _on_slices(lesions):
    """Lesion centres moved to the nearest slice of the PET."""
    return {
        name: (x, y, round((z - PET.origin[2]) / 4) * 4 + PET.origin[2], half)
        for name, (x, y, z, half) in lesions.items()
    }


def zipped(files):
    """Without the clock in it: the same files are the same bytes, however slow the machine."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def handed_in(people, data, name="petct.zip", user=None, options=None):
    """The batch after its job has run."""
    batch = batch_receive(
        people.study, user or people.coordinator, "dicom_zip", data, name, options
    )
    job = batch_job(batch)
    if job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    return batch


def enrolled(
    people, pseudonym, started="2025-01-15", role="training", use="development", site=None
):
    """A patient in a cohort, with the start of the index treatment."""
    patient = Patient.objects.create(
        study=people.study,
        site=site or people.here,
        pseudonym=pseudonym,
        partition=None if use == "descriptive" else use,
    )
    cohort, _ = Cohort.objects.get_or_create(
        study=people.study, name=role, defaults={"role": role, "use": use}
    )
    CohortMember.objects.create(patient=patient, cohort=cohort, use=use)
    if started:
        Treatment.objects.create(patient=patient, date=started, drug="anti-PD-1")
    return patient


def scanned_alone(people, patch):
    """For ``begins_with``: P001 with a PET/CT and one lesion."""
    with acting_as(people.coordinator):
        enrolled(people, "P001")
        assert handed_in(people, zipped(scan_files("P001"))).state == "ready"
    return people


def scanned_both(people, patch):
    """For ``begins_with``: P001 and P002."""
    files = {}
    with acting_as(people.coordinator):
        for seed, name in enumerate(("P001", "P002"), start=1):
            enrolled(people, name)
            files |= scan_files(name, seed)
        assert handed_in(people, zipped(files)).state == "ready"
    return people
