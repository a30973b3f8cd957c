"""Endpoints of patients from their dated facts, kept with the digest of what went in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pghistory
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from studies.access import memberships_of, require
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.dates import ClinicalDate
from studies.methods.endpoint_rules import KINDS, PatientCourse, check_rule, derive_endpoint
from studies.methods.endpoints import ResponseClass, SurvivalTime
from studies.methods.problems import refuse
from studies.methods.wording import say
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
    courses = _courses(patients)
    values, notices = [], []
    for name in KINDS:
        definition = endpoint_definition(study, name)
        for patient in patients:
            value = _value(patient, definition, courses[patient.pk], job)
            values.append(value)
            notices += [
                EndpointNotice(patient.pseudonym, name, note["code"], note["text"])
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
        study=study, name=name, version=1, rule=KINDS[name].default
    )


@transaction.atomic
def endpoint_change_start(
    study: Study, user: Any, name: str, rule: Mapping[str, Any], reason: str
) -> Job:
    """Queue another rule for an endpoint: a new version, with the values of everybody under it.

    Raises
    ------
    DataProblem
        A rule that is none, the rule in force, or no reason.
    PermissionDenied
        Without ``manage`` and ``rows`` of all sites: every patient gets a new value.
    """
    require(user, study, "manage")
    if not any(m.site_id is None and "rows" in m.rights for m in memberships_of(user, study)):
        raise PermissionDenied("This needs the right 'rows' of all sites.")
    whole = check_rule(name, rule)
    now = endpoint_definition(study, name)
    if whole == check_rule(name, now.rule):
        raise refuse(
            "rule",
            say("the rule of version {version}", version=now.version),
            "another rule",
            "Change a part of it.",
        )
    if not reason.strip():
        raise refuse("reason", "blank", "why the rule changes", "Write a line.", column="reason")
    parts = {part.name: whole[part.name] for part in KINDS[name].parts}
    params = {"endpoint": name, "rule": parts, "reason": reason.strip()}
    key = f"endpoint:{study.pk}:{name}:{now.version + 1}:{inputs_digest(whole)}"
    started = Job.objects.filter(idempotency_key=key).first()
    again = started is not None and started.has_ended
    return enqueue("studies.endpoint_change", study, user, params=params,
                   idempotency_key=None if again else key)  # fmt: skip


@transaction.atomic
def endpoint_change(
    study: Study,
    name: str,
    rule: Mapping[str, Any],
    reason: str,
    job: Job | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Put a new version in force together with its values; the old ones keep theirs.

    Nobody computes an endpoint of the study meanwhile, so that no patient is left behind.
    """
    _lock(study, shared=False)
    now, whole = endpoint_definition(study, name), check_rule(name, rule)
    if check_rule(name, now.rule) == whole:
        return {"version": now.version, "patients": 0, "changed": 0}
    with pghistory.context(reason=reason):
        definition = EndpointDefinition.objects.create(
            study=study, name=name, version=now.version + 1, rule=whole
        )
    patients = Patient.objects.filter(study=study).order_by("pk")
    total, done, changed = patients.count(), 0, 0
    for chunk in batched(patients.iterator(CHUNK), CHUNK):
        courses, before = _courses(chunk), _told(now, chunk)
        values = [_value(patient, definition, courses[patient.pk], job) for patient in chunk]
        changed += sum(before.get(value.patient_id) != _outcome(value) for value in values)
        _write(values)
        done += len(chunk)
        progress(done, total, f"{done} of {total} patients")
    return {"version": definition.version, "patients": total, "changed": changed}


def batched(rows: Iterable[Patient], size: int) -> Iterator[list[Patient]]:
    chunks = iter(rows)
    while chunk := list(islice(chunks, size)):
        yield chunk


def _told(definition: EndpointDefinition, patients: Sequence[Patient]) -> dict[int, Any]:
    """What a definition said of these patients last."""
    rows = EndpointValue.objects.filter(definition=definition, patient__in=patients).order_by("id")
    return {row.patient_id: _outcome(row) for row in rows}


def _outcome(value: EndpointValue) -> tuple[float | None, bool | None, str]:
    return value.duration_days, value.event, value.label


def endpoints_hold(study: Study) -> None:
    """Taken before any row is locked by whoever will derive values in the same transaction.

    Otherwise a writer who holds a patient and a change of a rule would wait for each other.
    """
    _lock(study, shared=True)


def _lock(study: Study, shared: bool) -> None:
    """Until the transaction ends: many may derive values at once, or one may change a rule."""
    verb = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {verb}(%s, %s)", [_LOCK, study.pk & 0x7FFFFFFF])


def _courses(patients: Sequence[Patient]) -> dict[int, PatientCourse]:
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
    return found


def _date(row: Any) -> ClinicalDate:
    return ClinicalDate(row.date, row.precision)


def _value(
    patient: Patient, definition: EndpointDefinition, course: PatientCourse, job: Job | None
) -> EndpointValue:
    derived: SurvivalTime | ResponseClass = derive_endpoint(
        definition.name, definition.rule, course
    )
    value = EndpointValue(
        patient=patient,
        definition=definition,
        produced_by=job,
        inputs_digest=inputs_digest(definition.name, definition.version, definition.rule, course),
        notices=[notice.as_dict() for notice in derived.notices],
    )
    if isinstance(derived, SurvivalTime):
        value.duration_days, value.event = derived.duration_days, derived.event
    else:
        value.label = derived.label
    return value
