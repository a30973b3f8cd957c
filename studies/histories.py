"""The history of one field of a patient's form, the newest change first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from studies.events import LABELS, metadata_of, people_of, request_of
from studies.methods.course import FACT_KINDS
from studies.methods.values import write_value
from studies.models import FormEntry, Patient, Treatment, Variable
from studies.services.fact_rows import MODEL_OF, cell_of, parts_of, texts_of


@dataclass(frozen=True)
class Change:
    """One change of a field: who, when, before, after, why, and by which request."""

    event: Any
    what: str
    before: str
    after: str
    key: str = ""
    who: Any = None
    reason: str = ""
    request: str = ""

    @property
    def at(self) -> datetime:
        return self.event.pgh_created_at


def field_changes(patient: Patient, form: str, field: str, dates: bool) -> list[Change]:
    """The newest first; without ``dates`` days from the start of treatment stand for dates."""
    if field in FACT_KINDS and form == "baseline":
        found = _fact_changes(patient, field)
    else:
        found = _value_changes(patient, form, field)
    told = [_told(change) for change in _with_people(found)]
    return told if dates else [_without_dates(change, patient, field) for change in told]


def _value_changes(patient: Patient, form: str, field: str) -> list[Change]:
    events = FormEntry.pgh_event_model.objects.filter(patient=patient, form=form)  # type: ignore[attr-defined]
    found: list[Change] = []
    before: dict[int, str] = {}
    for event in events.select_related("pgh_context").order_by("pgh_id"):
        now = "" if event.pgh_label == "delete" else write_value(event.values.get(field))
        was = before.get(event.pgh_obj_id, "")
        if now != was:
            found.append(Change(event, "entered" if not was else "changed" if now else "removed",
                                was, now))  # fmt: skip
        before[event.pgh_obj_id] = now
    return found[::-1]


def _fact_changes(patient: Patient, kind: str) -> list[Change]:
    events = MODEL_OF[kind].pgh_event_model.objects.filter(patient=patient)  # type: ignore[attr-defined]
    found: list[Change] = []
    before: dict[int, str] = {}
    for event in events.select_related("pgh_context").order_by("pgh_id"):
        now = "" if event.pgh_label == "delete" else cell_of(texts_of(kind, event))
        was = before.get(event.pgh_obj_id, "")
        if now != was:
            found.append(Change(event, LABELS[event.pgh_label], was, now))
        before[event.pgh_obj_id] = now
    return found[::-1]


def _with_people(changes: Iterable[Change]) -> list[Change]:
    listed = list(changes)
    people = people_of(change.event for change in listed)
    return [_attributed(change, people) for change in listed]


def _attributed(change: Change, people: dict[int, Any]) -> Change:
    known = metadata_of(change.event)
    return Change(
        **{
            **change.__dict__,
            "who": people.get(known.get("user") or 0),
            "reason": known.get("reason", ""),
            "request": request_of(known),
        }
    )


def _told(change: Change) -> Change:
    """Rows of facts as a line, values as they are typed."""

    def line(text: str) -> str:
        return " · ".join(p for p in parts_of(text) if p) if text.startswith("[") else text

    return Change(**{**change.__dict__, "before": line(change.before), "after": line(change.after)})


def _without_dates(change: Change, patient: Patient, field: str) -> Change:
    start = Treatment.objects.filter(patient=patient, is_index=True).first()
    origin = start.date if start else None

    def masked(text: str) -> str:
        return " · ".join(_day(part, origin) for part in text.split(" · "))

    dated = field in FACT_KINDS or Variable.objects.filter(
        dictionary__study=patient.study, name=field, type="date"
    ).exists()  # fmt: skip
    if not dated:
        return change
    return Change(
        **{**change.__dict__, "before": masked(change.before), "after": masked(change.after)}
    )


def _day(text: str, origin: date | None) -> str:
    """A date as a day from the start; any other text as it is."""
    head = text[:4]
    if not (head.isdigit() and (len(text) == 4 or text[4:5] == "-")):
        return text
    if len(text) == 10 and origin:
        return _("day {days}").format(days=(date.fromisoformat(text) - origin).days)
    return "a date"
