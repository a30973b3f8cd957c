"""Endpoint values that an earlier version of the method gave are derived again, as a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from studies.access import memberships_of, require
from studies.endpoint_rules import outdated_patients
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.endpoint_rules import METHOD_VERSION
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import ENDED, EndpointValue, Job, Patient, Study

from .endpoints import endpoints_compute, endpoints_stop

CHUNK = 500  # whoever enters data of the study waits for so many patients at most
KIND = "studies.endpoints_derive"


@dataclass
class DerivedAgain:
    """How many patients were derived again, how many got another value, and who could not be."""

    patients: int = 0
    changed: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        return {"patients": self.patients, "changed": self.changed}


@transaction.atomic
def endpoints_derive_start(study: Study, user: Any) -> Job:
    """Queue it, or give the job that is under way.

    Raises
    ------
    PermissionDenied
        Without ``manage`` and ``rows`` of all sites.
    """
    require(user, study, "manage")
    if not any(m.site_id is None and "rows" in m.rights for m in memberships_of(user, study)):
        raise PermissionDenied(say("This needs the right 'rows' of all sites."))
    under_way = Job.objects.filter(study=study, kind=KIND).exclude(state__in=ENDED).first()
    return under_way or enqueue(KIND, study, user, params={"method": METHOD_VERSION})


def endpoints_derive(
    study: Study, job: Job | None = None, progress: Progress = no_progress
) -> DerivedAgain:
    """Derive again whatever an earlier version of the method gave; some patients at a time.

    Facts that today's method refuses are told patient by patient, and hold back nobody else. No
    fact changes while some are derived: what is made of earlier ones must not come last, and speak.
    """
    waiting = list(outdated_patients(study).order_by("pk").values_list("pk", flat=True))
    found = DerivedAgain()
    for begin in range(0, len(waiting), CHUNK):
        with transaction.atomic():
            endpoints_stop(study)
            _derive(study, _still_outdated(waiting[begin : begin + CHUNK]), job, found)
        done = min(begin + CHUNK, len(waiting))
        progress(done, len(waiting), say("{done} of {total} patients",
                                         done=done, total=len(waiting)))  # fmt: skip
    return found


def _derive(
    study: Study, patients: Sequence[Patient], job: Job | None, found: DerivedAgain
) -> None:
    """All of them at once, or one by one where one of them is refused."""
    before = _rows(patients).count()
    try:
        with transaction.atomic():
            endpoints_compute(study, patients, job)
    except DataProblem as refusal:
        if len(patients) > 1:
            for patient in patients:
                _derive(study, [patient], job, found)
            return
        found.problems += [_of(patients[0], problem) for problem in refusal.problems]
        return
    found.patients += len(patients)
    found.changed += _rows(patients).count() - before


def _still_outdated(ids: Sequence[int]) -> list[Patient]:
    """Without those who were derived, or purged, since they were listed."""
    old = EndpointValue.objects.filter(patient__in=ids, method_version__lt=METHOD_VERSION)
    return list(Patient.objects.filter(pk__in=old.values("patient_id")))


def _rows(patients: Sequence[Patient]) -> QuerySet[EndpointValue]:
    return EndpointValue.objects.filter(patient__in=patients)


def _of(patient: Patient, problem: Problem) -> dict[str, Any]:
    where = say("{pseudonym}: {where}", pseudonym=patient.pseudonym, where=say(problem.where))
    told = Problem(where, problem.found, problem.expected, problem.remedy)
    return told.as_dict()
