"""Competing risks: the cumulative incidence of one event while others may come first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from modeling.methods.survival_table import Floats, tie_times
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class CumulativeIncidence:
    """Probability of having had event ``cause`` by ``time``, as a step curve.

    ``survival`` is that of being free of every event.
    """

    cause: int
    n: int
    events: int
    time: Floats
    incidence: Floats
    std_error: Floats
    survival: Floats
    last_follow_up: float

    def at(self, times: ArrayLike) -> Floats:
        """Incidence at ``times``; NaN beyond the last follow-up while someone is event-free."""
        return self._read(self.incidence, times)

    def std_error_at(self, times: ArrayLike) -> Floats:
        return self._read(self.std_error, times)

    def interval_at(self, times: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
        """Interval symmetric on the scale log(−log(1 − incidence)), as in survival.

        NaN where everybody has had the event: nothing is left to vary.
        """
        value, error = self.at(times), self.std_error_at(times)
        z = norm.ppf(0.5 + level / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            free = np.where(value < 1 - 1e-12, 1 - value, np.nan)
            factor = np.exp(z * error / (free * -np.log(free)))
            low, high = 1 - free ** (1 / factor), 1 - free**factor
        certain = value == 0
        return np.where(certain, 0.0, low), np.where(certain, 0.0, high)

    def _read(self, curve: Floats, times: ArrayLike) -> Floats:
        moments = np.asarray(times, dtype=float)
        index = np.searchsorted(self.time, moments, side="right")
        value = np.append(0.0, curve)[index]
        ended = self.survival.size and self.survival[-1] <= 0
        return np.where((moments > self.last_follow_up) & (not ended), np.nan, value)


def check_causes(duration: ArrayLike, cause: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Follow-up and causes: 0 censored, 1, 2 … the events; or refused.

    Parameters
    ----------
    duration, cause : arrays, shape (n,)

    Raises
    ------
    DataProblem
    """
    time, code = np.asarray(duration, dtype=float), np.asarray(cause, dtype=float)
    if time.ndim != 1 or time.shape != code.shape or time.size == 0:
        raise refuse(
            say("Follow-up table"),
            say("shapes {shape} and {shape_2}", shape=time.shape, shape_2=code.shape),
            "one duration and one cause per row",
            "Give both columns.",
        )
    bad_time = np.flatnonzero(~(np.isfinite(time) & (time >= 0)))
    bad_code = np.flatnonzero(~np.isin(code, np.arange(100)))
    problems = [
        Problem(say("Follow-up time"), f"{time[i]:g}", "a number, zero or more",
                "Correct the dates of this row or leave it out.", row=int(i) + 1)
        for i in bad_time[:50]
    ] + [
        Problem(say("Cause"), f"{code[i]:g}", "0 (censored) or 1, 2 … (which event)",
                "Code each event by a whole number.", row=int(i) + 1)
        for i in bad_code[:50]
    ]  # fmt: skip
    if problems:
        raise DataProblem(problems)
    return tie_times(time), code.astype(np.int64)


def estimate_cumulative_incidence(
    duration: ArrayLike, cause: ArrayLike, of: int = 1
) -> CumulativeIncidence:
    """Aalen-Johansen cumulative incidence of event ``of``.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up to the first event of any cause, one unit.
    cause : array, shape (n,)
        0 where follow-up ended without an event, else which event came first (progression 1,
        death without progression 2).
    of : int
        The cause that is asked for.

    Raises
    ------
    DataProblem

    Notes
    -----
    1 − Kaplan-Meier with competing events as censorings would overstate it.

    References
    ----------
    Aalen, Johansen, Scand J Stat 1978;5:141. Gray, Ann Stat 1988;16:1141. Compared with R
    cmprsk::cuminc and survival::survfit.
    """
    time, code = check_causes(duration, cause)
    moments, at_risk, own, every = _counts(time, code, of)
    survival = np.cumprod(1 - every / at_risk)
    before = np.append(1.0, survival[:-1])
    incidence = np.cumsum(before * own / at_risk)
    variance = _variance(at_risk, own, every - own, before, survival, incidence)
    kept = every > 0
    return CumulativeIncidence(
        of, time.size, int(own.sum()), moments[kept], incidence[kept],
        np.sqrt(variance[kept]), survival[kept], float(time.max()),
    )  # fmt: skip


def _counts(
    time: Floats, code: NDArray[np.int64], of: int
) -> tuple[Floats, Floats, Floats, Floats]:
    moments, index = np.unique(time, return_inverse=True)
    total = np.bincount(index, minlength=moments.size)
    at_risk = np.cumsum(total[::-1])[::-1].astype(float)
    own = np.bincount(index, code == of, moments.size)
    every = np.bincount(index, code > 0, moments.size)
    return moments, at_risk, own.astype(float), every.astype(float)


def _variance(
    n: Floats, own: Floats, other: Floats, before: Floats, survival: Floats, incidence: Floats
) -> Floats:
    """Of the incidence F at each time t, from what each event time s ≤ t adds.

    An event of this cause at s moves F(t) by S(s−)·(1 + (F(s) − F(t))/S(s)), one of another
    cause by S(s−)·(F(s) − F(t))/S(s). Squares are kept apart, so that one pass serves all t.
    """
    with np.errstate(divide="ignore"):
        share = np.where(survival > 0, 1 / survival, 0.0)
    spread_own, spread_other = (before**2 * _spread(n, d) for d in (own, other))
    constant = 1 + incidence * share
    level = np.cumsum(constant**2 * spread_own + (incidence * share) ** 2 * spread_other)
    cross = np.cumsum(share * (constant * spread_own + incidence * share * spread_other))
    square = np.cumsum(share**2 * (spread_own + spread_other))
    return np.maximum(level - 2 * incidence * cross + incidence**2 * square, 0.0)


def _spread(n: Floats, d: Floats) -> Floats:
    """Variance of d/n with the correction for ties; 0 without events."""
    correction = np.where(d > 1, 1 - (d - 1) / np.maximum(n - 1, 1), 1.0)
    return correction * d / n**2
