"""Consent: the study's rule, one patient's consents, and what happens when they are withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from studies import registry
from studies.access import require, require_at
from studies.consents import SCOPES
from studies.jobs import enqueue
from studies.methods.dates import ClinicalDate
from studies.methods.plausible_dates import CHECK_YEAR, impossible_day
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import (
    Consent,
    ConsentPolicy,
    Job,
    JobState,
    MoveKind,
    Patient,
    PatientMove,
    PatientStatus,
    Study,
    UseTrace,
)

from .exports import exports_drop
from .mirrors import mirrors_write
from .patients import move_record
from .purging import patient_forget

PURGE = "studies.patient_purge"


@transaction.atomic
def consent_policy_set(study: Study, user: Any, required: bool, reason: str = "") -> ConsentPolicy:
    """Decide whether patients without a consent on record may be used; needs ``manage``.

    Raises
    ------
    DataProblem
        Consent is waived without a reason.
    """
    require(user, study, "manage")
    if not required and not reason.strip():
        raise refuse(
            "consent",
            say("no reason"),
            "why this study records no consent here (a waiver, where consent is kept)",
            "Give the reason: it is shown wherever the study's data are used.",
            column="reason",
        )
    return ConsentPolicy.objects.create(
        study=study, required=required, reason=reason.strip(), decided_by=user
    )


@transaction.atomic
def consent_record(
    patient: Patient, user: Any, scope: str, on: date, withdrawn_on: date | None = None
) -> Consent:
    """A consent of one scope from a day on, or its end.

    Raises
    ------
    DataProblem
        An unknown scope, a day to come, an end before the beginning, or a withdrawn patient.
    """
    require_at(user, patient, "enter")
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    problems = [*_scope_problems(scope), *_date_problems(on, withdrawn_on)]
    if patient.status == PatientStatus.WITHDRAWN:
        problems.append(
            Problem(
                "consent",
                say("a patient who has withdrawn"),
                "a patient who has not",
                "A withdrawal is final here: screen the patient anew.",
            )
        )
    if problems:
        raise DataProblem(problems)
    consent, _ = Consent.objects.get_or_create(patient=patient, scope=scope, date=on)
    if consent.withdrawn_on != withdrawn_on:
        consent.withdrawn_on = withdrawn_on
        consent.save(update_fields=["withdrawn_on"])
    mirrors_write(patient, {"consent"})
    return consent


def _scope_problems(scope: str) -> list[Problem]:
    if scope in SCOPES:
        return []
    known = ", ".join(SCOPES)
    return [
        Problem(
            "scope", scope, say("one of {known}", known=known), "Choose a scope.", column="scope"
        )
    ]


def _date_problems(on: date, ended: date | None) -> list[Problem]:
    today, problems = timezone.localdate(), []
    for name, day in (("date", on), ("withdrawn_on", ended)):
        if day and (expected := impossible_day(ClinicalDate(day), today)):
            problems.append(Problem(name, str(day), expected, CHECK_YEAR, column=name))
    if ended and ended < on:
        remedy = say("Correct one of the two dates.")
        problems.append(
            Problem(
                "withdrawn_on",
                str(ended),
                say("{on} or later", on=on),
                remedy,
                column="withdrawn_on",
            )
        )
    return problems


@transaction.atomic
def patient_withdraw(
    patient: Patient, user: Any, on: date, reason: str, purge: bool = False
) -> PatientMove:
    """End every consent and every further use; mark all that used the patient so far.

    The record of it stays for good; files that were made to take away are there no more. With
    ``purge`` a job removes files and features at once.

    Raises
    ------
    DataProblem
        No reason, a day to come, or withdrawn already.
    """
    require_at(user, patient, "enter")
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    problems = _date_problems(on, None)
    if not reason.strip():
        remedy = say("Say why, or that none was given.")
        problems.append(Problem("reason", say("nothing"), "the reason", remedy, column="reason"))
    if patient.status == PatientStatus.WITHDRAWN:
        problems.append(Problem("patient", say("withdrawn already"), "a patient of the study",
                                "See the earlier withdrawal below."))  # fmt: skip
    if problems:
        raise DataProblem(problems)
    open_consents = Consent.objects.filter(patient=patient, withdrawn_on__isnull=True)
    for consent in open_consents:
        consent.withdrawn_on = max(on, consent.date)
        consent.save(update_fields=["withdrawn_on"])
    traces = registry.traces_of(patient)
    details = {"purge": purge, "rows": rows_of(patient), "used_by": [t.title for t in traces]}
    move = move_record(patient, user, MoveKind.WITHDRAWN, on, reason, details=details)
    UseTrace.objects.bulk_create(
        UseTrace(study=patient.study, move=move, withdrawn_on=on, table=trace.table,
                 row_id=trace.row_id, title=trace.title[:200], url=trace.url)
        for trace in traces
    )  # fmt: skip
    if purge:
        purge_start(move, user)
    exports_drop(patient.study)
    return move


def purge_start(move: PatientMove, user: Any) -> Job:
    """Queue the removal of files and features of a withdrawn patient, once; at any time after it.

    Raises
    ------
    DataProblem
        The patient has not withdrawn.
    """
    require_at(user, move.patient, "enter")
    if move.kind != MoveKind.WITHDRAWN:
        raise refuse("patient", move.kind, "a withdrawal", "Record the withdrawal first.")
    earlier = purge_job(move)
    if earlier is not None and not purge_is_due(earlier):
        return earlier
    again = f":{earlier.pk}" if earlier else ""
    return enqueue(
        PURGE, move.study, user, subject=move, idempotency_key=f"{_purge_key(move)}{again}"
    )


def purge_job(move: PatientMove) -> Job | None:
    """The removal that was asked for last, if any was."""
    jobs = Job.objects.filter(idempotency_key__startswith=_purge_key(move))
    return jobs.order_by("-id").first()


def purge_is_due(earlier: Job | None) -> bool:
    """Whether a removal may be asked for: none was, or the last came to nothing."""
    broken = (JobState.FAILED, JobState.ERRORED, JobState.CANCELLED)
    return earlier is None or earlier.state in broken


def _purge_key(move: PatientMove) -> str:
    return f"purge:{move.uid}"


def rows_of(patient: Patient) -> dict[str, int]:
    """Rows per table that hang on the patient, the empty ones left out."""
    counted: dict[str, int] = {}
    for uses in registry.all_uses().values():
        counted |= {table: n for table, n in uses.uses_of(patient).items() if n}
    return dict(sorted(counted.items()))


@transaction.atomic
def patient_purge(move: PatientMove) -> dict[str, Any]:
    """Remove what may not stay: files, features, values, their history; digests remain.

    Member lists, consents and the steps of the patient stay as proof.

    Raises
    ------
    DataProblem
        The patient has not withdrawn.
    """
    patient = move.patient
    if patient.status != PatientStatus.WITHDRAWN:
        raise refuse(
            "patient", patient.status, "a withdrawn patient", "Record the withdrawal first."
        )
    for uses in registry.all_uses().values():
        uses.purge(patient)
    forgotten = patient_forget(patient)
    return {
        "patient": str(patient.uid),
        "purged": sorted(registry.all_uses()),
        "history": forgotten,
    }
