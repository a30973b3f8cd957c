"""Survival from a landmark on: what is known only later must not be used from baseline."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class Landmark:
    """Rows still followed at the landmark, their follow-up counted from it."""

    landmark: float
    kept: Flags
    duration: Floats
    event: Flags
    lost_to_event: int
    lost_to_censoring: int


def take_landmark(duration: ArrayLike, event: ArrayLike, landmark: float) -> Landmark:
    """Follow-up from ``landmark`` on, of those event-free and followed beyond it.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
        Follow-up from baseline and 1 where the endpoint happened.
    landmark : float
        In the unit of ``duration`` (response at 6 months: 6).

    Raises
    ------
    DataProblem
        When nobody is left.

    References
    ----------
    Anderson, Cain, Gelber, J Clin Oncol 1983;1:710.
    """
    time, flag = check_survival(duration, event)
    kept = time > landmark
    if not kept.any() or landmark < 0:
        raise refuse(
            say("Landmark"),
            say("nobody followed beyond {landmark:g}", landmark=landmark),
            say("a landmark within follow-up ({max:g})", max=time.max()),
            "Choose an earlier landmark.",
        )
    gone = ~kept
    return Landmark(
        landmark,
        kept,
        time[kept] - landmark,
        flag[kept],
        int((gone & flag).sum()),
        int((gone & ~flag).sum()),
    )
