"""What became of each series and file is written down beside what was taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from imaging.methods.dicom_archive import Index
from imaging.models import WAITING, ArrivalState, ArrivedFile, ScanArrival, Series
from imaging.storage import Shelf
from studies.jobs import Progress
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say
from studies.models import ImportBatch, Job, Patient

from .scan_taking import Taken, foreign_problem
from .scan_writing import scan_write
from .targets import target_choose

TOGETHER = 2000  # rows of files written at a time


def arrivals_write(
    batch: ImportBatch,
    index: Index,
    taken: list[Taken],
    shelf: Shelf,
    job: Job | None,
    progress: Progress,
) -> None:
    """Write every visit that goes in, and for all of them what became of their series and files.

    In the caller's transaction; a visit whose identifiers turn out to be another patient's goes to
    quarantine instead.
    """
    counts: Counter[str] = Counter(batch.summary)
    for done, visit in enumerate(taken):
        progress(
            95 + 5 * done / len(taken),
            100,
            say("writing {patient_id}", patient_id=visit.visit.patient_id),
        )
        if visit.prepared is not None:
            counts.update(_write_visit(batch, visit, shelf, job))
    if not batch.arrived_files.exists():
        _files_aside(batch, index)
    for visit in taken:
        _arrivals_of(batch, visit)
    batch.summary = {
        "patients": len({t.patient for t in taken if t.stored or t.prepared}) or 0,
        **{name: counts[name] for name in ("series", "regions", "same")},
    }


def _write_visit(batch: ImportBatch, taken: Taken, shelf: Shelf, job: Job | None) -> dict[str, int]:
    assert taken.prepared is not None
    patient = taken.prepared.patient
    try:
        with transaction.atomic():
            _replace(taken.replaced, patient)
            return scan_write(batch, taken.prepared, shelf, job)
    except DataProblem as refusal:
        problems = refusal.problems
    except IntegrityError:  # another site's series, which this user may not even see
        problems = (foreign_problem(patient, [taken.visit.uid]),)
    taken.wait_whole(ArrivalState.QUARANTINED, problems)
    return {}


def _replace(series: list[Series], patient: Patient) -> None:
    """Series that a person let others replace stay with their numbers, and speak no more."""
    Series.objects.filter(pk__in=[row.pk for row in series]).update(replaced_at=timezone.now())
    if series:
        target_choose(patient)


def _arrivals_of(batch: ImportBatch, taken: Taken) -> None:
    """A row per series, and one per file of it; earlier arrivals of the same wait no longer."""
    stored = Series.objects.filter(
        study=batch.study, series_uid__in=taken.digests, replaced_at__isnull=True
    )
    rows = {row.series_uid: row for row in stored if taken.prepared is not None}
    for uid, entries in taken.visit.by_series.items():
        state, problems = taken.states[uid]
        patient = taken.patient if state != ArrivalState.QUARANTINED else None
        arrival, _ = ScanArrival.objects.update_or_create(
            batch=batch,
            claimed_patient_id=taken.visit.patient_id[:64],
            series_uid=uid,
            defaults={
                "study": batch.study, "visit_uid": taken.visit.uid, "patient": patient,
                "site_id": patient.site_id if patient else None, "modality": entries[0].modality,
                "content_digest": taken.digests[uid], "file_count": len(entries), "state": state,
                "stored_as": rows.get(uid), "problems": [p.as_dict() for p in problems],
            },
        )  # fmt: skip
        _files_of(arrival, entries, problems)
        _earlier_settled(arrival)


def _files_of(arrival: ScanArrival, entries: Iterable[Any], problems: tuple[Problem, ...]) -> None:
    reason = _said(problems)
    if arrival.arrived_files.exists():
        arrival.arrived_files.update(state=arrival.state, reason=reason)
        return
    _write_files(
        ArrivedFile(
            study_id=arrival.study_id, batch_id=arrival.batch_id, arrival=arrival,
            name=entry.name, size=entry.size, state=arrival.state, reason=reason,
        )
        for entry in entries
    )  # fmt: skip


def _said(problems: tuple[Problem, ...]) -> str:
    if not problems:
        return ""
    first, more = problems[0], len(problems) - 1
    if more:
        where, found = first.where, first.found
        return say("{where}: {found} (and {n} more)", where=where, found=found, n=more)
    return f"{first.where}: {first.found}"


def _files_aside(batch: ImportBatch, index: Index) -> None:
    _write_files(
        ArrivedFile(
            study=batch.study, batch=batch, name=aside.name, size=aside.size,
            state=ArrivalState.REFUSED if aside.problem else ArrivalState.LEFT_OUT,
            reason=aside.reason.removeprefix("that are "),
        )
        for aside in index.asides
    )  # fmt: skip


def _write_files(rows: Iterable[ArrivedFile]) -> None:
    ArrivedFile.objects.bulk_create(list(rows), batch_size=TOGETHER)


def _earlier_settled(arrival: ScanArrival) -> None:
    """The same series waited in an earlier upload: what counts is this one."""
    earlier = ScanArrival.objects.filter(
        study_id=arrival.study_id,
        series_uid=arrival.series_uid,
        claimed_patient_id=arrival.claimed_patient_id,
        state__in=WAITING,
        batch_id__lt=arrival.batch_id,
    )
    batches = {row.batch for row in earlier.select_related("batch")}
    ArrivedFile.objects.filter(arrival__in=earlier).update(state=ArrivalState.ARRIVED_AGAIN)
    earlier.update(state=ArrivalState.ARRIVED_AGAIN)
    for batch in batches:
        batch_conclude(batch)


def batch_conclude(
    batch: ImportBatch,
    taken: list[Taken] | None = None,
    notices: Iterable[Notice] = (),
    alone: Iterable[Problem] = (),
) -> None:
    """The batch is ready when anything of it is stored, else failed; what waits is its problems."""
    counts = Counter(batch.arrivals.values_list("state", flat=True))
    waiting = {state.value: counts[state] for state in WAITING if counts[state]}
    kept = {n: v for n, v in batch.summary.items() if n not in {s.value for s in WAITING}}
    summary = {**kept, **waiting}
    said = [n.as_dict() for n in (*notices, *_notices(taken or []))] + (
        [] if taken is None else list(batch.notices)
    )
    problems = _problems(batch, [problem.as_dict() for problem in alone])
    if counts[ArrivalState.STORED] or counts[ArrivalState.SAME] or not waiting:
        batch.mark_ready(summary, said or batch.notices, problems)
    else:
        batch.summary, batch.notices = summary, said or batch.notices
        batch.mark_failed(problems)


def _notices(taken: list[Taken]) -> list[Notice]:
    return [notice for visit in taken if visit.prepared for notice in visit.prepared.notices]


def _problems(batch: ImportBatch, alone: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each problem of what waits once, in the order of arrival."""
    rows = batch.arrivals.filter(state__in=WAITING).values_list("problems", flat=True)
    found = [problem for problems in rows for problem in problems] + alone
    return [problem for at, problem in enumerate(found) if problem not in found[:at]]
