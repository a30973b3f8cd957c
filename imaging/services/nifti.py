"""A zip of NIfTI volumes and masks becomes series, pairs, regions and uptake, or nothing."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction
from pydicom.dataset import Dataset

from imaging.methods.dicom_archive import open_archive, read_entry
from imaging.methods.nifti_case import NiftiFile, pair_up, read_nifti_case, volume_uid
from imaging.methods.scan_case import ScanSeries
from imaging.models import Roi, Series
from imaging.storage import Shelf, read_volume
from studies.consents import IMAGING, refusals
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import ImportBatch, Job, Patient
from studies.selectors import notice_former, patients_carried
from studies.services import file_drop, file_open, file_read

from .identities import NewUids, new_uids
from .scan_preparing import PreparedPatient, prepare_case
from .scan_writing import scan_write


def nifti_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check every file of the archive, then write everything in one transaction.

    Raises
    ------
    DataProblem
        Every problem of every patient; nothing is written then.
    """
    if batch.summary:  # an earlier attempt was killed after it had written
        batch.mark_ready(batch.summary, batch.notices)
    else:
        with Shelf() as shelf:
            prepared = _prepare_all(batch, shelf, progress)
            notices = [notice for patient in prepared for notice in patient.notices]
            with transaction.atomic():
                counts: Counter[str] = Counter()
                for patient in prepared:
                    counts.update(scan_write(batch, patient, shelf, job))
                batch.mark_ready({"patients": len(prepared), **counts}, notices)
    file_drop(batch.file)
    progress(100, 100, "done")
    return dict(batch.summary)


def _prepare_all(batch: ImportBatch, shelf: Shelf, progress: Progress) -> list[PreparedPatient]:
    prepared: list[PreparedPatient] = []
    with file_open(batch.file) as file, open_archive(file, batch.filename) as archive:
        folders = _folders(archive)
        problems = [
            Problem(f"{batch.filename}: {name}", say("a file outside a patient's folder"),
                    "a folder per patient, named by the pseudonym", "Pack it into a folder.")
            for name in folders.pop("", [])
        ]  # fmt: skip
        if not folders and not problems:
            problems.append(Problem(batch.filename, say("an empty archive"), "volumes and masks",
                                    "Pack them and upload again."))  # fmt: skip
        patients = _patients(batch, set(folders), problems)
        uids = new_uids(batch.study)
        for done, (pseudonym, patient) in enumerate(patients.items()):
            progress(
                95 * done / len(patients),
                100,
                say("{pseudonym}: reading volumes and masks", pseudonym=pseudonym),
            )
            try:
                files = {name: read_entry(archive, name) for name in folders[pseudonym]}
                prepared.append(_prepare(patient, pair_up(files), shelf, uids))
                if pseudonym != patient.pseudonym:
                    prepared[-1].notices.append(notice_former(pseudonym, patient))
            except DataProblem as problem:
                problems.extend(problem.problems)
    if problems:
        raise DataProblem(problems)
    return prepared


def _folders(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """Names of the files of each first folder; of none under the empty name."""
    found: dict[str, list[str]] = {}
    for info in archive.infolist():
        path = PurePosixPath(info.filename)
        if not info.is_dir() and "__MACOSX" not in path.parts and not path.name.startswith("."):
            found.setdefault(path.parts[0] if len(path.parts) > 1 else "", []).append(info.filename)
    return found


def _prepare(
    patient: Patient, files: list[NiftiFile], shelf: Shelf, uids: NewUids
) -> PreparedPatient:
    new = _new(patient, files, uids)
    known = _known(patient) if new else {}
    case = read_nifti_case(patient.pseudonym, new, known, uids)
    digests = {uids(volume_uid(file)): file.digest for file in new if file.is_volume}
    digests |= {file.digest: file.digest for file in new}
    return prepare_case(patient, case, digests, len(files) - len(new), shelf, uids)


def _new(patient: Patient, files: list[NiftiFile], uids: NewUids) -> list[NiftiFile]:
    """Files not stored yet; a stored UID with other content is refused."""
    wanted = {uids(volume_uid(file)): file for file in files if file.is_volume}
    stored = {
        row.series_uid: row
        for row in Series.objects.filter(
            study=patient.study, series_uid__in=wanted, replaced_at__isnull=True
        )
    }
    drawn = set(Roi.objects.filter(patient=patient).values_list("source_digest", flat=True))
    problems = [
        Problem(
            say(
                "{pseudonym}, {name}: SeriesInstanceUID",
                pseudonym=patient.pseudonym,
                name=wanted[uid].name,
            ),
            say("a series that is stored already, with other content or another patient"),
            "the same files as before, or a series of its own UID",
            "Give the changed volume a SeriesInstanceUID of its own.",
        )
        for uid, row in stored.items()
        if row.content_digest != wanted[uid].digest or row.patient_id != patient.pk
    ]
    if problems:
        raise DataProblem(problems)
    return [
        file
        for file in files
        if (file.is_volume and uids(volume_uid(file)) not in stored)
        or (not file.is_volume and file.digest not in drawn)
    ]


def _known(patient: Patient) -> dict[str, ScanSeries]:
    """Series of the patient that are stored: masks may stand on them."""
    rows = Series.objects.filter(patient=patient, replaced_at__isnull=True)
    known = {}
    for row in rows.select_related("volume__study", "dicom_study"):
        header = Dataset()
        header.StudyInstanceUID = row.dicom_study.dicom_study_uid
        header.FrameOfReferenceUID = row.frame_of_reference_uid
        volume = read_volume(file_read(row.stored))
        known[row.series_uid] = ScanSeries(row.series_uid, row.modality, volume, header)
    return known


def _patients(
    batch: ImportBatch, pseudonyms: set[str], problems: list[Problem]
) -> dict[str, Patient]:
    """Patients whose scans may be used, by the folders' names; the others become problems."""
    carried = patients_carried(batch.study)
    found = {name: carried[name] for name in sorted(pseudonyms) if name in carried}
    rows = Patient.objects.filter(pk__in=[patient.pk for patient in found.values()])
    refused = refusals(batch.study, IMAGING, rows)
    for pseudonym in sorted(pseudonyms):
        patient = found.get(pseudonym)
        if patient is not None and patient.pk not in refused:
            continue
        problems.append(
            Problem(
                say("{filename}: folder {pseudonym}", filename=batch.filename, pseudonym=pseudonym),
                say(refused[patient.pk]) if patient else say("no such patient"),
                "a patient of this study and of your site whose scans may be used",
                "Upload the cohort table or record the consent first, or correct the name.",
            )
        )
        found.pop(pseudonym, None)
    return found
