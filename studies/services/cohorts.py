"""Cohorts: made, filled, frozen. What a cohort is for decides who may be in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from studies.access import require
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import (
    USE_OF_ROLE,
    Cohort,
    CohortMember,
    CohortRole,
    CohortUse,
    Patient,
    PatientStatus,
    Study,
)

GONE = (PatientStatus.EXCLUDED, PatientStatus.WITHDRAWN)


@transaction.atomic
def cohort_create(study: Study, user: Any, name: str, role: str) -> Cohort:
    """A cohort of a role; the role says whether it develops, validates or describes.

    Raises
    ------
    DataProblem
        No name, a name that is taken, an unknown role.
    """
    require(user, study, "enter")
    name, problems = name.strip(), []
    if not name or Cohort.objects.filter(study=study, name=name).exists():
        problems.append(
            Problem(
                "name",
                name or say("nothing"),
                "a name that is new in the study",
                "Choose another name.",
                column="name",
            )
        )
    if role not in CohortRole.values:
        known = ", ".join(CohortRole.values)
        problems.append(
            Problem(
                "role", role, say("one of {known}", known=known), "Choose a role.", column="role"
            )
        )
    if problems:
        raise DataProblem(problems)
    return Cohort.objects.create(study=study, name=name, role=role, use=USE_OF_ROLE[role])


@transaction.atomic
def cohort_members_add(cohort: Cohort, user: Any, patients: Sequence[Patient]) -> int:
    """Put patients into a cohort, all or none; those in it already change nothing.

    Raises
    ------
    DataProblem
        The cohort is frozen; a patient stands on the other side of development and validation, or
        is excluded or withdrawn. Every patient concerned is named.
    """
    require(user, cohort.study, "enter")
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    inside = set(cohort.members.values_list("patient_id", flat=True))
    ids = [p.pk for p in patients if p.pk not in inside]
    fresh = list(Patient.objects.select_for_update().filter(pk__in=ids).order_by("pseudonym"))
    problems = list(_frozen(cohort, fresh))
    problems += [found for patient in fresh for found in _misfits(cohort, patient)]
    if problems:
        raise DataProblem(problems)
    if cohort.use != CohortUse.DESCRIPTIVE:
        Patient.objects.filter(pk__in=ids, partition__isnull=True).update(partition=cohort.use)
    CohortMember.objects.bulk_create(
        CohortMember(patient=patient, cohort=cohort, use=cohort.use) for patient in fresh
    )
    return len(fresh)


@transaction.atomic
def cohort_members_remove(cohort: Cohort, user: Any, patients: Sequence[Patient]) -> int:
    """Take patients out of a cohort that is not frozen.

    The side of the wall they stood on stays: what was fitted with a patient cannot be undone.

    Raises
    ------
    DataProblem
        The cohort is frozen.
    """
    require(user, cohort.study, "enter")
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    members = cohort.members.filter(patient__in=patients)
    if problems := list(_frozen(cohort, [m.patient for m in members.select_related("patient")])):
        raise DataProblem(problems)
    removed, _ = members.delete()
    return removed


@transaction.atomic
def cohort_freeze(cohort: Cohort, user: Any) -> Cohort:
    """From now on the database refuses every change of the cohort's members, role and use.

    Raises
    ------
    DataProblem
        Nobody is in it.
    """
    require(user, cohort.study, "manage")
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    if not cohort.members.exists():
        raise refuse(
            cohort.name, say("nobody in it"), "a cohort with members", "Assign patients first."
        )
    if cohort.frozen_at is None:
        cohort.frozen_at = timezone.now()
        cohort.save(update_fields=["frozen_at"])
    return cohort


def _frozen(cohort: Cohort, changed: Sequence[Patient]) -> Iterable[Problem]:
    if cohort.frozen_at is not None and changed:
        yield Problem(
            cohort.name,
            say("a change for {changed}", changed=", ".join(p.pseudonym for p in changed[:8])),
            say(
                "no change: the cohort was frozen on {day}",
                day=cohort.frozen_at.date().isoformat(),
            ),
            "Make another cohort for other patients.",
        )


def _misfits(cohort: Cohort, patient: Patient) -> Iterable[Problem]:
    binding = cohort.use != CohortUse.DESCRIPTIVE
    if binding and patient.partition and patient.partition != cohort.use:
        yield Problem(
            patient.pseudonym,
            say(
                "a patient of a {partition} cohort, for a {use} cohort",
                partition=patient.partition,
                use=cohort.use,
            ),
            "in development or in validation, never in both",
            "Leave the patient out: a model must not be judged on whom it was fitted to.",
            column="patients",
        )
    if patient.status in GONE:
        yield Problem(
            patient.pseudonym,
            say("a patient who is {status}", status=patient.status),
            "patients who take part",
            "Leave the patient out.",
            column="patients",
        )
