"""A patient's course as a drawing: positions only, in days from the start of treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from studies.languages import spoken
from studies.methods.recist import MeasuredCourse, category_of
from studies.methods.wording import marked
from studies.models import EndpointValue, Patient
from studies.value_words import word_of

WIDTH, LEFT, RIGHT, LANE, TOP = 900, 128, 24, 34, 26
DAYS_PER_MONTH = 30.4375
LANES = (marked("Treatment"), marked("Response"), marked("Measured"), marked("Events"), "PFS", "OS")
LANE_OF = {"response": "Response", "measured": "Measured"}


@dataclass(frozen=True)
class Bar:
    lane: str
    x: float
    y: float
    width: float
    ends: str = ""
    text: str = ""

    @property
    def end(self) -> float:
        return self.x + self.width


@dataclass(frozen=True)
class Mark:
    kind: str
    x: float
    y: float
    text: str
    title: str


@dataclass(frozen=True)
class Timeline:
    """A drawing of ``WIDTH`` by ``height``; ``words`` tell the same to who cannot see it."""

    height: int
    lanes: list[tuple[str, float]]
    ticks: list[tuple[float, str]]
    bars: list[Bar]
    marks: list[Mark]
    words: str
    width: int = WIDTH
    left: int = LEFT
    floor: int = field(default=0)


def timeline_of(
    patient: Patient, endpoints: Sequence[EndpointValue], measured: MeasuredCourse
) -> Timeline | None:
    """Treatment, responses as entered and as measured, events, and both survival times.

    Nothing without a start.
    """
    treatments = list(patient.treatments.all())
    index = next((row for row in treatments if row.is_index), None)
    if index is None:
        return None
    start, facts = index.date, [*_facts(patient), *_measured(measured)]
    lanes = [lane for lane in LANES if lane != "Measured" or measured.points]
    survival = {v.definition.name: v for v in endpoints if v.duration_days is not None}
    days = [(day - start).days for _, day, _, _ in facts]
    days += [(row.stopped_on - start).days for row in treatments if row.stopped_on]
    days += [(row.date - start).days for row in treatments]
    days += [int(value.duration_days or 0) for value in survival.values()]
    first, last = min([0, *days]), max([90, *days])
    x = _Scale(first, last)
    y = {lane: TOP + LANE * number for number, lane in enumerate(lanes)}
    bars = [_treatment(row, start, x, last) for row in treatments]
    bars += [
        Bar(lane, x(0), y[lane], x(value.duration_days or 0) - x(0),
            "event" if value.event else "censored",
            _("{value:.1f} months").format(value=(value.duration_days or 0) / DAYS_PER_MONTH))
        for lane, name in (("PFS", "progression_free_survival"), ("OS", "overall_survival"))
        if (value := survival.get(name))
    ]  # fmt: skip
    marks = [
        Mark(kind, x((day - start).days), y[LANE_OF.get(kind, "Events")],
             text, _("{title}, day {days}").format(title=title, days=(day - start).days))
        for kind, day, text, title in facts
    ]  # fmt: skip
    height = TOP + LANE * len(lanes) + 26
    return Timeline(
        height, list(y.items()), x.ticks(), bars, marks,
        "; ".join([*(mark.title for mark in marks),
                   *(f"{spoken(b.lane)} {b.text}, {word_of(b.ends)}" for b in bars if b.text)]),
        floor=height - 22,
    )  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    first: int
    last: int

    def __call__(self, days: float) -> float:
        share = (days - self.first) / (self.last - self.first)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Months at a step that leaves room for their words."""
        months = (self.last - self.first) / DAYS_PER_MONTH
        step = next(step for step in (1, 3, 6, 12, 24, 60, 600) if months / step <= 12)
        begin = int(self.first / DAYS_PER_MONTH / step)
        count = int(self.last / DAYS_PER_MONTH / step)
        return [(self(n * step * DAYS_PER_MONTH), str(n * step)) for n in range(begin, count + 1)]


def _treatment(row: Any, start: date, x: _Scale, last: int) -> Bar:
    begin = (row.date - start).days
    end = (row.stopped_on - start).days if row.stopped_on else last
    ends = "stopped" if row.stopped_on else "open"
    return Bar("Treatment", x(begin), TOP, max(x(end) - x(begin), 3), ends, row.drug)


def _measured(course: MeasuredCourse) -> list[tuple[str, date, str, str]]:
    """Responses that the lesion measurements say, as marks of their own."""
    return [
        (
            "measured",
            point.day,
            category_of(point),
            _("measured {response}").format(response=point.response),
        )
        for point in course.points
    ]


def _facts(patient: Patient) -> list[tuple[str, date, str, str]]:
    """Kind, day, a letter or two, and words of each event."""
    found = [
        ("response", row.date, row.result, _("response {result}").format(result=row.result))
        for row in patient.response_assessments.all()
    ]
    found += [
        ("surgery", row.date, "S", _("surgery {margin}").format(margin=row.margin))
        for row in patient.surgeries.all()
    ]
    found += [
        ("progression", row.date, "P", _("progression")) for row in patient.progressions.all()
    ]
    found += [("death", row.date, "D", _("death")) for row in patient.deaths.all()]
    found += [
        (
            "contact",
            row.date,
            "",
            _("known alive") if row.kind == "alive" else _("adequate imaging"),
        )
        for row in patient.contacts.all()
    ]
    return sorted(found, key=lambda fact: (fact[0] != "contact", fact[1]))  # contacts lie below
