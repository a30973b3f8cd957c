"""Endpoints of patients from their dated facts, kept with the digest of what went in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from studies.methods.dates import ClinicalDate
from studies.methods.endpoint_kinds import KINDS, SHIPPED
from studies.methods.endpoint_rules import METHOD_VERSION, PatientCourse, derive_endpoint
from studies.methods.endpoints import ResponseClass, SurvivalTime
from studies.models import (
    Contact,
    ContactKind,
    Death,
    EndpointDefinition,
    EndpointValue,
    Job,
    LesionMeasurement,
    Patient,
    Progression,
    ResponseAssessment,
    Study,
    Treatment,
)

from .files import inputs_digest, of_method

CHUNK = 2000
_LOCK = 0x656E6470  # "endp": a key of its own among the database's advisory locks


@dataclass(frozen=True)
class EndpointNotice:
    """What is worth knowing of one endpoint of one patient."""

    pseudonym: str
    endpoint: str
    code: str
    text: str


def endpoints_compute(
    study: Study, patients: Sequence[Patient], job: Job | None = None
) -> list[EndpointNotice]:
    """Derive every endpoint of these patients; an unchanged input keeps the stored value."""
    endpoints_hold(study)
    courses = courses_of(patients)
    values, notices = [], []
    for definition in endpoint_definitions(study):
        for patient in patients:
            value = value_of(patient, definition, courses[patient.pk], job)
            values.append(value)
            notices += [
                EndpointNotice(patient.pseudonym, definition.name, note["code"], note["text"])
                for note in value.notices
            ]
    endpoint_values_write(values, courses)
    return notices


def endpoint_values_write(
    values: list[EndpointValue], courses: Mapping[int, PatientCourse]
) -> None:
    """New rows for changed inputs; a correction that is taken back speaks again as the newest.

    What an earlier version of the method gave for the same facts stays, with its digest, as long as
    today's gives the same: what was made of it is not out of date.
    """
    ids = {value.patient_id for value in values}
    stored = EndpointValue.objects.filter(patient_id__in=ids).order_by("id")
    newest: dict[tuple[int, int], EndpointValue] = {}
    earlier: dict[tuple[int, int, str], int] = {}
    for row in stored:
        newest[row.patient_id, row.definition_id] = row
        earlier[row.patient_id, row.definition_id, row.inputs_digest] = row.pk
    changed, confirmed = [], []
    for value in values:
        last = newest.get((value.patient_id, value.definition_id))
        if last is None or not _is_of(last, value, courses[value.patient_id]):
            changed.append(value)
        elif last.method_version != value.method_version:
            last.method_version, last.source = value.method_version, value.source
            last.notices = value.notices
            confirmed.append(last)
    EndpointValue.objects.bulk_update(confirmed, ["method_version", "source", "notices"], CHUNK)
    taken_back = [
        earlier[key]
        for value in changed
        if (key := (value.patient_id, value.definition_id, value.inputs_digest)) in earlier
    ]
    EndpointValue.objects.filter(pk__in=taken_back).delete()
    EndpointValue.objects.bulk_create(changed, ignore_conflicts=True)


def _is_of(last: EndpointValue, value: EndpointValue, course: PatientCourse) -> bool:
    """Whether a stored value is what the same facts give today."""
    if last.inputs_digest == value.inputs_digest:
        return True
    same = (last.duration_days, last.event, last.label) == (
        value.duration_days, value.event, value.label
    )  # fmt: skip
    return same and any(
        last.inputs_digest == outcome_digest(value.definition, course, method)
        for method in range(1, METHOD_VERSION)
    )


def outcome_digest(definition: EndpointDefinition, course: PatientCourse, method: int) -> str:
    """Digest of all that a value is made of, the method's version among it (1 said none)."""
    said = of_method("endpoint", method)
    return inputs_digest(*said, definition.name, definition.version, definition.rule, course)


def endpoint_definition(study: Study, name: str) -> EndpointDefinition:
    """The newest definition; the default rule of a shipped endpoint becomes version 1."""
    newest = EndpointDefinition.objects.filter(study=study, name=name).order_by("-version").first()
    return newest or EndpointDefinition.objects.create(
        study=study, name=name, version=1, rule=KINDS[name].default
    )


def rules_in_force(study: Study) -> dict[str, Any]:
    """By name the newest rule of every endpoint: of the shipped ones the default, until one is."""
    rows = EndpointDefinition.objects.filter(study=study).order_by("name", "-version")
    newest = {row.name: row.rule for row in rows.distinct("name")}
    return {**{name: KINDS[name].default for name in SHIPPED}, **newest}


def endpoint_definitions(study: Study) -> list[EndpointDefinition]:
    """The newest definition of every endpoint: the shipped ones, then those that were named."""
    rows = EndpointDefinition.objects.filter(study=study).order_by("name", "-version")
    newest = {row.name: row for row in rows.distinct("name")}
    shipped = [newest.get(name) or endpoint_definition(study, name) for name in SHIPPED]
    return [*shipped, *(row for name, row in newest.items() if name not in SHIPPED)]


def endpoints_hold(study: Study) -> None:
    """Taken before any row is locked by whoever will derive values in the same transaction.

    Otherwise a writer who holds a patient and a change of a rule would wait for each other.
    """
    _lock(study, shared=True)


def endpoints_stop(study: Study) -> None:
    """Nobody derives a value of the study until the transaction ends."""
    _lock(study, shared=False)


def _lock(study: Study, shared: bool) -> None:
    """Until the transaction ends: many may derive values at once, or one may change a rule."""
    verb = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {verb}(%s, %s)", [_LOCK, study.pk & 0x7FFFFFFF])


def courses_of(patients: Sequence[Patient]) -> dict[int, PatientCourse]:
    ids = [patient.pk for patient in patients]
    found: dict[int, PatientCourse] = defaultdict(PatientCourse)
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
    for measured in LesionMeasurement.objects.filter(patient_id__in=ids).order_by("date", "id"):
        found[measured.patient_id].lesions.append(measured.found)
    return found


def _date(row: Any) -> ClinicalDate:
    return ClinicalDate(row.date, row.precision)


def value_of(
    patient: Patient, definition: EndpointDefinition, course: PatientCourse, job: Job | None
) -> EndpointValue:
    derived: SurvivalTime | ResponseClass = derive_endpoint(
        definition.name, definition.rule, course
    )
    value = EndpointValue(
        patient=patient,
        definition=definition,
        produced_by=job,
        inputs_digest=outcome_digest(definition, course, METHOD_VERSION),
        method_version=METHOD_VERSION,
        notices=[notice.as_dict() for notice in derived.notices],
    )
    if isinstance(derived, SurvivalTime):
        value.duration_days, value.event = derived.duration_days, derived.event
        value.source = derived.source
    else:
        value.label = derived.label
    return value
