"""Survival times and response classes from dated facts (definitions: docs/methods.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .dates import ClinicalDate
from .problems import Notice, refuse
from .wording import say

DAYS_PER_MONTH = 30.4375
SIX_MONTHS_DAYS = 183
RESPONSE_WINDOW_DAYS = 42
RESPONDERS = ("CR", "PR")
DISEASE_CONTROL = ("CR", "PR", "SD")
BEST_FIRST = ("CR", "PR", "SD", "PD")


@dataclass(frozen=True)
class SurvivalTime:
    """A duration in days (> 0) and whether it ends with the event; ``None`` when not derivable.

    ``source`` is the fact on whose day it ends, as far as somebody said which.
    """

    duration_days: float | None
    event: bool | None
    notices: tuple[Notice, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class ResponseClass:
    """CR, PR, SD, PD or NE; empty when nothing was assessed in the window."""

    label: str
    notices: tuple[Notice, ...] = ()


def overall_survival(
    started: ClinicalDate | None,
    died: ClinicalDate | None,
    last_known_alive: Sequence[ClinicalDate],
) -> SurvivalTime:
    """Time from treatment start to death, censored when last known alive.

    Parameters
    ----------
    started, died : ClinicalDate or None
    last_known_alive : sequence of ClinicalDate
        Every contact that proves life: visits, imaging, calls.

    Raises
    ------
    DataProblem
        Death before the start, or a contact after death.

    References
    ----------
    FDA 2018, Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics (overall
    survival).
    """
    if died is not None:
        _check_order(started, died, last_known_alive)
    end = died or max(last_known_alive, default=None, key=lambda day: day.earliest)
    return _time(started, end or started, died is not None, known=end is not None)


def progression_free_survival(
    started: ClinicalDate | None,
    progressed: ClinicalDate | None,
    died: ClinicalDate | None,
    last_assessed: Sequence[ClinicalDate],
) -> SurvivalTime:
    """Time from treatment start to the first of progression and death.

    Censored at the last adequate imaging, not at the last contact; nothing assessed: at day 0.

    Raises
    ------
    DataProblem
        Progression after death (PFS longer than OS), or before the start.

    References
    ----------
    FDA 2018, Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics, appendix
    C: censored at the last radiologic assessment that shows no progression.
    """
    if progressed and died and progressed.earliest > died.latest:
        raise refuse(
            "progressed_on",
            say(
                "{progressed} after death on {died}: PFS would be longer than OS",
                progressed=progressed,
                died=died,
            ),
            "progression on or before the day of death",
            "Check both dates in the patient's record.",
        )
    if progressed and started and progressed.latest < started.earliest:
        raise refuse(
            "progressed_on",
            say(
                "{progressed} before treatment start {started}",
                progressed=progressed,
                started=started,
            ),
            "a date on or after treatment start",
            "Enter the first progression after the treatment of this study.",
        )
    events = [day for day in (progressed, died) if day is not None]
    if events:
        return _time(started, min(events, key=lambda day: day.earliest), True)
    end = max(last_assessed, default=None, key=lambda day: day.earliest)
    return _time(started, end or started, False, known=end is not None)


def response_at_6_months(
    started: ClinicalDate | None,
    assessments: Sequence[tuple[ClinicalDate, str]],
    progressed: ClinicalDate | None = None,
    died: ClinicalDate | None = None,
    *,
    day: int = SIX_MONTHS_DAYS,
    window_days: int = RESPONSE_WINDOW_DAYS,
    earlier_counts: bool = True,
) -> ResponseClass:
    """The assessment nearest day 183 within 42 days; earlier progression or death is PD.

    Parameters
    ----------
    assessments : sequence of (ClinicalDate, str)
        Date and CR, PR, SD, PD or NE; an earlier PD is a progression, too.
    day, window_days : int
        The day after the start that is meant, and how far from it an assessment may lie.
    earlier_counts : bool
        Whether progression or death before ``day`` is PD.

    References
    ----------
    Ours: the published study gives responses at 6 months without a window (decision 0001).
    """
    if started is None or not started.is_exact:
        return ResponseClass("", (_inexact(say("treatment start")),))
    seen = [when for when, result in assessments if result == "PD"]
    for when in (progressed, died, *seen) if earlier_counts else ():
        if when is not None and when.is_exact and 0 <= _days(started, when) < day:
            return ResponseClass("PD")
    near = [
        (abs(_days(started, when) - day), when.earliest, result)
        for when, result in assessments
        if when.is_exact and abs(_days(started, when) - day) <= window_days
    ]
    return ResponseClass(min(near)[2]) if near else ResponseClass("")


def best_overall_response(
    assessments: Sequence[tuple[ClinicalDate, str]],
    started: ClinicalDate | None = None,
    *,
    until: date | None = None,
    confirmed_after_days: int = 0,
    stable_from_day: int = 0,
) -> ResponseClass:
    """The best of all assessments: CR > PR > SD > PD, NE only when nothing else was seen.

    Parameters
    ----------
    assessments : sequence of (ClinicalDate, str)
    started : ClinicalDate, optional
        Needed where stable disease counts from a day on.
    until : date, optional
        The first progression: what was assessed later does not count (RECIST 1.1, 4.4.1).
    confirmed_after_days : int
        CR needs another CR, PR another PR or CR, this many days later with no PD between them; an
        unconfirmed response counts as stable disease (RECIST 1.1, table 3). 0: not asked for.
    stable_from_day : int
        Stable disease before this day after the start is not evaluable. 0: it always counts.

    References
    ----------
    Eisenhauer 2009, Eur J Cancer 45:228 (RECIST 1.1), sections 4.4 and 4.6.
    """
    counted = sorted(
        ((day, result) for day, result in assessments if until is None or day.earliest <= until),
        key=lambda pair: pair[0],
    )
    seen = set()
    for number, (day, result) in enumerate(counted):
        found = result
        if found in RESPONDERS and confirmed_after_days:
            found = _confirmed(found, day, counted[number + 1 :], confirmed_after_days)
        if found == "SD" and stable_from_day and not _from_day(started, day, stable_from_day):
            found = "NE"
        seen.add(found)
    best = next((result for result in BEST_FIRST if result in seen), "")
    return ResponseClass(best or ("NE" if "NE" in seen else ""))


def _confirmed(
    result: str, day: ClinicalDate, later: Sequence[tuple[ClinicalDate, str]], after_days: int
) -> str:
    """The response as far as a later one confirms it; a CR may end as a PR (table 3, note a)."""
    held = {result} if result == "CR" else {"CR", "PR"}
    kept = "SD"
    for when, found in later:
        if found == "PD":
            break
        if _days(day, when) >= after_days and found in held:
            return result
        if _days(day, when) >= after_days and found in RESPONDERS:
            kept = "PR"
    return kept


def _from_day(started: ClinicalDate | None, day: ClinicalDate, first: int) -> bool:
    exact = started is not None and started.is_exact and day.is_exact
    return exact and _days(started, day) >= first  # type: ignore[arg-type]


def is_responder(label: str) -> bool | None:
    """CR or PR; ``None`` for NE or nothing, which no AUC may use.

    References
    ----------
    Eisenhauer 2009, Eur J Cancer 45:228 (RECIST 1.1): objective response is CR or PR.
    """
    return label in RESPONDERS if label in BEST_FIRST else None


def _time(
    started: ClinicalDate | None, end: ClinicalDate | None, event: bool, known: bool = True
) -> SurvivalTime:
    if started is None:
        return SurvivalTime(None, None, (Notice("no_start", "treatment start is not recorded"),))
    if end is None or not (started.is_exact and end.is_exact):
        return SurvivalTime(None, None, (_inexact(say("a date of this endpoint")),))
    days = float(_days(started, end))
    if days < 0:
        raise refuse(
            "dates",
            say("end {end} before treatment start {started}", end=end, started=started),
            "an end on or after treatment start",
            "Check the dates in the patient's record.",
        )
    if days > 0:
        return SurvivalTime(days, event)
    if known:
        return SurvivalTime(0.5, event, (Notice("half_a_day", "duration 0 is kept as half a day"),))
    said = say("nothing dated to censor at: duration 0 is kept as half a day")
    return SurvivalTime(0.5, event, (Notice("nothing_assessed", said),))


def _check_order(
    started: ClinicalDate | None, died: ClinicalDate, contacts: Sequence[ClinicalDate]
) -> None:
    if started and died.latest < started.earliest:
        raise refuse(
            "died_on",
            say("{died} before treatment start {started}", died=died, started=started),
            "a date on or after treatment start",
            "Check both dates in the patient's record.",
        )
    late = [day for day in contacts if day.earliest > died.latest]
    if late:
        raise refuse(
            "last_known_alive_on",
            say("{late} after death on {died}", late=max(late), died=died),
            "no follow-up after death",
            "Check the date of death and the last contact.",
        )


def _days(start: ClinicalDate, end: ClinicalDate) -> int:
    return (_day(end) - _day(start)).days


def _day(value: ClinicalDate) -> date:
    return value.earliest


def _inexact(what: str) -> Notice:
    return Notice(
        "inexact_date", say("{what} is not known to the day: left out, not guessed", what=what)
    )
