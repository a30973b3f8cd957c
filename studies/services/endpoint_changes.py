"""Another rule for an endpoint, or an endpoint of the study's own: one job, one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pghistory
from django.core.exceptions import PermissionDenied
from django.db import transaction

from studies.access import memberships_of, require
from studies.endpoint_standings import is_retired
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.endpoint_kinds import KINDS, SHIPPED, check_rule, kind_of, read_rule
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import EndpointDefinition, EndpointValue, Job, Patient, Study, Variable

from .endpoints import (
    CHUNK,
    courses_of,
    endpoint_definition,
    endpoint_values_write,
    endpoints_stop,
    value_of,
)
from .files import inputs_digest

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


@transaction.atomic
def endpoint_change_start(
    study: Study, user: Any, name: str, rule: Mapping[str, Any], reason: str
) -> Job:
    """Queue another rule for an endpoint: a new version, with the values of everybody under it.

    Raises
    ------
    DataProblem
        A rule that is none, the rule in force, an endpoint that is retired, or no reason.
    PermissionDenied
        Without ``manage`` and ``rows`` of all sites: every patient gets a new value.
    """
    _may_change(user, study)
    now = endpoint_definition(study, name)
    if is_retired(study, name):
        raise refuse("endpoint", say("retired"), "one that is offered", "Offer it again first.")
    in_force = read_rule(name, now.rule)
    whole = check_rule(name, {**in_force, **rule})
    if whole == in_force:
        raise refuse("rule", say("the rule of version {version}", version=now.version),
                     "another rule", "Change a part of it.")  # fmt: skip
    return _start(study, user, name, now.version + 1, whole, reason)


@transaction.atomic
def endpoint_create_start(
    study: Study,
    user: Any,
    name: str,
    kind: str,
    title: str,
    rule: Mapping[str, Any],
    reason: str,
) -> Job:
    """Queue an endpoint of the study's own: its first version, with everybody's values.

    Raises
    ------
    DataProblem
        A name that is none or taken, no title, no such kind, a rule that is none, or no reason.
    PermissionDenied
        As ``endpoint_change_start``.
    """
    _may_change(user, study)
    if problems := _name_problems(study, name, kind, title):
        raise DataProblem(problems)
    whole = check_rule(name, {**rule, "kind": kind, "title": title.strip()})
    return _start(study, user, name, 1, whole, reason)


def _may_change(user: Any, study: Study) -> None:
    require(user, study, "manage")
    if not any(m.site_id is None and "rows" in m.rights for m in memberships_of(user, study)):
        raise PermissionDenied(say("This needs the right 'rows' of all sites."))


def _name_problems(study: Study, name: str, kind: str, title: str) -> list[Problem]:
    """A name is a column's: small letters, and nothing else of the study has it."""
    found = []
    taken = (
        name in KINDS
        or EndpointDefinition.objects.filter(study=study, name=name).exists()
        or Variable.objects.filter(dictionary__study=study, name=name).exists()
    )
    if not _NAME.fullmatch(name):
        expected = say("small letters, digits and '_', at most 40, a letter first")
        found.append(Problem("name", repr(name), expected, "Choose another.", column="name"))
    elif taken:
        found.append(Problem("name", say("{name}, which is taken", name=name),
                             "a name that is new in the study", "Choose another.",
                             column="name"))  # fmt: skip
    if not title.strip():
        found.append(
            Problem("title", say("blank"), "how pages spell it", "Write it.", column="title")
        )
    if kind not in KINDS:
        expected = say("one of {known}", known=", ".join(KINDS))
        found.append(Problem("kind", repr(kind), expected, "Choose one.", column="kind"))
    return found


def _start(
    study: Study, user: Any, name: str, version: int, whole: Mapping[str, Any], reason: str
) -> Job:
    """The job that puts a rule in force; the same one is not queued twice."""
    if not reason.strip():
        raise refuse("reason", say("blank"), "why", "Write a line.", column="reason")
    parts = {part.name: whole[part.name] for part in kind_of(name, whole).parts}
    params = {"endpoint": name, "rule": {**_of_the_study(whole), **parts}, "reason": reason.strip()}
    key = f"endpoint:{study.pk}:{name}:{version}:{inputs_digest(dict(whole))}"
    started = Job.objects.filter(idempotency_key=key).first()
    again = started is not None and started.has_ended
    return enqueue("studies.endpoint_change", study, user, params=params,
                   idempotency_key=None if again else key)  # fmt: skip


def _of_the_study(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule says of an endpoint that the study named itself."""
    return {key: rule[key] for key in ("kind", "title") if key in rule}


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
    endpoints_stop(study)
    whole = check_rule(name, rule)
    rows = EndpointDefinition.objects.filter(study=study, name=name).order_by("-version")
    now = endpoint_definition(study, name) if name in SHIPPED else rows.first()
    if now and read_rule(name, now.rule) == whole:
        return {"version": now.version, "patients": 0, "changed": 0}
    with pghistory.context(reason=reason):
        definition = EndpointDefinition.objects.create(
            study=study, name=name, version=now.version + 1 if now else 1, rule=whole
        )
    patients = Patient.objects.filter(study=study).order_by("pk")
    total, done, changed = patients.count(), 0, 0
    for chunk in batched(patients.iterator(CHUNK), CHUNK):
        courses, before = courses_of(chunk), _told(now, chunk) if now else {}
        values = [value_of(patient, definition, courses[patient.pk], job) for patient in chunk]
        changed += sum(before.get(value.patient_id) != _outcome(value) for value in values)
        endpoint_values_write(values, courses)
        done += len(chunk)
        progress(done, total, say("{done} of {total} patients", done=done, total=total))
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
