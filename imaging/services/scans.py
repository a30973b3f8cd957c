"""A zip of DICOM files becomes series, pairs, regions and uptake, visit by visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from imaging.methods.dicom_archive import (
    Index,
    index_archive,
    open_archive,
)
from imaging.methods.dicom_visits import Visit, group_visits, shared_identifiers
from imaging.models import WAITING
from imaging.storage import Shelf
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import BatchState, ImportBatch, Job
from studies.services import file_drop, file_open

from .arrival_writing import arrivals_write, batch_conclude
from .identities import NewUids, new_uids
from .scan_taking import Decided, Taken, visit_take

LOOKING = 30  # of 100 parts of the progress


def scans_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Look at every file, then take each visit in whole or not at all, all in one transaction.

    What is not taken in is written down with its reason and waits; the batch has failed when
    nothing was. The same files again change nothing. The archive's bytes are dropped when nothing
    of it waits, its digest stays.

    Raises
    ------
    DataProblem
        The archive as a whole cannot be used; nothing is written then.
    """
    if not batch.arrivals.exists():  # else an earlier attempt was killed after it had written
        uids = new_uids(batch.study)
        with Shelf() as shelf:
            index, visits, alone = _look(batch, progress, uids)
            if not visits:
                raise DataProblem(alone or _no_scans(batch, index))
            taken = _take_all(batch, visits, shelf, uids, {}, _scaled(progress, LOOKING, 95))
            with transaction.atomic():
                arrivals_write(batch, index, taken, shelf, job, progress)
                batch_conclude(batch, taken, index.notices, alone)
    else:
        batch_conclude(batch)
    _drop_when_settled(batch)
    progress(100, 100, "done")
    return dict(batch.summary)


def arrivals_settle(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Take in again what waits of a batch and somebody wants: decided on, or tried once more."""
    wanted = batch.arrivals.filter(state__in=WAITING, wanted_again=True)
    decided = {
        (row.claimed_patient_id, row.series_uid): Decided(row.decision, row.patient)
        for row in wanted.select_related("patient__site", "patient__study")
    }
    if not decided:
        return {}
    if batch.file.bytes_dropped_at is not None:
        raise refuse(
            batch.filename,
            say("an archive whose bytes are gone"),
            "its files",
            "Upload them again.",
        )
    uids = new_uids(batch.study)
    with Shelf() as shelf:
        index, visits, alone = _look(batch, progress, uids)
        again = [v for v in visits if any((v.patient_id, uid) in decided for uid in v.by_series)]
        reading = _scaled(progress, LOOKING, 95)
        taken = _take_all(batch, again, shelf, uids, decided, reading, visits)
        with transaction.atomic():
            arrivals_write(batch, index, taken, shelf, job, progress)
            batch.arrivals.update(wanted_again=False)
            batch_conclude(batch, taken, (), alone)
    _drop_when_settled(batch)
    progress(100, 100, "done")
    return {
        "series taken in": sum(len(t.stored) for t in taken),
        "still waiting": _waiting(batch),
        "batch": str(batch.uid),
    }


def _look(
    batch: ImportBatch, progress: Progress, uids: NewUids
) -> tuple[Index, list[Visit], list[Problem]]:
    with file_open(batch.file) as file, open_archive(file, batch.filename) as archive:
        index = index_archive(archive, batch.filename, _scaled(progress, 0, LOOKING), uids)
    return index, *group_visits(index)


def _no_scans(batch: ImportBatch, index: Index) -> list[Problem]:
    return [
        Problem(
            batch.filename,
            say("{n} files, none of PET, CT, RTSTRUCT or SEG", n=len(index.asides)),
            "DICOM files of PET and CT",
            "Choose the folder or archive that holds the scans.",
        )
    ]


def _take_all(
    batch: ImportBatch,
    visits: list[Visit],
    shelf: Shelf,
    uids: NewUids,
    decided: dict[tuple[str, str], Decided],
    progress: Callable[[int, int, str], None],
    every: list[Visit] | None = None,
) -> list[Taken]:
    """Read, check and compute visit by visit; volumes are put aside."""
    shared = shared_identifiers(every or visits)
    taken = []
    with file_open(batch.file) as file, open_archive(file, batch.filename) as archive:
        for done, visit in enumerate(visits):
            name = visit.patient_id or say("no PatientID")
            progress(done, len(visits), say("{name}: reading PET/CT, SUV and regions", name=name))
            taken.append(visit_take(batch, archive, visit, shelf, uids, shared, decided))
    return taken


def _scaled(progress: Progress, start: int, end: int) -> Callable[[int, int, str], None]:
    """A part of the job's hundred parts."""
    return lambda done, total, message: progress(
        start + (end - start) * done / max(total, 1), 100, message
    )


def _waiting(batch: ImportBatch) -> int:
    return batch.arrivals.filter(state__in=WAITING).count()


def _drop_when_settled(batch: ImportBatch) -> None:
    """Bytes are kept while something of them waits, here or in another batch of the same file."""
    same = ImportBatch.objects.filter(file=batch.file)
    open_states = [BatchState.RECEIVED, BatchState.RUNNING]
    under_way = same.exclude(pk=batch.pk).filter(state__in=open_states).exists()
    waits = any(_waiting(row) for row in same)
    if batch.state == BatchState.READY and not batch.problems and not waits and not under_way:
        file_drop(batch.file)


def import_problems(batch: ImportBatch) -> list[dict[str, Any]]:
    """What a job must say of an import of which nothing was taken in."""
    return list(batch.problems) if batch.state == BatchState.FAILED else []
