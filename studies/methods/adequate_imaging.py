"""Adequate imaging: the days on which a patient was seen, by imaging, to be free of progression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .dates import ClinicalDate
from .recist import TimePoint, category_of
from .wording import marked

RECORDED = marked("adequate imaging")
ASSESSED = marked("response assessment")
MEASURED = marked("lesion measurement")
SHOWS_NO_PROGRESSION = ("CR", "PR", "SD")


@dataclass(frozen=True)
class SeenOn:
    """A day, and what says so in the words of a page."""

    day: ClinicalDate
    source: str


def is_under_treatment(day: ClinicalDate, started: ClinicalDate | None) -> bool:
    """Whether a day may lie after the start; what lies before it, or on it, is the baseline."""
    return started is None or day.latest > started.latest


def adequate_imaging(
    started: ClinicalDate | None,
    recorded: Sequence[ClinicalDate],
    assessed: Sequence[tuple[ClinicalDate, str]],
    measured: Sequence[TimePoint] = (),
) -> list[SeenOn]:
    """Every day of adequate imaging: those entered as such, then what assessments prove.

    Nothing counts on or after the first PD that was entered under treatment. An assessment counts
    when it is known to the day, lies after the start (one before is the baseline), and says CR, PR
    or SD (NE proves nothing). What is measured gives way to a measured PD, too.

    Parameters
    ----------
    started : ClinicalDate or None
        Without a start the recorded days alone count.
    recorded : sequence of ClinicalDate
        Days entered as adequate imaging.
    assessed : sequence of (ClinicalDate, str)
        Entered responses: CR, PR, SD, PD or NE.
    measured : sequence of TimePoint
        Responses by lesion measurements, all after the start.

    References
    ----------
    FDA 2018, Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics, appendix C:
    censored at the last radiologic assessment that shows no progression.
    """
    progressive = [day for day, result in assessed if result == "PD"]
    known = min(
        [day.earliest for day in progressive if is_under_treatment(day, started)], default=date.max
    )
    found = [SeenOn(day, RECORDED) for day in recorded if day.earliest < known]
    if started is None:
        return found
    entered = [(day.earliest, result) for day, result in assessed if day.is_exact]
    judged = [(point.day, category_of(point)) for point in measured]
    shown = min([known, *(day for day, result in judged if result == "PD")])
    for rows, until, source in ((entered, known, ASSESSED), (judged, shown, MEASURED)):
        found += [
            SeenOn(ClinicalDate(day), source)
            for day, result in rows
            if result in SHOWS_NO_PROGRESSION and started.latest < day < until
        ]
    return found


def is_entered_earlier(recorded: Sequence[ClinicalDate], imaging: Sequence[SeenOn]) -> bool:
    """Whether an assessment lies after the last day that was entered as adequate imaging."""
    others = [one.day.earliest for one in imaging if one.source != RECORDED]
    return bool(recorded and others) and max(others) > max(day.latest for day in recorded)
