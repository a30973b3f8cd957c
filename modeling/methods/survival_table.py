"""Follow-up times and events, checked before any survival method reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say

SAME_TIME = float(np.sqrt(np.finfo(float).eps))  # nearer than this, or this share of the mean

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]


def check_survival(
    duration: ArrayLike, event: ArrayLike, minimum_events: int = 0, minimum_rows: int = 1
) -> tuple[Floats, Flags]:
    """Checked follow-up times and event flags; times that differ by rounding alone are one.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, zero or more, one unit throughout (days or months).
    event : array, shape (n,)
        1 or True where the endpoint happened, 0 or False where follow-up ended without it.
    minimum_events, minimum_rows : int
        Fewer than this many are refused.

    Returns
    -------
    duration : float64 array
    event : bool array

    Raises
    ------
    DataProblem
        With every reason at once.

    References
    ----------
    Therneau, survival vignette "Roundoff error and tied times": R's timefix, on by default.
    """
    time, flag = np.asarray(duration, dtype=float), np.asarray(event, dtype=float)
    if time.ndim != 1 or time.shape != flag.shape:
        raise DataProblem([_shape_problem(time, flag)])
    problems = _value_problems(time, flag)
    if not problems:
        problems = _count_problems(time, flag, minimum_events, minimum_rows)
    if problems:
        raise DataProblem(problems)
    return tie_times(time), flag == 1


def tie_times(time: Floats) -> Floats:
    """Times of which those within rounding of each other are the earliest of them, as R has it.

    Parameters
    ----------
    time : array, shape (n,)
        Finite; 0.3 and 0.1 + 0.2 are one time.

    References
    ----------
    R survival::aeqSurv.
    """
    moments = np.unique(time)
    gap = np.diff(moments)
    if not gap.size or gap.min() > SAME_TIME * max(1.0, np.abs(moments).mean()):
        return time
    tied = gap <= SAME_TIME * max(1.0, np.abs(moments).mean())
    first = moments[np.r_[True, ~tied]]
    return np.asarray(first[np.searchsorted(first, time, side="right") - 1])


def _shape_problem(time: Floats, flag: Floats) -> Problem:
    return Problem(
        say("Follow-up table"),
        say(
            "durations of shape {shape} and events of shape {shape_2}",
            shape=time.shape,
            shape_2=flag.shape,
        ),
        "one duration and one event per row",
        "Give both columns for the same rows.",
    )


def _value_problems(time: Floats, flag: Floats) -> list[Problem]:
    bad_time = np.flatnonzero(~np.isfinite(time) | (time < 0))
    bad_flag = np.flatnonzero((flag != 0) & (flag != 1))
    problems = [
        Problem(
            say("Follow-up time"),
            f"{time[i]:g}",
            "a number, zero or more",
            "Correct the dates of this row or leave it out.",
            row=int(i) + 1,
        )
        for i in bad_time[:50]
    ]
    problems += [
        Problem(
            say("Event"),
            f"{flag[i]:g}",
            "0 (censored) or 1 (event)",
            "Code the endpoint as 0 or 1.",
            row=int(i) + 1,
        )
        for i in bad_flag[:50]
    ]
    return problems


def _count_problems(
    time: Floats, flag: Floats, minimum_events: int, minimum_rows: int
) -> list[Problem]:
    problems = []
    if time.size < minimum_rows:
        problems.append(
            Problem(
                say("Follow-up table"),
                say("{size} rows", size=time.size),
                say("at least {minimum_rows}", minimum_rows=minimum_rows),
                "Include more patients or ask a smaller question.",
            )
        )
    if flag.sum() < minimum_events:
        problems.append(
            Problem(
                say("Events"),
                say("{sum} events in {size} rows", sum=int(flag.sum()), size=time.size),
                say("at least {minimum_events}", minimum_events=minimum_events),
                "A survival model needs events: wait for follow-up or choose another endpoint.",
            )
        )
    return problems
