"""The history of a whole study: every event of its records, people and tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from studies.access import visible
from studies.events import LABELS, metadata_of, people_of, request_of
from studies.methods.values import write_value
from studies.models import DictionaryVersion, Membership, Patient, Study, StudySite
from studies.paging import PAGE_SIZE as PAGE
from studies.paging import Page

AT_ONCE = 1000  # of a file
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

    @property
    def uid(self) -> str:
        """Its place among all events."""
        return f"{self.at.isoformat()}~{self.table}~{self.event.pgh_id}"


def tracked_tables() -> dict[str, Any]:
    """Event models of studies by the word for their record."""
    found = {}
    for model in apps.get_app_config("studies").get_models():
        tracked = getattr(model, "pgh_tracked_model", None)
        if tracked is not None:
            found[str(tracked._meta.verbose_name)] = model
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class Asked:
    """Which events: of a kind of record, by a person, of patients, between two days."""

    table: str = ""
    what: str = ""  # insert, update, delete
    person: int | None = None
    begins: str = ""  # of the pseudonym
    since: date | None = None
    until: date | None = None

    def narrow(self, rows: QuerySet) -> QuerySet:
        if self.what:
            rows = rows.filter(pgh_label=self.what)
        if self.person:
            rows = rows.filter(pgh_context__metadata__user=self.person)
        if self.since:
            rows = rows.filter(pgh_created_at__date__gte=self.since)
        if self.until:
            rows = rows.filter(pgh_created_at__date__lte=self.until)
        return rows


@dataclass(frozen=True)
class Changes:
    """The events that ``user`` may see, the newest first, as the source of a list.

    All events of a transaction have one time: a place is the time, the kind of record, and the
    number of the event among its kind.
    """

    user: Any
    study: Study
    asked: Asked = Asked()
    dates: bool = False

    def found(self, search: str) -> Changes:
        return replace(self, asked=replace(self.asked, begins=search))

    def page(self, order: str, place: Mapping[str, str]) -> Page:
        """One page after, or before, a place; one that is none begins at the start."""
        return self.sized_page(place, PAGE)

    def sized_page(self, place: Mapping[str, str], size: int) -> Page:
        after, before = _place(place.get("after", "")), _place(place.get("before", ""))
        backwards = before is not None and after is None
        events = self._events(before if backwards else after, size + 1, backwards)
        more, shown = len(events) > size, events[:size]
        if backwards:
            shown.reverse()
        lines = _lines(shown, self.dates)
        has_previous = more if backwards else after is not None
        word = _("{shown} shown").format(shown=len(lines))
        return Page(
            lines,
            lines[0].uid if lines and has_previous else None,
            lines[-1].uid if lines and (backwards or more) else None,
            word,
        )

    def first(self, order: str, most: int) -> list[Line]:
        lines: list[Line] = []
        place = ""
        while len(lines) < most:
            page = self.sized_page({"after": place}, AT_ONCE)
            lines += page.rows
            if page.next is None:
                break
            place = str(page.next)
        return lines[:most]

    def _events(self, place: Place | None, number: int, backwards: bool) -> list[tuple[str, Any]]:
        """The nearest events beyond the place, of every kind, in one order."""
        tables = tracked_tables()
        chosen = (
            {self.asked.table: tables[self.asked.table]} if self.asked.table in tables else tables
        )
        order = ("pgh_created_at", "pgh_id") if backwards else ("-pgh_created_at", "-pgh_id")
        events: list[tuple[str, Any]] = []
        for word, model in chosen.items():
            rows = self.asked.narrow(_events_of(model, self.user, self.study, self.asked.begins))
            if place:
                rows = rows.filter(_beyond(place, word, backwards))
            rows = rows.select_related("pgh_context").order_by(*order)
            events += [(word, event) for event in rows[:number]]
        events.sort(
            key=lambda pair: (pair[1].pgh_created_at, pair[0], pair[1].pgh_id),
            reverse=not backwards,
        )
        return events[:number]


Place = tuple[datetime, str, int]


def _place(text: str) -> Place | None:
    when, _, rest = text.partition("~")
    word, _, number = rest.partition("~")
    try:
        at = parse_datetime(when)
    except ValueError:
        return None
    if at is None or at.tzinfo is None or not number.isdecimal() or len(number) > 18:
        return None
    return at, word, int(number)


def _beyond(place: Place, word: str, backwards: bool) -> Q:
    """Events of the kind ``word`` that come after the place in the order of the list."""
    at, of, number = place
    side = "gt" if backwards else "lt"
    other = Q(**{f"pgh_created_at__{side}": at})
    if word == of:
        return other | Q(pgh_created_at=at, **{f"pgh_id__{side}": number})
    further = word > of if backwards else word < of
    return other | Q(pgh_created_at=at) if further else other


def _events_of(model: Any, user: Any, study: Study, begins: str = "") -> QuerySet:
    """Events of a study's rows; people, tokens and sites as far as they are the study's.

    ``begins``: of patients alone, those whose pseudonym begins so.
    """
    names = {field.name for field in model._meta.fields}
    rows = model.objects.all()
    if "patient" in names:
        mine = visible(Patient.objects.all(), user, study)
        mine = mine.filter(pseudonym__begins=begins) if begins else mine
        return rows.filter(study=study, patient_id__in=mine.values("pk"))
    if begins:
        own = "pseudonym" in names and "study" in names
        return rows.filter(study=study, pseudonym__startswith=begins) if own else rows.none()
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
