"""A zip of DICOM files becomes series, pairs, regions and uptake: all of it, or nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

from django.db import transaction
from pydicom.dataset import Dataset

from imaging.methods.dicom_archive import (
    Entry,
    content_digest,
    index_archive,
    open_archive,
    read_entries,
)
from imaging.methods.scan_case import ScanSeries, read_case
from imaging.models import Roi, Series
from imaging.storage import Shelf, read_volume
from studies.consents import IMAGING, refusals
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice, Problem
from studies.models import ImportBatch, Job, Patient
from studies.services import file_drop, file_open, file_read

from .identities import NewUids, new_uids
from .scan_preparing import PreparedPatient, prepare_case
from .scan_writing import scans_write

LOOKING = 30  # of 100 parts of the progress
WORDS = {"PT": "PET", "CT": "CT", "RTSTRUCT": "RTSTRUCT", "SEG": "SEG"}


def scans_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check every file of the archive, then write everything in one transaction.

    The same files again change nothing. The archive's bytes are dropped afterwards, its digest
    stays.

    Raises
    ------
    DataProblem
        Every problem of every patient; nothing is written then.
    """
    if batch.summary:  # an earlier attempt was killed after it had written
        batch.mark_ready(batch.summary, batch.notices)
    else:
        with Shelf() as shelf:
            prepared, notices = _prepare_all(batch, shelf, progress)
            with transaction.atomic():
                summary = scans_write(batch, prepared, shelf, job, progress)
                batch.mark_ready(summary, notices)
    file_drop(batch.file)
    progress(100, 100, "done")
    return dict(batch.summary)


def _prepare_all(
    batch: ImportBatch, shelf: Shelf, progress: Progress
) -> tuple[list[PreparedPatient], list[Notice]]:
    """Read, check and compute everything, patient by patient; volumes are put aside."""
    prepared: list[PreparedPatient] = []
    with file_open(batch.file) as file, open_archive(file, batch.filename) as archive:
        uids = new_uids(batch.study)
        index = index_archive(archive, batch.filename, _scaled(progress, 0, LOOKING), uids)
        problems, notices = list(index.problems), list(index.notices)
        patients = _patients(batch, set(index.entries), problems)
        reading = _scaled(progress, LOOKING, 95)
        for done, (pseudonym, patient) in enumerate(patients.items()):
            reading(done, len(patients), f"{pseudonym}: reading PET/CT, SUV and regions")
            try:
                found = _prepare(patient, archive, index.entries[pseudonym], shelf, uids)
                notices += found.notices
                prepared.append(found)
            except DataProblem as problem:
                problems.extend(problem.problems)
    if problems:
        raise DataProblem(problems)
    return prepared, notices


def _scaled(progress: Progress, start: int, end: int) -> Callable[[int, int, str], None]:
    """A part of the job's hundred parts."""
    return lambda done, total, message: progress(
        start + (end - start) * done / max(total, 1), 100, message
    )


def _patients(
    batch: ImportBatch, pseudonyms: set[str], problems: list[Problem]
) -> dict[str, Patient]:
    """Patients of the study whose pseudonym is the files' PatientID."""
    rows = Patient.objects.filter(study=batch.study, pseudonym__in=pseudonyms)
    found = {patient.pseudonym: patient for patient in rows.order_by("pseudonym")}
    for pseudonym in sorted(pseudonyms - set(found)):
        problems.append(
            Problem(
                f"{batch.filename}: PatientID (0010,0020)",
                pseudonym,
                "the pseudonym of a patient of this study and of your site",
                "Upload the cohort table with this patient first, or correct the PatientID.",
            )
        )
    refused = refusals(batch.study, IMAGING, rows)
    for pseudonym, patient in list(found.items()):
        if patient.pk in refused:
            del found[pseudonym]
            problems.append(
                Problem(
                    pseudonym,
                    refused[patient.pk],
                    "patients of the study whose scans may be used",
                    "Record the consent first, or leave this patient's files out.",
                )
            )
    return found


def _prepare(
    patient: Patient, archive: zipfile.ZipFile, entries: list[Entry], shelf: Shelf, uids: NewUids
) -> PreparedPatient:
    by_series: dict[str, list[Entry]] = {}
    for entry in entries:
        by_series.setdefault(entry.series_uid, []).append(entry)
    digests = {uid: content_digest(group) for uid, group in by_series.items()}
    new = _new_series(patient, by_series, digests)
    groups: dict[str, list[Dataset]] = {
        uid: [dataset for _, dataset in read_entries(archive, by_series[uid], uids)] for uid in new
    }
    known = _known_series(patient) if groups else {}
    case = read_case(patient.pseudonym, groups, known)
    return prepare_case(patient, case, digests, len(by_series) - len(new), shelf, uids)


def _new_series(
    patient: Patient, by_series: dict[str, list[Entry]], digests: dict[str, str]
) -> list[str]:
    """Series not stored yet; refuses a stored UID that comes with other content."""
    stored = {
        row.series_uid: row
        for row in Series.objects.filter(study=patient.study, series_uid__in=by_series)
    }
    drawn = set(Roi.objects.filter(patient=patient).values_list("source_digest", flat=True))
    problems, new = [], []
    for uid, group in by_series.items():
        row = stored.get(uid)
        if row and (row.content_digest != digests[uid] or row.patient_id != patient.pk):
            problems.append(
                Problem(
                    f"{patient.pseudonym}, {WORDS[group[0].modality]}: "
                    "SeriesInstanceUID (0020,000E)",
                    "a series that is stored already, with other content or another patient",
                    "the same files as before, or a series of its own UID",
                    "Export the changed series under a new SeriesInstanceUID.",
                )
            )
        elif row is None and digests[uid] not in drawn:
            new.append(uid)
    if problems:
        raise DataProblem(problems)
    return new


def _known_series(patient: Patient) -> dict[str, ScanSeries]:
    """Series of the patient that are stored: regions may be drawn on them later."""
    known = {}
    for row in Series.objects.filter(patient=patient).select_related(
        "volume__study", "dicom_study"
    ):
        header = Dataset()
        header.StudyInstanceUID = row.dicom_study.dicom_study_uid
        header.FrameOfReferenceUID = row.frame_of_reference_uid
        volume = read_volume(file_read(row.stored))
        known[row.series_uid] = ScanSeries(row.series_uid, row.modality, volume, header)
    return known
