"""What the endpoints of a study would refuse of a course, told where it was entered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from .course import FACT_KINDS, Fact, treatment_start
from .dates import ClinicalDate
from .endpoint_kinds import Rule
from .endpoint_rules import PatientCourse, derive_endpoint
from .problems import DataProblem, Problem
from .recist import LesionFinding

_ENTERED_AS = {"died_on": "death", "progressed_on": "progression"}  # the rest: follow-up


def course_of(facts: Sequence[Fact]) -> PatientCourse:
    """The dated facts of one patient as the endpoints read them."""
    days: dict[str, list[ClinicalDate]] = {"progression": [], "death": []}
    course = PatientCourse(started=treatment_start(facts))
    for fact in sorted(facts, key=lambda fact: fact.day.earliest):
        if fact.kind in days:
            days[fact.kind].append(fact.day)
        elif fact.kind == "contact":
            seen = course.alive if fact.parts.get("kind") == "alive" else course.assessed
            seen.append(fact.day)
        elif fact.kind == "response":
            course.responses.append((fact.day, fact.parts.get("result", "")))
        elif fact.kind == "lesion":
            course.lesions.append(lesion_found(fact))
    progressed, died = days["progression"], days["death"]
    return replace(
        course,
        progressed=progressed[0] if progressed else None,
        died=died[0] if died else None,
    )


def lesion_found(fact: Fact) -> LesionFinding:
    """One measured lesion as RECIST 1.1 reads it."""
    parts = fact.parts
    return LesionFinding(
        fact.day.earliest, parts["lesion"], parts["role"], parts["finding"],
        parts.get("diameter_mm"), parts.get("organ", ""),
    )  # fmt: skip


def check_endpoints(
    facts: Sequence[Fact], rules: Mapping[str, Rule], told: Collection[str] = ()
) -> list[Problem]:
    """What the survival times of the study would refuse, beside the row that is in their way.

    Parameters
    ----------
    facts : sequence of Fact
    rules : mapping of str to Rule
        By name of the endpoint.
    told : collection of str
        Rows (``kind:key``) of which something is told already.
    """
    course, found = course_of(facts), dict[str, Problem]()
    for name, rule in rules.items():
        try:
            derive_endpoint(name, rule, course)
        except DataProblem as refusal:
            for problem in refusal.problems:
                row = _row(facts, problem.where)
                if row is not None and f"{row.kind}:{row.key}" not in told:
                    column = f"{row.kind}:{row.key}:date"
                    title = FACT_KINDS[row.kind].title
                    found[column] = replace(problem, where=title, column=column)
    return list(found.values())


def _row(facts: Sequence[Fact], where: str) -> Fact | None:
    """The row that a refusal is about: of follow-up the last day, of the others the first."""
    kind = _ENTERED_AS.get(where, "contact")
    rows = sorted((f for f in facts if f.kind == kind), key=lambda fact: fact.day.earliest)
    return rows[-1 if kind == "contact" else 0] if rows else None
