"""The rule of each endpoint as data: what may be chosen, and the endpoint of a course under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from .dates import ClinicalDate
from .endpoints import (
    BEST_FIRST,
    RESPONDERS,
    RESPONSE_WINDOW_DAYS,
    SIX_MONTHS_DAYS,
    ResponseClass,
    SurvivalTime,
    best_overall_response,
    overall_survival,
    progression_free_survival,
    response_at_6_months,
)
from .problems import DataProblem, Notice, Problem

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class RulePart:
    """One choice of a rule: one of ``choices``, or a whole number within its limits."""

    name: str
    label: str
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    minimum: int = 0
    maximum: int = 0
    help: str = ""

    def spoken(self, value: Any) -> str:
        return dict(self.choices).get(value, str(value))


@dataclass(frozen=True)
class EndpointKind:
    """An endpoint: what always holds of it, and the parts of its rule that a study chooses."""

    name: str
    title: str
    holds: Mapping[str, Any]
    parts: tuple[RulePart, ...]

    @property
    def default(self) -> dict[str, Any]:
        return {**self.holds, **{part.name: part.default for part in self.parts}}


_PARTIAL = RulePart(
    "partial_dates", "A date known to the month or year only", "excluded",
    (("excluded", "the patient is left out of this endpoint, and listed"),
     ("middle", "the 15th, or 1 July, stands for it, within what else is known")),
    help="The start of treatment must be known to the day either way.",
)  # fmt: skip
_START = {"from": "index treatment start"}
KINDS: dict[str, EndpointKind] = {
    kind.name: kind
    for kind in (
        EndpointKind("overall_survival", "Overall survival",
                     {**_START, "event": "death", "censored": "last known alive"}, (_PARTIAL,)),
        EndpointKind(
            "progression_free_survival", "Progression-free survival",
            {**_START, "event": "first of progression and death"},
            (RulePart("censored", "Without an event, censored at the", "last adequate imaging",
                      (("last adequate imaging", "last adequate imaging"),
                       ("last contact", "last contact of any kind")),
                      help="Who was seen, but not imaged, is not known to be free of progression."),
             _PARTIAL),
        ),
        EndpointKind(
            "response_at_6_months", "Response at 6 months", {"responder": list(RESPONDERS)},
            (RulePart("day", "Day that is meant", SIX_MONTHS_DAYS, minimum=150, maximum=214),
             RulePart("window_days", "Days before and after", RESPONSE_WINDOW_DAYS, minimum=0,
                      maximum=92, help="The assessment nearest the day speaks, within these."),
             RulePart("earlier_progression_or_death", "Progression or death before that day", "PD",
                      (("PD", "counts as progressive disease"),
                       ("as assessed", "does not count: the nearest assessment speaks")))),
        ),
        EndpointKind(
            "best_overall_response", "Best overall response",
            {"order": list(BEST_FIRST), "responder": list(RESPONDERS)},
            (RulePart("assessments", "Assessments that count", "all",
                      (("all", "all"), ("until progression", "those up to the first progression"))),
             RulePart("confirmed_after_days", "Days until a response is confirmed", 0, maximum=120,
                      help="RECIST 1.1 asks for 28 where response is the aim; 0: not asked for."),
             RulePart("stable_from_day", "Stable disease counts from day", 0, maximum=183,
                      help="RECIST 1.1 asks for 42 to 56 days after the start; 0: from the first "
                      "assessment.")),
        ),
    )
}  # fmt: skip


def read_rule(name: str, rule: Rule) -> dict[str, Any]:
    """The rule whole: a part that an earlier version did not name has its default."""
    return {**KINDS[name].default, **rule}


def check_rule(name: str, given: Rule) -> dict[str, Any]:
    """The rule that ``given`` makes of the endpoint's default.

    Raises
    ------
    DataProblem
        Every part that there is not, and every value that a part does not admit.
    """
    kind, problems = KINDS[name], []
    parts = {part.name: part for part in kind.parts}
    for key in sorted(set(given) - set(parts) - set(kind.holds)):
        problems.append(_problem(kind, key, repr(given[key]), "one of " + ", ".join(parts)))
    for key, part in parts.items():
        value = given.get(key, part.default)
        if part.choices and value not in dict(part.choices):
            expected = "one of " + ", ".join(dict(part.choices))
            problems.append(_problem(kind, key, repr(value), expected))
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not part.choices and not (whole and part.minimum <= value <= part.maximum):
            expected = f"a whole number from {part.minimum} to {part.maximum}"
            problems.append(_problem(kind, key, repr(value), expected))
    if problems:
        raise DataProblem(problems)
    return {**kind.default, **{key: given[key] for key in parts if key in given}}


def spoken_rule(name: str, rule: Rule) -> list[tuple[str, str]]:
    """The rule in words, line by line: label and value."""
    whole, kind = read_rule(name, rule), KINDS[name]
    said = [(key, ", ".join(v) if isinstance(v, list) else str(v)) for key, v in kind.holds.items()]
    return said + [(part.label, part.spoken(whole[part.name])) for part in kind.parts]


def _problem(kind: EndpointKind, column: str, found: str, expected: str) -> Problem:
    return Problem(kind.title, found, expected, "Correct it.", column=column)


@dataclass
class PatientCourse:
    """The dated facts of one patient that decide endpoints."""

    started: ClinicalDate | None = None
    progressed: ClinicalDate | None = None
    died: ClinicalDate | None = None
    alive: list[ClinicalDate] = field(default_factory=list)
    assessed: list[ClinicalDate] = field(default_factory=list)
    responses: list[tuple[ClinicalDate, str]] = field(default_factory=list)

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


def derive_endpoint(name: str, rule: Rule, course: PatientCourse) -> SurvivalTime | ResponseClass:
    """An endpoint of a patient under a rule.

    Raises
    ------
    DataProblem
        Facts that cannot be, as ``overall_survival`` and ``progression_free_survival`` name them.
    """
    whole = read_rule(name, rule)
    if name == "response_at_6_months":
        return response_at_6_months(
            course.started, course.responses, course.progressed, course.died,
            day=whole["day"], window_days=whole["window_days"],
            earlier_counts=whole["earlier_progression_or_death"] == "PD",
        )  # fmt: skip
    if name == "best_overall_response":
        return best_overall_response(
            course.responses, course.started,
            until=_first_progression(course) if whole["assessments"] != "all" else None,
            confirmed_after_days=whole["confirmed_after_days"],
            stable_from_day=whole["stable_from_day"],
        )  # fmt: skip
    used = exact_course(course) if whole["partial_dates"] == "middle" else course
    found = _survival(name, whole, used)
    if used != course:
        said = Notice("date_imputed", "a date known to the month or year stands by its middle")
        return replace(found, notices=(*found.notices, said))
    return found


def _survival(name: str, rule: Rule, course: PatientCourse) -> SurvivalTime:
    if name == "overall_survival":
        return overall_survival(course.started, course.died, course.known_alive())
    seen = [*course.assessed]
    if rule["censored"] == "last contact":
        seen += course.alive
    return progression_free_survival(course.started, course.progressed, course.died, seen)


def exact_course(course: PatientCourse) -> PatientCourse:
    """The course with the middle of every partial date, kept within what the other dates allow.

    Nothing is placed before the start or after death, and death not before the first day on which
    anything that proves life may have been, as far as the partial date itself allows it.
    """
    first = course.started.earliest if course.started and course.started.is_exact else date.min
    responses = [day for day, _ in course.responses]
    lived = [course.progressed, *course.alive, *course.assessed, *responses]
    proofs = [day.earliest for day in lived if day is not None]
    died = _within(course.died, max([first, *proofs]), date.max)
    last = died.earliest if died else date.max
    return replace(
        course,
        died=died,
        progressed=_within(course.progressed, first, last),
        alive=[_exact(day, first, last) for day in course.alive],
        assessed=[_exact(day, first, last) for day in course.assessed],
    )


def _within(day: ClinicalDate | None, first: date, last: date) -> ClinicalDate | None:
    return None if day is None else _exact(day, first, last)


def _exact(day: ClinicalDate, first: date, last: date) -> ClinicalDate:
    """The 15th of a month or 1 July of a year, moved towards ``first`` and ``last``."""
    if day.is_exact:
        return day
    middle = day.earliest.replace(day=15)
    if day.precision == "year":
        middle = day.earliest.replace(month=7, day=1)
    wanted = max(first, min(middle, last))
    return ClinicalDate(min(max(wanted, day.earliest), day.latest))


def _first_progression(course: PatientCourse) -> date | None:
    days = [day.earliest for day, result in course.responses if result == "PD"]
    days += [course.progressed.earliest] if course.progressed else []
    return min(days, default=None)
