"""The endpoint of a course under its rule, whichever facts the rule goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from .adequate_imaging import (
    ASSESSED,
    MEASURED,
    RECORDED,
    SeenOn,
    adequate_imaging,
    is_entered_earlier,
    is_under_treatment,
)
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
from .wording import marked

# Raised when the same facts under the same rule may give another outcome: 2 since decision 0030
# (responses and measurements are adequate imaging, what lies before the start is baseline).
METHOD_VERSION = 2

CONTACT, DEATH, PROGRESSION, START = (
    marked("last contact"),
    marked("death"),
    marked("progression"),
    marked("treatment start"),
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

    def known_alive(self) -> list[SeenOn]:
        """Every day that proves life, so that PFS never exceeds OS.

        A progression or response known to the month only would prove no day; what was assessed or
        measured before the start, or on it, is the baseline.
        """
        seen = [SeenOn(day, ASSESSED) for day, _ in self.responses]
        seen += [SeenOn(ClinicalDate(one.day), MEASURED) for one in self.lesions]
        if self.progressed is not None:
            seen.append(SeenOn(self.progressed, PROGRESSION))
        return [
            *(SeenOn(day, CONTACT) for day in self.alive),
            *(SeenOn(day, RECORDED) for day in self.assessed),
            *(
                one
                for one in seen
                if one.day.is_exact and is_under_treatment(one.day, self.started)
            ),
        ]

    def under_treatment(self) -> list[tuple[ClinicalDate, str]]:
        """The responses without those of the baseline, which belong to an earlier treatment."""
        return [seen for seen in self.responses if is_under_treatment(seen[0], self.started)]

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
        found = _survival(kind.name, whole, spoken, measured)
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
    days = _progressions(rule.get("progression", "dated"), course, measured)
    return replace(course, progressed=min(days, default=None, key=lambda day: day.earliest))


def _progressions(
    which: str, course: PatientCourse, measured: MeasuredCourse
) -> list[ClinicalDate]:
    """The progressions that a rule goes by: dated, assessed, measured."""
    days = [course.progressed] if course.progressed and which != "measured" else []
    if which == "assessed":
        days += [day for day, result in course.under_treatment() if result == "PD"]
    if which in ("measured", "either"):
        days += [ClinicalDate(point.day) for point in measured.points if point.response == "PD"]
    return days


def _response(kind: str, rule: Rule, course: PatientCourse) -> ResponseClass:
    if kind != "best_overall_response":
        return response_at_6_months(
            course.started, course.under_treatment(), course.progressed, course.died,
            day=rule["day"], window_days=rule["window_days"],
            earlier_counts=rule["earlier_progression_or_death"] == "PD",
        )  # fmt: skip
    return best_overall_response(
        course.under_treatment(), course.started,
        until=_first_progression(course) if rule["assessments"] != "all" else None,
        confirmed_after_days=rule["confirmed_after_days"],
        stable_from_day=rule["stable_from_day"],
    )  # fmt: skip


def _survival(
    kind: str, rule: Rule, course: PatientCourse, measured: MeasuredCourse
) -> SurvivalTime:
    used = exact_course(course) if rule["partial_dates"] == "middle" else course
    if kind == "overall_survival":
        found, days = _overall(used)
    else:
        found, days = _progression_free(kind, rule, used, measured)
    if used != course:
        said = Notice("date_imputed", "a date known to the month or year stands by its middle")
        found = replace(found, notices=(*found.notices, said))
    return replace(found, source=_source(used.started, found, days))


def _overall(course: PatientCourse) -> tuple[SurvivalTime, list[SeenOn]]:
    alive = course.known_alive()
    found = overall_survival(course.started, course.died, [one.day for one in alive])
    return found, [*_dated(course.died, DEATH), *alive]


def _progression_free(
    kind: str, rule: Rule, course: PatientCourse, measured: MeasuredCourse
) -> tuple[SurvivalTime, list[SeenOn]]:
    imaging = adequate_imaging(course.started, course.assessed, course.responses, measured.points)
    seen = imaging
    if rule["imaging"] == "recorded":
        seen = [SeenOn(day, RECORDED) for day in course.assessed]
    if rule["censored"] == "last contact":
        seen += [SeenOn(day, CONTACT) for day in course.alive]
    found = progression_free_survival(
        course.started, course.progressed, course.died, [one.day for one in seen]
    )
    if kind == "time_to_progression" and course.progressed is None and course.died is not None:
        found = replace(found, event=False)
    if not found.event and is_entered_earlier(course.assessed, imaging):
        found = replace(found, notices=(*found.notices, _ENTERED_EARLIER))
    events = [*_dated(course.progressed, PROGRESSION), *_dated(course.died, DEATH)]
    return found, [*events, *seen]


_ENTERED_EARLIER = Notice(
    "imaging_entered_earlier", "a response is dated later than the last adequate imaging entered"
)


def _dated(day: ClinicalDate | None, source: str) -> list[SeenOn]:
    return [] if day is None else [SeenOn(day, source)]


def _source(started: ClinicalDate | None, found: SurvivalTime, days: Sequence[SeenOn]) -> str:
    """What happened on the day at which the time ends; of several the first named."""
    if found.duration_days is None or started is None:
        return ""
    end = started.earliest + timedelta(days=int(found.duration_days))
    return next((one.source for one in days if one.day.earliest == end), START)


def exact_course(course: PatientCourse) -> PatientCourse:
    """The course with the middle of every partial date, kept within what the other dates allow.

    Nothing is placed before the start or after death, and death not before the first day on which
    anything that proves life may have been, as far as the partial date itself allows it.

    References
    ----------
    Ours; a rule may exclude partial dates instead (decision 0019).
    """
    first = course.started.earliest if course.started and course.started.is_exact else date.min
    responses = [day for day, _ in course.responses]
    measured = [ClinicalDate(one.day) for one in course.lesions]
    lived = [course.progressed, *course.alive, *course.assessed, *responses, *measured]
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
    days = [day.earliest for day, result in course.under_treatment() if result == "PD"]
    days += [course.progressed.earliest] if course.progressed else []
    return min(days, default=None)
