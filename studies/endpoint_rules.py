"""Reads for the page of endpoints: every rule in words, with who changed it and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from studies import access
from studies.endpoint_standings import standings
from studies.events import metadata_of, people_of
from studies.methods.endpoint_kinds import KINDS, SHIPPED, kind_of, spoken_rule, title_of
from studies.methods.endpoint_rules import METHOD_VERSION
from studies.methods.recist import DISAGREE
from studies.models import EndpointDefinition, EndpointStanding, EndpointValue, Patient, Study


@dataclass(frozen=True)
class RuleVersion:
    """One version: its lines, those that the version before it said otherwise, how many values."""

    number: int
    lines: list[tuple[str, str]]
    changed: frozenset[str]
    since: Any = None
    by: Any = None
    reason: str = ""
    values: int = 0


@dataclass(frozen=True)
class EndpointView:
    name: str
    title: str
    kind: str  # its title, where the study named the endpoint itself
    now: RuleVersion
    earlier: list[RuleVersion]
    standing: EndpointStanding | None = None  # the newest word on whether it is offered

    @property
    def is_retired(self) -> bool:
        return self.standing is not None and not self.standing.is_offered


def endpoint_rules(study: Study) -> list[EndpointView]:
    """Each endpoint with its versions, the newest first; none yet: the rule it will begin with."""
    every = EndpointDefinition.objects.filter(study=study).annotate(used=Count("values"))
    by_name: dict[str, list[EndpointDefinition]] = {}
    for row in every.order_by("name", "version"):
        by_name.setdefault(row.name, []).append(row)
    events = _events(study)
    people, said = people_of(events.values()), standings(study)
    found = []
    for name in dict.fromkeys([*SHIPPED, *by_name]):
        rows = by_name.get(name, [])
        rule = rows[-1].rule if rows else KINDS[name].default
        told = _versions(name, rows, events, people)
        first = RuleVersion(0, spoken_rule(name, rule), frozenset())
        kind = "" if name in SHIPPED else kind_of(name, rule).title
        now = told[0] if told else first
        title = title_of(name, rule)
        found.append(EndpointView(name, title, kind, now, told[1:], said.get(name)))
    return sorted(found, key=lambda one: one.is_retired)


def outdated_patients(study: Study) -> QuerySet[Patient]:
    """Patients of whom a value that speaks comes from an earlier version of the method."""
    newer = EndpointValue.objects.filter(
        Q(definition__version__gt=OuterRef("definition__version"))
        | Q(definition__version=OuterRef("definition__version"), pk__gt=OuterRef("pk")),
        patient=OuterRef("patient"),
        definition__name=OuterRef("definition__name"),
    )
    old = EndpointValue.objects.filter(study=study, method_version__lt=METHOD_VERSION)
    speaking = old.filter(~Exists(newer))
    return Patient.objects.filter(study=study, pk__in=speaking.values("patient_id"))


@dataclass(frozen=True)
class Disagreement:
    """A patient whose entered and measured responses differ, and how."""

    patient: Patient
    texts: list[dict[str, Any]]


def disagreements(user: Any, study: Study, most: int = 50) -> list[Disagreement]:
    """Patients of whom what was entered and what was measured differ, as far as the user sees."""
    values = EndpointValue.objects.filter(study=study, definition__name="best_overall_response")
    newer = values.filter(patient=OuterRef("patient"), pk__gt=OuterRef("pk"))
    told = Q()
    for code in DISAGREE:
        told |= Q(notices__contains=[{"code": code}])
    found = access.visible(values.filter(told, ~Exists(newer)), user, study)
    return [
        Disagreement(row.patient, [note for note in row.notices if note["code"] in DISAGREE])
        for row in found.select_related("patient").order_by("patient__pseudonym")[:most]
    ]


def _versions(
    name: str, rows: list[EndpointDefinition], events: dict[int, Any], people: dict[int, Any]
) -> list[RuleVersion]:
    found: list[RuleVersion] = []
    before: dict[str, str] = {}
    for row in rows:
        lines, known = spoken_rule(name, row.rule), metadata_of(events.get(row.pk))
        changed = frozenset(label for label, text in lines if before and before[label] != text)
        found.append(
            RuleVersion(row.version, lines, changed, row.created_at,
                        people.get(known.get("user") or 0), known.get("reason", ""), row.used)
        )  # fmt: skip
        before = dict(lines)
    return found[::-1]


def _events(study: Study) -> dict[int, Any]:
    """The event that made each definition."""
    model: Any = EndpointDefinition.pgh_event_model  # type: ignore[attr-defined]
    rows = model.objects.filter(study=study, pgh_label="insert").select_related("pgh_context")
    return {event.pgh_obj_id: event for event in rows}
