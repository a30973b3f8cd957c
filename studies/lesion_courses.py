"""Reads for one patient's measured lesions: every assessment beside what was entered that day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from studies.methods.dates import ClinicalDate
from studies.methods.problems import Notice
from studies.methods.recist import (
    FINDINGS,
    MeasuredCourse,
    TimePoint,
    assess_lesions,
    category_of,
    compare_responses,
)
from studies.models import LesionMeasurement, Patient


@dataclass(frozen=True)
class AssessmentRow:
    """One assessment: ``sizes`` in the order of the lesions, ``entered`` as a category, if any."""

    when: str
    sizes: list[str]
    point: TimePoint | None = None
    sum_mm: float | None = None
    entered: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.point and self.entered and self.entered != category_of(self.point))


@dataclass(frozen=True)
class LesionView:
    lesions: list[LesionMeasurement]
    rows: list[AssessmentRow]
    notices: list[Notice]


def measured_course(patient: Patient) -> MeasuredCourse:
    """RECIST 1.1 of what was measured; the patient's facts are prefetched."""
    return assess_lesions(_start(patient), [row.found for row in patient.lesion_measurements.all()])


def lesion_view(patient: Patient, course: MeasuredCourse, dates: bool) -> LesionView | None:
    """The table of the patient's page; without the right to dates, days from the start."""
    measured = sorted(patient.lesion_measurements.all(), key=lambda row: (row.date, row.pk))
    if not measured:
        return None
    lesions = list({row.lesion: row for row in reversed(measured)}.values())[::-1]
    start, points = _start(patient), {point.day: point for point in course.points}
    entered = {row.date: row.result for row in patient.response_assessments.all()}
    rows = [
        AssessmentRow(
            _when(day, start, dates),
            _sizes(lesions, [row for row in measured if row.date == day]),
            points.get(day),
            points[day].sum_mm if day in points else _baseline_sum(course, day),
            entered.get(day, ""),
        )
        for day in sorted({row.date for row in measured})
    ]
    return LesionView(lesions, rows, list(_notices(patient, course, start)))


def start_day(patient: Patient) -> date | None:
    """The start of the study treatment, where it is known to the day."""
    start = _start(patient)
    return start.earliest if start is not None and start.is_exact else None


def _start(patient: Patient) -> ClinicalDate | None:
    rows = (row for row in patient.treatments.all() if row.is_index)
    return next((ClinicalDate(row.date, row.precision) for row in rows), None)


def _when(day: date, start: ClinicalDate | None, dates: bool) -> str:
    since = _("day {days}").format(days=(day - start.earliest).days) if start else ""
    return date_format(day, "DATE_FORMAT") if dates else since


def _baseline_sum(course: MeasuredCourse, day: date) -> float | None:
    return course.baseline_mm if day == course.baseline else None


def _sizes(lesions: Iterable[LesionMeasurement], seen: Iterable[LesionMeasurement]) -> list[str]:
    here = {row.lesion: row for row in seen}
    return [_size(here.get(lesion.lesion)) for lesion in lesions]


def _size(row: LesionMeasurement | None) -> str:
    if row is None:
        return ""
    return f"{row.diameter_mm:g}" if row.diameter_mm else FINDINGS[row.finding]


def _notices(
    patient: Patient, course: MeasuredCourse, start: ClinicalDate | None
) -> Iterable[Notice]:
    entered = [
        (ClinicalDate(row.date, row.precision), row.result)
        for row in patient.response_assessments.all()
    ]
    days = [ClinicalDate(row.date, row.precision) for row in patient.progressions.all()]
    yield from course.notices
    for point in course.points:
        yield from point.notices
    first = min(days, default=None, key=lambda day: day.earliest)
    yield from compare_responses(start, course, entered, first)
