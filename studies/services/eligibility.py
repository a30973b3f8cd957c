"""Criteria of a study as versions, and a person's decision about one of them for one patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from studies.access import require
from studies.methods.eligibility import DEFAULT_CRITERIA, Criterion, read_criteria
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import EligibilityOverride, EligibilityVersion, Patient, Study


@transaction.atomic
def eligibility_change(
    study: Study, user: Any, criteria: Sequence[Criterion], note: str
) -> EligibilityVersion:
    """The next version of the criteria; the same criteria make none.

    Raises
    ------
    DataProblem
        No criterion, limits that exclude everybody, or no note.
    """
    require(user, study, "manage")
    newest = EligibilityVersion.objects.filter(study=study).order_by("-number").first()
    problems = list(_criteria_problems(criteria))
    if not note.strip():
        problems.append(Problem("note", say("nothing"), "why the criteria change",
                                "Name the amendment or the reason.", column="note"))  # fmt: skip
    if problems:
        raise DataProblem(problems)
    if newest is not None and read_criteria(newest.criteria) == tuple(criteria):
        return newest
    return EligibilityVersion.objects.create(
        study=study,
        number=newest.number + 1 if newest else 1,
        criteria=[criterion.as_dict() for criterion in criteria],
        note=note.strip(),
        decided_by=user,
    )


def _criteria_problems(criteria: Sequence[Criterion]) -> list[Problem]:
    if not criteria:
        return [Problem("criteria", say("none"), "one criterion at least", "Keep one.")]
    return [
        Problem(
            c.title,
            say("{minimum:g} to {maximum:g}", minimum=c.minimum, maximum=c.maximum),
            "a minimum below the maximum",
            "Exchange the two limits.",
            column="minimum",
        )
        for c in criteria
        if c.minimum is not None and c.maximum is not None and c.minimum > c.maximum
    ]


@transaction.atomic
def eligibility_override(
    patient: Patient, user: Any, criterion: str, reason: str, granted: bool = True
) -> EligibilityOverride:
    """Let one criterion not count for one patient, or take that back; both need a reason.

    Raises
    ------
    DataProblem
        No reason, an unknown criterion, or consent, which nobody can override.
    """
    require(user, patient.study, "enter")
    criteria = {c.key: c for c in _criteria_of(patient.study)}
    if criterion not in criteria:
        raise refuse(
            "criterion",
            criterion,
            say("one of {known}", known=", ".join(criteria)),
            "Choose one.",
            column="criterion",
        )
    if criteria[criterion].kind == "consent":
        raise refuse("criterion", say("consent"), "a criterion that a person may override",
                     "Record the consent itself.", column="criterion")  # fmt: skip
    if not reason.strip():
        raise refuse("reason", say("nothing"), "the reason", "Say why.", column="reason")
    return EligibilityOverride.objects.create(
        patient=patient, criterion=criterion, granted=granted, reason=reason.strip(),
        decided_by=user,
    )  # fmt: skip


def _criteria_of(study: Study) -> tuple[Criterion, ...]:
    newest = EligibilityVersion.objects.filter(study=study).order_by("-number").first()
    return read_criteria(newest.criteria) if newest else DEFAULT_CRITERIA
