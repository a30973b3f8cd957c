"""One earlier value stands again, as a new change."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from studies.methods.course import FACT_KINDS
from studies.methods.problems import refuse
from studies.methods.values import write_value
from studies.methods.wording import say
from studies.models import EntryState, FormEntry, Patient

from .fact_rows import MODEL_OF, cell_of, texts_of
from .records import record_read, record_write


@transaction.atomic
def field_restore(
    patient: Patient, user: Any, form: str, field: str, event_id: int, reason: str
) -> FormEntry:
    """Write what a field held after one change of its history.

    Raises
    ------
    DataProblem
        No reason, no such change, or a value that may not stand any more.
    """
    if not reason.strip():
        raise refuse("reason", say("blank"), "why", "Write a line.", column="reason")
    try:
        key, text = cell_at(patient, form, field, event_id)
    except LookupError as error:
        raise refuse("event", str(event_id), "a change of this field",
                     "Choose one of the list.") from error  # fmt: skip
    record = record_read(patient, form)
    return record_write(
        patient, user, form, {key: text}, record.version,
        complete=record.state != EntryState.DRAFT, reason=reason,
    )  # fmt: skip


def cell_at(patient: Patient, form: str, field: str, event_id: int) -> tuple[str, str]:
    """The cell of a form and its text as they were after one change.

    Raises
    ------
    LookupError
        No such change of this field.
    """
    if field in FACT_KINDS and form == "baseline":
        events = MODEL_OF[field].pgh_event_model.objects  # type: ignore[attr-defined]
        event = events.filter(patient=patient, pgh_id=event_id).first()
        if event is None:
            raise LookupError(field)
        alive = MODEL_OF[field]._default_manager.filter(pk=event.pgh_obj_id).first()
        key = str(alive.uid) if alive else f"back{event.pgh_id}"  # type: ignore[attr-defined]
        text = cell_of(texts_of(field, event))
        return f"{field}:{key}", text
    entry = FormEntry.pgh_event_model.objects  # type: ignore[attr-defined]
    event = entry.filter(patient=patient, form=form, pgh_id=event_id).first()
    if event is None:
        raise LookupError(field)
    return field, write_value(event.values.get(field))
