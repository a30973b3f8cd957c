"""Restricted mean survival time: the area under the curve up to a horizon, and its difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.survival_table import check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class RestrictedMean:
    """Mean survival time up to ``horizon``, in the unit of follow-up.

    The interval keeps to what is possible, 0 to ``horizon``; NaN where nobody had the event.
    """

    horizon: float
    mean: float
    std_error: float
    lower: float
    upper: float


@dataclass(frozen=True)
class RestrictedMeanDifference:
    """First group less second; above zero: the first lives longer."""

    first: RestrictedMean
    second: RestrictedMean
    difference: float
    std_error: float
    lower: float
    upper: float
    p_value: float


def estimate_restricted_mean(
    duration: ArrayLike, event: ArrayLike, horizon: float, level: float = 0.95
) -> RestrictedMean:
    """Mean survival time up to ``horizon``.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
        Follow-up and 1 where the endpoint happened.
    horizon : float
        In the unit of ``duration``.
    level : float

    Raises
    ------
    DataProblem
        When nobody is followed to the horizon while the curve still stands above zero.

    References
    ----------
    Royston, Parmar, Stat Med 2011;30:2409. Compared with R survival (rmean).
    """
    time, flag = check_survival(duration, event)
    curve = estimate_kaplan_meier(time, flag)
    if np.isnan(curve.at([horizon])[0]) or not horizon > 0:
        raise refuse(
            say("Restricted mean"),
            say("a horizon of {horizon:g}", horizon=horizon),
            say("within follow-up ({max:g})", max=time.max()),
            "Choose an earlier horizon: beyond follow-up it is not estimable.",
        )
    inside = curve.time < horizon
    moments = np.r_[0.0, curve.time[inside], horizon]
    height = np.r_[1.0, curve.survival[inside]]
    steps = np.diff(moments) * height
    rest = np.cumsum(steps[::-1])[::-1][1:]  # area to the right of each time
    n, d = curve.at_risk[inside], curve.events[inside]
    hazard = np.divide(d, n * (n - d), out=np.zeros_like(d), where=n > d)
    mean, error = float(steps.sum()), float(np.sqrt((rest**2 * hazard).sum()))
    half = norm.ppf(0.5 + level / 2) * error if error > 0 else np.nan
    low, high = np.clip([mean - half, mean + half], 0.0, horizon).tolist()
    return RestrictedMean(horizon, mean, error, low, high)


def compare_restricted_means(
    duration: ArrayLike,
    event: ArrayLike,
    first: ArrayLike,
    horizon: float,
    level: float = 0.95,
) -> RestrictedMeanDifference:
    """Difference in restricted mean survival time between two groups, with a Wald test.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    first : array of bool, shape (n,)
        True for the first group.
    horizon, level
        As in :func:`estimate_restricted_mean`.

    References
    ----------
    Royston, Parmar, BMC Med Res Methodol 2013;13:152. Its means are compared with R survfit; bounds
    are cut to what two means of 0 to ``horizon`` can differ by.
    """
    time, flag = check_survival(duration, event)
    member = np.asarray(first, dtype=bool)
    if member.all() or not member.any():
        raise refuse(say("Groups"), say("one group only"), "two", "Choose a grouping that divides.")
    one, two = (
        estimate_restricted_mean(time[rows], flag[rows], horizon, level)
        for rows in (member, ~member)
    )
    gap, error = one.mean - two.mean, float(np.hypot(one.std_error, two.std_error))
    half = norm.ppf(0.5 + level / 2) * error
    p = float(2 * norm.sf(abs(gap) / error)) if error > 0 else float("nan")
    low, high = np.clip([gap - half, gap + half], -horizon, horizon).tolist()
    return RestrictedMeanDifference(one, two, gap, error, low, high, p)
