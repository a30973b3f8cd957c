"""Endpoints of patients from their dated facts, kept with the digest of what went in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from studies.methods.dates import ClinicalDate
from studies.methods.endpoints import (
    RESPONSE_WINDOW_DAYS,
    SIX_MONTHS_DAYS,
    ResponseClass,
    SurvivalTime,
    best_overall_response,
    overall_survival,
    progression_free_survival,
    response_at_6_months,
)
from studies.methods.problems import Notice
from studies.models import (
    Contact,
    ContactKind,
    Death,
    EndpointDefinition,
    EndpointValue,
    Job,
    Patient,
    Progression,
    ResponseAssessment,
    Study,
    Treatment,
)

from .files import inputs_digest

RULES: dict[str, dict[str, Any]] = {
    "overall_survival": {
        "from": "index treatment start",
        "event": "death",
        "censored": "last known alive",
        "partial_dates": "excluded",
    },
    "progression_free_survival": {
        "from": "index treatment start",
        "event": "first of progression and death",
        "censored": "last adequate imaging",
        "partial_dates": "excluded",
    },
    "response_at_6_months": {
        "day": SIX_MONTHS_DAYS,
        "window_days": RESPONSE_WINDOW_DAYS,
        "earlier_progression_or_death": "PD",
        "responder": ["CR", "PR"],
    },
    "best_overall_response": {"order": ["CR", "PR", "SD", "PD"], "responder": ["CR", "PR"]},
}


class _Facts:
    """The dated facts of one patient."""

    def __init__(self) -> None:
        self.started: ClinicalDate | None = None
        self.progressed: ClinicalDate | None = None
        self.died: ClinicalDate | None = None
        self.alive: list[ClinicalDate] = []
        self.assessed: list[ClinicalDate] = []
        self.responses: list[tuple[ClinicalDate, str]] = []

    def known_alive(self) -> list[ClinicalDate]:
        """Every day that proves life, so that PFS never exceeds OS.

        A progression or response known to the month only would prove no day.
        """
        seen = [day for day, _ in self.responses]
        if self.progressed is not None:
            seen.append(self.progressed)
        return [*self.alive, *self.assessed, *(day for day in seen if day.is_exact)]

    def __str__(self) -> str:
        return repr((self.started, self.progressed, self.died, self.alive, self.assessed)) + repr(
            self.responses
        )


_DERIVE: dict[str, Callable[[_Facts], SurvivalTime | ResponseClass]] = {
    "overall_survival": lambda f: overall_survival(f.started, f.died, f.known_alive()),
    "progression_free_survival": lambda f: progression_free_survival(
        f.started, f.progressed, f.died, f.assessed
    ),
    "response_at_6_months": lambda f: response_at_6_months(
        f.started, f.responses, f.progressed, f.died
    ),
    "best_overall_response": lambda f: best_overall_response(f.responses),
}


def endpoints_compute(
    study: Study, patients: Sequence[Patient], job: Job | None = None
) -> list[Notice]:
    """Derive every endpoint of these patients; an unchanged input keeps the stored value."""
    facts = _facts(patients)
    values, notices = [], []
    for name, derive in _DERIVE.items():
        definition = endpoint_definition(study, name)
        for patient in patients:
            value = _value(patient, definition, derive(facts[patient.pk]), facts[patient.pk])
            value.produced_by = job
            values.append(value)
            notices += [
                Notice(note["code"], f"{patient.pseudonym}, {name}: {note['text']}")
                for note in value.notices
            ]
    _write(values)
    return notices


def _write(values: list[EndpointValue]) -> None:
    """New rows for changed inputs; a correction that is taken back speaks again as the newest."""
    ids = {value.patient_id for value in values}
    stored = EndpointValue.objects.filter(patient_id__in=ids).order_by("id")
    newest: dict[tuple[int, int], EndpointValue] = {}
    earlier: dict[tuple[int, int, str], int] = {}
    for row in stored:
        newest[row.patient_id, row.definition_id] = row
        earlier[row.patient_id, row.definition_id, row.inputs_digest] = row.pk
    changed = [
        value
        for value in values
        if (last := newest.get((value.patient_id, value.definition_id))) is None
        or last.inputs_digest != value.inputs_digest
    ]
    taken_back = [
        earlier[key]
        for value in changed
        if (key := (value.patient_id, value.definition_id, value.inputs_digest)) in earlier
    ]
    EndpointValue.objects.filter(pk__in=taken_back).delete()
    EndpointValue.objects.bulk_create(changed, ignore_conflicts=True)


def endpoint_definition(study: Study, name: str) -> EndpointDefinition:
    """The newest definition; the default rule becomes version 1."""
    newest = EndpointDefinition.objects.filter(study=study, name=name).order_by("-version").first()
    return newest or EndpointDefinition.objects.create(
        study=study, name=name, version=1, rule=RULES[name]
    )


def _facts(patients: Sequence[Patient]) -> dict[int, _Facts]:
    ids = [patient.pk for patient in patients]
    found: dict[int, _Facts] = defaultdict(_Facts)
    for start in Treatment.objects.filter(patient_id__in=ids, is_index=True):
        found[start.patient_id].started = _date(start)
    for progression in Progression.objects.filter(patient_id__in=ids).order_by("-date"):
        found[progression.patient_id].progressed = _date(progression)
    for death in Death.objects.filter(patient_id__in=ids):
        found[death.patient_id].died = _date(death)
    for contact in Contact.objects.filter(patient_id__in=ids).order_by("date"):
        of_patient = found[contact.patient_id]
        alive = contact.kind == ContactKind.ALIVE
        (of_patient.alive if alive else of_patient.assessed).append(_date(contact))
    for seen in ResponseAssessment.objects.filter(patient_id__in=ids).order_by("date"):
        found[seen.patient_id].responses.append((_date(seen), seen.result))
    return found


def _date(row: Any) -> ClinicalDate:
    return ClinicalDate(row.date, row.precision)


def _value(
    patient: Patient,
    definition: EndpointDefinition,
    derived: SurvivalTime | ResponseClass,
    facts: _Facts,
) -> EndpointValue:
    value = EndpointValue(
        patient=patient,
        definition=definition,
        inputs_digest=inputs_digest(definition.name, definition.version, definition.rule, facts),
        notices=[notice.as_dict() for notice in derived.notices],
    )
    if isinstance(derived, SurvivalTime):
        value.duration_days, value.event = derived.duration_days, derived.event
    else:
        value.label = derived.label
    return value
