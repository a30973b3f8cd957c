"""The endpoint of a course under its rule, whichever facts the rule goes by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from .dates import ClinicalDate
from .endpoint_kinds import Rule, kind_of, read_rule
from .endpoints import (
    ResponseClass,
    SurvivalTime,
    best_overall_response,
    overall_survival,
    progression_free_survival,
    response_at_6_months,
)
from .problems import Notice
from .recist import (
    LesionFinding,
    MeasuredCourse,
    assess_lesions,
    category_of,
    compare_responses,
)


@dataclass
class PatientCourse:
    """The dated facts of one patient that decide endpoints."""

    started: ClinicalDate | None = None
    progressed: ClinicalDate | None = None
    died: ClinicalDate | None = None
    alive: list[ClinicalDate] = field(default_factory=list)
    assessed: list[ClinicalDate] = field(default_factory=list)
    responses: list[tuple[ClinicalDate, str]] = field(default_factory=list)
    lesions: list[LesionFinding] = field(default_factory=list)

    def known_alive(self) -> list[ClinicalDate]:
        """Every day that proves life, so that PFS never exceeds OS.

        A progression or response known to the month only would prove no day.
        """
        seen = [day for day, _ in self.responses]
        if self.progressed is not None:
            seen.append(self.progressed)
        return [*self.alive, *self.assessed, *(day for day in seen if day.is_exact)]

    def __str__(self) -> str:
        told = repr((self.started, self.progressed, self.died, self.alive, self.assessed))
        measured = repr(sorted(self.lesions)) if self.lesions else ""
        return told + repr(self.responses) + measured


def derive_endpoint(name: str, rule: Rule, course: PatientCourse) -> SurvivalTime | ResponseClass:
    """An endpoint of a patient under a rule; what was entered and measured apart is a notice.

    Raises
    ------
    DataProblem
        Facts that cannot be, as ``overall_survival`` and ``progression_free_survival`` name them.
    """
    kind, whole = kind_of(name, rule), read_rule(name, rule)
    measured = assess_lesions(course.started, course.lesions)
    spoken = _as_ruled(whole, course, measured)
    found: SurvivalTime | ResponseClass
    if kind.is_survival:
        found = _survival(kind.name, whole, spoken)
    else:
        found = _response(kind.name, whole, spoken)
    if "responses" in whole or "progression" in whole:
        told = compare_responses(course.started, measured, course.responses, course.progressed)
        found = replace(found, notices=(*found.notices, *measured.notices, *told))
    return found


def _as_ruled(rule: Rule, course: PatientCourse, measured: MeasuredCourse) -> PatientCourse:
    """The course with the responses and the progression that the rule asks for."""
    if rule.get("responses") == "measured":
        labels = [(ClinicalDate(point.day), category_of(point)) for point in measured.points]
        course = replace(course, responses=labels)
    if (which := rule.get("progression", "dated")) != "dated":
        first = next((p.day for p in measured.points if p.response == "PD"), None)
        days = [ClinicalDate(first)] if first else []
        days += [course.progressed] if which == "either" and course.progressed else []
        earliest = min(days, default=None, key=lambda day: day.earliest)
        course = replace(course, progressed=earliest)
    return course


def _response(kind: str, rule: Rule, course: PatientCourse) -> ResponseClass:
    if kind != "best_overall_response":
        return response_at_6_months(
            course.started, course.responses, course.progressed, course.died,
            day=rule["day"], window_days=rule["window_days"],
            earlier_counts=rule["earlier_progression_or_death"] == "PD",
        )  # fmt: skip
    return best_overall_response(
        course.responses, course.started,
        until=_first_progression(course) if rule["assessments"] != "all" else None,
        confirmed_after_days=rule["confirmed_after_days"],
        stable_from_day=rule["stable_from_day"],
    )  # fmt: skip


def _survival(kind: str, rule: Rule, course: PatientCourse) -> SurvivalTime:
    used = exact_course(course) if rule["partial_dates"] == "middle" else course
    found = _duration(kind, rule, used)
    if used != course:
        said = Notice("date_imputed", "a date known to the month or year stands by its middle")
        return replace(found, notices=(*found.notices, said))
    return found


def _duration(kind: str, rule: Rule, course: PatientCourse) -> SurvivalTime:
    if kind == "overall_survival":
        return overall_survival(course.started, course.died, course.known_alive())
    seen = [*course.assessed]
    if rule["censored"] == "last contact":
        seen += course.alive
    free = progression_free_survival(course.started, course.progressed, course.died, seen)
    if kind == "time_to_progression" and course.progressed is None and course.died is not None:
        return replace(free, event=False)
    return free


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
