"""Reads for a patient's page: each endpoint with what is known of it, and what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from studies.methods.dates import ClinicalDate
from studies.methods.endpoint_kinds import SHIPPED, kind_of, read_rule, title_of
from studies.methods.endpoint_rules import METHOD_VERSION
from studies.methods.endpoints import best_overall_response, response_at_6_months
from studies.methods.recist import MeasuredCourse, category_of
from studies.models import EndpointValue, Patient

BY_ENTRY = ("dated", "assessed")  # a progression that somebody has to enter


@dataclass(frozen=True)
class EndpointSaid:
    """An endpoint; ``measured`` is the response by lesion measurements where none is entered."""

    value: EndpointValue
    measured: str = ""

    @property
    def is_survival(self) -> bool:
        return kind_of(self.value.definition.name, self.value.definition.rule).is_survival

    @property
    def is_outdated(self) -> bool:
        """Whether an earlier version of the method gave it."""
        return self.value.method_version < METHOD_VERSION


@dataclass(frozen=True)
class WaitingProgression:
    """A PD by lesion measurements that an endpoint does not count, as nobody entered it."""

    value: EndpointValue
    day: int  # from the start of treatment

    @property
    def title(self) -> str:
        return title_of(self.value.definition.name, self.value.definition.rule)


def endpoints_said(
    values: Sequence[EndpointValue], course: MeasuredCourse, started: date | None
) -> list[EndpointSaid]:
    return [EndpointSaid(value, _measured(value, course, started)) for value in values]


def _measured(value: EndpointValue, course: MeasuredCourse, started: date | None) -> str:
    """What the measurements alone would say of a response that was not entered."""
    name, rule = value.definition.name, value.definition.rule
    kind = kind_of(name, rule)
    if kind.is_survival or value.label or started is None or not course.points:
        return ""
    start = ClinicalDate(started)
    labels = [(ClinicalDate(point.day), category_of(point)) for point in course.points]
    if kind.name == "best_overall_response":
        return best_overall_response(labels, start).label
    whole = read_rule(name, rule)
    found = response_at_6_months(
        start, labels, day=whole["day"], window_days=whole["window_days"],
        earlier_counts=whole["earlier_progression_or_death"] == "PD",
    )  # fmt: skip
    return found.label


def waiting_progression(
    patient: Patient,
    values: Sequence[EndpointValue],
    course: MeasuredCourse,
    started: date | None,
) -> WaitingProgression | None:
    """The first measured PD, where no progression is entered and an endpoint, by its rule, goes by
    entered ones: progression-free survival before those that the study named."""
    point = next((one for one in course.points if one.response == "PD"), None)
    if point is None or started is None or patient.progressions.all():
        return None
    assessed = any(row.result == "PD" for row in patient.response_assessments.all())
    for value in sorted(values, key=lambda value: value.definition.name not in SHIPPED):
        rule = read_rule(value.definition.name, value.definition.rule)
        counts = rule.get("progression") == "assessed" and assessed
        if rule.get("progression") in BY_ENTRY and value.duration_days is not None and not counts:
            return WaitingProgression(value, (point.day - started).days)
    return None
