"""Survival over time without a model: the product-limit curve with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.survival_table import Flags, Floats, check_survival

Interval = Literal["log-log", "log", "plain"]
NEARLY = float(np.sqrt(np.finfo(float).eps))  # how near to a height rests there, as R has it


@dataclass(frozen=True)
class KaplanMeier:
    """A survival curve, one entry per distinct follow-up time, ascending.

    ``survival[i]`` holds from ``time[i]`` on; before the first time it is 1.
    ``std_error`` is Greenwood's, on the survival scale. A log-log interval has no bounds (NaN)
    where survival is 1 or 0, as in R.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    interval: Interval
    level: float

    def at(self, times: ArrayLike) -> Floats:
        """Survival at ``times``; NaN beyond the last follow-up while someone is still alive."""
        return _step(self.time, self.survival, np.asarray(times, dtype=float), 1.0)

    def interval_at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """Lower and upper bound of survival at ``times``."""
        moments = np.asarray(times, dtype=float)
        return (
            _step(self.time, self.lower, moments, 1.0),
            _step(self.time, self.upper, moments, 1.0),
        )

    def number_at_risk(self, times: ArrayLike) -> Floats:
        """How many are followed up to at least each of ``times``."""
        index = np.searchsorted(self.time, np.asarray(times, dtype=float), side="left")
        return np.append(self.at_risk, 0.0)[index]

    def quantile(self, probability: float = 0.5) -> tuple[float, float, float]:
        """Time by which ``probability`` have had the event, with its interval.

        The first time at which the curve (for the interval: its bound) is at or below
        1 − ``probability``; where it rests at exactly that height, midway along the flat stretch,
        as R's survfit has it. NaN says "not reached".
        """
        height = 1 - probability
        return tuple(
            _crossing(self.time, curve, height) for curve in (self.survival, self.lower, self.upper)
        )  # type: ignore[return-value]

    @property
    def median(self) -> tuple[float, float, float]:
        """The time by which half have had the event, with its interval; see :meth:`quantile`."""
        return self.quantile(0.5)

    @property
    def rests_at_half(self) -> bool:
        """Whether the median is the middle of a stretch where the curve is flat at one half."""
        return bool(
            (np.abs(self.survival - 0.5) < NEARLY).any() and self.survival[-1] < 0.5 - NEARLY
        )


def estimate_kaplan_meier(
    duration: ArrayLike, event: ArrayLike, interval: Interval = "log-log", level: float = 0.95
) -> KaplanMeier:
    """Product-limit estimate of survival with a pointwise interval.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, zero or more, any unit; the curve is in the same unit.
    event : array, shape (n,)
        1 where the endpoint happened, 0 where follow-up ended without it.
    interval : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.
    level : float
        Coverage of the interval.

    Raises
    ------
    DataProblem
        On an empty table, a negative time or an event that is neither 0 nor 1.

    References
    ----------
    Kaplan, Meier, J Am Stat Assoc 1958;53:457. Greenwood 1926. Compared with R survfit.
    """
    time, flag = check_survival(duration, event)
    moments, at_risk, events, censored = count_at_risk(time, flag)
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        lower, upper = _bounds(survival, np.sqrt(variance), interval, norm.ppf(0.5 + level / 2))
        std_error = survival * np.sqrt(variance)
    return KaplanMeier(
        moments, at_risk, events, censored, survival, std_error, lower, upper, interval, level
    )


def count_at_risk(time: Floats, event: Flags) -> tuple[Floats, Floats, Floats, Floats]:
    """Distinct times with numbers at risk, of events and of censorings.

    Parameters
    ----------
    time : array, shape (n,)
    event : array of bool, shape (n,)
    """
    moments, index = np.unique(time, return_inverse=True)
    total = np.bincount(index, minlength=moments.size).astype(float)
    events = np.bincount(index[event], minlength=moments.size).astype(float)
    at_risk: Floats = np.cumsum(total[::-1])[::-1].astype(float)
    return moments, at_risk, events, total - events


def _bounds(
    survival: Floats, log_error: Floats, interval: Interval, z: float
) -> tuple[Floats, Floats]:
    if interval == "plain":
        half = z * survival * log_error
        return np.clip(survival - half, 0, 1), np.clip(survival + half, 0, 1)
    if interval == "log":
        factor = np.exp(z * log_error)
        return survival / factor, np.clip(survival * factor, 0, 1)
    if interval != "log-log":
        raise ValueError(f"interval is log-log, log or plain, not {interval!r}")
    inner, half = np.log(-np.log(survival)), z * log_error / np.log(survival)
    return np.exp(-np.exp(inner - half)), np.exp(-np.exp(inner + half))


def _step(time: Floats, curve: Floats, moments: Floats, start: float) -> Floats:
    index = np.searchsorted(time, moments, side="right")
    value = np.append(start, curve)[index]
    ended = curve[-1] == 0
    return np.where((moments > time[-1]) & ~ended, np.nan, value)


def _crossing(time: Floats, curve: Floats, height: float) -> float:
    """First time the curve falls to ``height``; midway when it rests exactly there."""
    below = np.flatnonzero(~np.isnan(curve) & (curve <= height + NEARLY))
    if below.size == 0:
        return float("nan")
    first = below[0]
    if abs(curve[first] - height) < NEARLY:
        further = np.flatnonzero(curve < height - NEARLY)
        if further.size:
            return float((time[first] + time[further[0]]) / 2)
    return float(time[first])
