"""Reads for a patient's page: each endpoint with what is known of it, and what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from studies.methods.dates import ClinicalDate
from studies.methods.endpoint_kinds import SHIPPED, kind_of, read_rule, title_of
from studies.methods.endpoint_rules import METHOD_VERSION, PatientCourse, derive_endpoint
from studies.methods.endpoints import ResponseClass
from studies.methods.recist import MeasuredCourse
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
    patient: Patient, values: Sequence[EndpointValue], started: date | None
) -> list[EndpointSaid]:
    return [EndpointSaid(value, _measured(patient, value, started)) for value in values]


def _measured(patient: Patient, value: EndpointValue, started: date | None) -> str:
    """What the measurements alone would give, under the study's rule, where none was entered."""
    name, rule = value.definition.name, value.definition.rule
    lesions = [row.found for row in patient.lesion_measurements.all()]
    if kind_of(name, rule).is_survival or value.label or started is None or not lesions:
        return ""
    progressed, died = (
        min((ClinicalDate(row.date, row.precision) for row in rows), default=None)
        for rows in (patient.progressions.all(), patient.deaths.all())
    )
    course = PatientCourse(ClinicalDate(started), progressed, died, lesions=lesions)
    found = derive_endpoint(name, {**rule, "responses": "measured"}, course)
    return found.label if isinstance(found, ResponseClass) else ""


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
