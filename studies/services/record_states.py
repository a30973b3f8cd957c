"""A form through its states: complete, verified, locked, and open again."""

from __future__ import annotations

from typing import Any

import pghistory
from django.db import transaction

from studies.access import require, require_at
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import EntryState, FormEntry, Patient, Query, QueryState

from .record_checking import record_check
from .record_reading import OCCASION, record_read

STEPS: dict[tuple[str, str], str] = {
    (EntryState.COMPLETE, EntryState.VERIFIED): "verify",
    (EntryState.VERIFIED, EntryState.LOCKED): "manage",
    (EntryState.LOCKED, EntryState.VERIFIED): "manage",
    (EntryState.VERIFIED, EntryState.COMPLETE): "verify",
}
OPENING = {(EntryState.LOCKED, EntryState.VERIFIED), (EntryState.VERIFIED, EntryState.COMPLETE)}


@transaction.atomic
def record_state_set(
    patient: Patient, user: Any, form: str, state: str, reason: str = ""
) -> FormEntry:
    """Verify, lock, unlock or open again.

    draft or complete -> verified needs ``verify`` and no open query; verified -> locked and back
    need ``manage``; whatever opens a form needs a reason.

    Raises
    ------
    DataProblem
        A step that is none, no reason, an open query, or a form that is not complete.
    """
    entry = FormEntry.objects.select_for_update().filter(
        patient=patient, form=form, occasion=OCCASION
    ).first()  # fmt: skip
    now = entry.state if entry else ""
    right = STEPS.get((now, state))
    if entry is None or right is None:
        expected = ", ".join(after for before, after in STEPS if before == now) or say("no step")
        raise refuse(
            "state",
            say("{value} after {value_2}", value=state or say("nothing"), value_2=now or "nothing"),
            expected,
            "Reload the page.",
            column="state",
        )
    if right == "manage":
        require(user, patient.study, right)
    require_at(user, patient, right)
    problems = list(_state_problems(patient, form, now, state, reason))
    if problems:
        raise DataProblem(problems)
    with pghistory.context(reason=reason.strip()):
        entry.state = state
        entry.row_version += 1
        entry.save(update_fields=["state", "row_version"])
    return entry


def _state_problems(
    patient: Patient, form: str, now: str, state: str, reason: str
) -> list[Problem]:
    problems = []
    if (now, state) in OPENING and not reason.strip():
        problems.append(
            Problem(
                "reason", say("blank"), "why it is opened again", "Write a line.", column="reason"
            )
        )
    if state == EntryState.VERIFIED and now == EntryState.COMPLETE:
        asked = Query.objects.filter(patient=patient, form=form).exclude(state=QueryState.CLOSED)
        if number := asked.count():
            problems.append(
                Problem(
                    "queries",
                    say("{number} not closed", number=number),
                    "none",
                    "Answer and close them first.",
                    column="state",
                )
            )
        record = record_read(patient, form)
        problems += record_check(record, record.cells, complete=True).problems
    return problems
