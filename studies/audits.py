"""The history of a whole study: every event of its records, people and tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from studies.access import visible
from studies.events import LABELS, metadata_of, people_of, request_of
from studies.methods.values import write_value
from studies.models import DictionaryVersion, Membership, Patient, Study, StudySite

PAGE = 50
_DATED = re.compile(r"\d{4}-\d{2}(-\d{2})?")


@dataclass(frozen=True)
class Line:
    """One event of the study: what kind of record, which one, who, and the fields that changed."""

    event: Any
    table: str
    label: str
    subject: str
    changes: list[tuple[str, str, str]]
    who: Any
    reason: str
    request: str

    @property
    def at(self) -> datetime:
        return self.event.pgh_created_at


def tracked_tables() -> dict[str, Any]:
    """Event models of studies by the word for their record."""
    found = {}
    for model in apps.get_app_config("studies").get_models():
        tracked = getattr(model, "pgh_tracked_model", None)
        if tracked is not None:
            found[str(tracked._meta.verbose_name)] = model
    return dict(sorted(found.items()))


def audit_lines(
    user: Any, study: Study, table: str = "", before: datetime | None = None, skip: int = 0,
    person: int | None = None, dates: bool = False,
) -> list[Line]:  # fmt: skip
    """The newest events that ``user`` may see, from ``before`` on: at most ``PAGE``.

    All events of a transaction have one time: ``skip`` of those at ``before`` were shown already.
    """
    tables = tracked_tables()
    chosen = {table: tables[table]} if table in tables else tables
    events: list[tuple[str, Any]] = []
    for word, model in chosen.items():
        rows = _events_of(model, user, study).select_related("pgh_context")
        if before:
            rows = rows.filter(pgh_created_at__lte=before)
        if person:
            rows = rows.filter(pgh_context__metadata__user=person)
        events += [
            (word, event) for event in rows.order_by("-pgh_created_at", "-pgh_id")[: PAGE + skip]
        ]
    events.sort(key=lambda pair: (pair[1].pgh_created_at, pair[0], pair[1].pgh_id), reverse=True)
    return _lines(events[skip : skip + PAGE], dates)


def after_these(lines: list[Line], before: datetime | None, skip: int) -> dict[str, Any] | None:
    """Where the next page begins; nothing after the last."""
    if len(lines) < PAGE:
        return None
    last = lines[-1].at
    shown = sum(line.at == last for line in lines) + (skip if last == before else 0)
    return {"before": last, "skip": shown}


def _events_of(model: Any, user: Any, study: Study) -> QuerySet:
    """Events of a study's rows; people, tokens and sites as far as they are the study's."""
    names = {field.name for field in model._meta.fields}
    rows = model.objects.all()
    if "patient" in names:
        mine = visible(Patient.objects.all(), user, study)
        return rows.filter(study=study, patient_id__in=mine.values("pk"))
    if "study" in names:
        return rows.filter(study=study)
    members = Membership.objects.filter(study=study).values("user_id")
    narrow: dict[str, Callable[[], Q]] = {
        "study": lambda: Q(pgh_obj_id=study.pk),
        "site": lambda: Q(pgh_obj_id__in=StudySite.objects.filter(study=study).values("site_id")),
        "person": lambda: Q(pgh_obj_id__in=members),
        "access token": lambda: Q(user_id__in=members),
    }
    word = str(model.pgh_tracked_model._meta.verbose_name)
    if "dictionary" in names:
        versions = DictionaryVersion.objects.filter(study=study)
        return rows.filter(dictionary_id__in=versions.values("pk"))
    return rows.filter(narrow[word]()) if word in narrow else rows.none()


def _lines(events: list[tuple[str, Any]], dates: bool) -> list[Line]:
    people = people_of(event for _, event in events)
    before = _previous(events)
    patients = _pseudonyms(event for _, event in events)
    names = _names_of([event for _, event in events] + list(before.values()))
    lines = []
    for word, event in events:
        known = metadata_of(event)
        lines.append(
            Line(event, word, LABELS.get(event.pgh_label, event.pgh_label),
                 _subject(event, patients),
                 _differences(event, before.get(_key(event)), dates, names),
                 people.get(known.get("user") or 0), known.get("reason", ""), request_of(known))
        )  # fmt: skip
    return lines


def _key(event: Any) -> tuple[type, int]:
    return type(event), event.pgh_id


def _previous(events: list[tuple[str, Any]]) -> dict[tuple[type, int], Any]:
    """The event before each, of the same record: two queries per table."""
    found: dict[tuple[type, int], Any] = {}
    for model in {type(pair[1]) for pair in events}:
        if "pgh_obj" not in {field.name for field in model._meta.fields}:
            continue
        ids = [event.pgh_id for _, event in events if type(event) is model]
        earlier = model.objects.filter(
            pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")
        )
        pairs = dict(
            model.objects.filter(pgh_id__in=ids)
            .annotate(earlier=Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1]))
            .values_list("pgh_id", "earlier")
        )
        rows = model.objects.in_bulk([one for one in pairs.values() if one])
        found |= {(model, here): rows[e] for here, e in pairs.items() if e}
    return found


def _pseudonyms(events: Iterable[Any]) -> dict[int, str]:
    ids = {getattr(event, "patient_id", None) for event in events}
    rows = Patient.objects.filter(pk__in=[one for one in ids if one])
    return dict(rows.values_list("pk", "pseudonym"))


def _subject(event: Any, patients: dict[int, str]) -> str:
    if getattr(event, "patient_id", None):
        return patients.get(event.patient_id, _("a patient"))
    for name in ("pseudonym", "username", "name", "number"):
        if getattr(event, name, None):
            return str(getattr(event, name))
    if getattr(event, "user_id", None):
        user = get_user_model()._default_manager.filter(pk=event.user_id).first()
        return str(user or _("a person"))
    return ""


HIDDEN = {"id", "uid", "created_at", "row_version", "source_row", "pgh_id", "study", "patient",
          "batch", "query", "dictionary", "produced_by", "inputs_digest"}  # fmt: skip


Names = dict[tuple[type, int], str]


def _names_of(events: list[Any]) -> Names:
    """What the events' keys point to, in words: one query per kind of record."""
    wanted: dict[type[models.Model], set[int]] = {}
    for event in events:
        for field in event._meta.fields:
            pk = getattr(event, field.attname) if field.is_relation else None
            if pk and field.name not in HIDDEN and not field.name.startswith("pgh_"):
                wanted.setdefault(field.related_model, set()).add(pk)
    return {
        (model, row.pk): str(row)
        for model, ids in wanted.items()
        for row in model._default_manager.filter(pk__in=ids)
    }


def _differences(event: Any, before: Any, dates: bool, names: Names) -> list[tuple[str, str, str]]:
    """Fields that changed; what may hold a calendar date is named and not shown."""
    found = []
    clinical = hasattr(event, "patient_id") and not dates
    for field in event._meta.fields:
        name = field.name
        if name in HIDDEN or name.startswith("pgh_"):
            continue
        now = getattr(event, field.attname)
        was = getattr(before, field.attname) if before is not None else None
        if event.pgh_label == "delete":
            was, now = now, None
        if now == was or (before is None and now in ("", None, [], {})):
            continue
        if name == "values":
            found += _value_names(was or {}, now or {}, clinical)
            continue
        if field.is_relation:
            was, now = (names.get((field.related_model, pk), pk) for pk in (was, now))
        secret = clinical and isinstance(field, models.DateField)
        texts = (_("a date") if value else "" for value in (was, now)) if secret else (
            _word(was), _word(now)
        )  # fmt: skip
        found.append((name.replace("_", " "), *texts))
    return found


def _value_names(
    was: dict[str, Any], now: dict[str, Any], clinical: bool
) -> list[tuple[str, str, str]]:
    found = []
    for name in sorted({*was, *now}):
        if was.get(name) == now.get(name):
            continue
        before, after = write_value(was.get(name)), write_value(now.get(name))
        dated = "precision" in {**was.get(name, {}), **now.get(name, {})}
        secret = clinical and (dated or any(map(_DATED.fullmatch, (before, after))))
        if secret:
            before, after = (_("a date") if text else "" for text in (before, after))
        found.append((name, before, after))
    return found


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_word(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_word, value))
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
