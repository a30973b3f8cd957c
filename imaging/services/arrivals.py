"""A person decides on what waits: keep, take, say whose it is, throw away, or try again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from imaging.models import WAITING, ArrivalState, ArrivedFile, Decision, ScanArrival
from studies.access import require
from studies.jobs import enqueue
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import ENDED, ImportBatch, Job, Patient, PatientStatus
from studies.services import file_drop

from .arrival_writing import batch_conclude

SETTLE = "imaging.arrivals_settle"
POSSIBLE = {
    Decision.KEEP: (ArrivalState.CONFLICT,),
    Decision.TAKE: (ArrivalState.CONFLICT,),
    Decision.ASSIGN: (ArrivalState.QUARANTINED,),
    Decision.DISCARD: WAITING,
}


def visit_arrivals(arrival: ScanArrival) -> QuerySet[ScanArrival]:
    """The series that wait together with this one."""
    return ScanArrival.objects.filter(
        batch=arrival.batch,
        claimed_patient_id=arrival.claimed_patient_id,
        visit_uid=arrival.visit_uid,
        state__in=WAITING,
    )


@transaction.atomic
def arrival_decide(
    arrival: ScanArrival, user: Any, decision: str, reason: str, pseudonym: str = ""
) -> Job | None:
    """Decide on the visit of ``arrival``; a job then takes it in. ``None`` after a discard.

    Raises
    ------
    DataProblem
        A decision that does not fit what waits, no reason, or no such patient.
    PermissionDenied
        The user lacks the right ``enter``.
    """
    require(user, arrival.study, "enter")
    rows = list(visit_arrivals(arrival).select_for_update())
    states = {row.state for row in rows}
    if decision not in POSSIBLE or not states & set(POSSIBLE[Decision(decision)]):
        possible = [d.value for d, wanted in POSSIBLE.items() if states & set(wanted)]
        raise refuse(
            "decision",
            decision or say("nothing"),
            say("one of {known}", known=", ".join(possible)) if possible else "series that wait",
            "Look at the page again: a colleague may have decided.",
            column="decision",
        )
    if not reason.strip():
        raise refuse("reason", say("nothing"), "why", "Say why, for the record.", column="reason")
    patient = _patient(arrival, pseudonym) if decision == Decision.ASSIGN else None
    for row in rows:
        row.decide(decision, user, reason.strip())
    waiting = ScanArrival.objects.filter(pk__in=[row.pk for row in rows])
    if decision == Decision.DISCARD:
        _discard(arrival.batch, waiting)
        return None
    if patient is not None:
        waiting.update(patient=patient, site=patient.site)
    waiting.update(wanted_again=True)
    return settle_enqueue(arrival.batch, user)


@transaction.atomic
def batch_try_again(batch: ImportBatch, user: Any) -> Job:
    """Everything that waits of a batch once more, say after the cohort table was mended."""
    require(user, batch.study, "enter")
    batch.arrivals.filter(state__in=WAITING).update(wanted_again=True)
    return settle_enqueue(batch, user)


def settle_enqueue(batch: ImportBatch, user: Any) -> Job:
    params = {"batch": str(batch.uid)}
    jobs = Job.objects.filter(study=batch.study, kind=SETTLE, params=params)
    under_way = jobs.exclude(state__in=ENDED).first()
    return under_way or enqueue(SETTLE, batch.study, user, params=params, batch=batch)


def _patient(arrival: ScanArrival, pseudonym: str) -> Patient:
    found = Patient.objects.filter(study=arrival.study, pseudonym=pseudonym.strip()).first()
    if found is None or found.status in (PatientStatus.WITHDRAWN, PatientStatus.EXCLUDED):
        raise refuse(
            "patient",
            pseudonym or say("nothing"),
            "the pseudonym of a patient in the study",
            "Take it from the list of patients.",
            column="patient",
        )
    return found


def _discard(batch: ImportBatch, waiting: QuerySet[ScanArrival]) -> None:
    """They wait no more; the archive's bytes go when nothing else of it waits."""
    ArrivedFile.objects.filter(arrival__in=waiting).update(state=ArrivalState.DISCARDED)
    waiting.update(state=ArrivalState.DISCARDED)
    batch_conclude(batch)
    same = ScanArrival.objects.filter(batch__file=batch.file, state__in=WAITING)
    if not same.exists() and batch.file.bytes_dropped_at is None:
        file_drop(batch.file)
