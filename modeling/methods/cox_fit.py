"""A fitted Cox model: its coefficients with their tests, and the survival that it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.chi_squared import ChiSquaredTest
from modeling.methods.risk_sets import Baseline, Ties
from modeling.methods.survival_table import Floats
from modeling.methods.wald import WaldInference
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

Scale = Literal["log-log", "log", "plain"]


@dataclass(frozen=True)
class SurvivalEstimate:
    """S(t|x) with its interval, each of shape (rows, times); NaN beyond follow-up.

    ``std_error`` is that of log S.
    """

    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class CoxFit(WaldInference):
    """A fitted Cox model; the linear predictor is ``(x − center) @ coefficients`` (+ offset).

    A baseline belongs to ``x = center`` and its stratum (one, named "", without strata).
    Higher linear predictor = higher risk.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    center: Floats
    ties: Ties
    n: int
    n_events: int
    log_likelihood: tuple[float, float]
    likelihood_ratio: ChiSquaredTest
    wald: ChiSquaredTest
    score: ChiSquaredTest
    baselines: tuple[Baseline, ...]
    strata: tuple[str, ...]
    iterations: int
    notices: tuple[Notice, ...] = ()

    @property
    def time(self) -> Floats:
        """Event times of the (first) baseline."""
        return self.baselines[0].time

    @property
    def cumulative_hazard(self) -> Floats:
        return self.baselines[0].cumulative_hazard

    @property
    def last_follow_up(self) -> float:
        return max(baseline.last_follow_up for baseline in self.baselines)

    def interval_and_p(self) -> tuple[Floats, Floats, Floats]:
        """Both ends of the 95 % intervals and p, as a table of coefficients tells them."""
        return (*self.interval(), self.p_value)

    @property
    def plain_log_likelihood(self) -> tuple[float, float]:
        """As ``log_likelihood``, without any penalty."""
        return self.log_likelihood

    @property
    def aic(self) -> float:
        return 2 * len(self.names) - 2 * self.log_likelihood[1]

    @property
    def bic(self) -> float:
        """With the number of events for n, as R's coxph."""
        return float(np.log(self.n_events) * len(self.names) - 2 * self.log_likelihood[1])

    def linear_predictor(self, x: ArrayLike) -> Floats:
        """Centred linear predictor of rows ``x`` (n × columns); higher = higher risk."""
        return (np.asarray(x, dtype=float) - self.center) @ self.coefficients

    def baseline_at(self, times: ArrayLike, stratum: str | None = None) -> Floats:
        """Cumulative hazard at the centre; NaN beyond the last follow-up."""
        return self._baseline(stratum).at(times)

    def survival(self, x: ArrayLike, times: ArrayLike, stratum: str | None = None) -> Floats:
        """S(t|x), shape (rows, times)."""
        risk = np.exp(self.linear_predictor(x))
        return np.exp(-np.outer(risk, np.atleast_1d(self.baseline_at(times, stratum))))

    def survival_interval(
        self,
        x: ArrayLike,
        times: ArrayLike,
        level: float = 0.95,
        scale: Scale = "log-log",
        stratum: str | None = None,
    ) -> SurvivalEstimate:
        """S(t|x) with its interval: of the baseline and of the coefficients together.

        ``scale`` is where the interval is symmetric; R's survfit of a coxph uses "log".

        References
        ----------
        Tsiatis, Ann Stat 1981;9:93. Compared with R survival::survfit.coxph.
        """
        centred = np.asarray(x, dtype=float) - self.center
        return predict_survival(
            centred, self.coefficients, self.covariance, self._baseline(stratum), times, level,
            scale,
        )  # fmt: skip

    def _baseline(self, stratum: str | None) -> Baseline:
        if stratum is None and len(self.baselines) == 1:
            return self.baselines[0]
        if stratum not in self.strata:
            raise refuse(
                say("Stratum"),
                f"{stratum}",
                say("one of {strata}", strata=", ".join(self.strata)),
                "Name the stratum whose baseline is meant.",
            )
        return self.baselines[self.strata.index(str(stratum))]


def predict_survival(
    centred: Floats,
    coefficients: Floats,
    covariance: Floats,
    baseline: Baseline,
    times: ArrayLike,
    level: float = 0.95,
    scale: Scale = "log-log",
) -> SurvivalEstimate:
    """S(t|x) of rows that are centred as the fit was, with its interval, from stored parts.

    Parameters
    ----------
    centred : array, shape (rows, columns)
    coefficients : array, shape (columns,)
    covariance : array, shape (columns, columns)
    baseline : Baseline
    times : array, shape (times,)
    level, scale
        As in :meth:`CoxFit.survival_interval`.

    References
    ----------
    Tsiatis, Ann Stat 1981;9:93. Compared with R survival::survfit.coxph.
    """
    moments = np.atleast_1d(np.asarray(times, dtype=float))
    hazard = baseline.at(moments)
    index = np.searchsorted(baseline.time, moments, side="right")
    spread = np.append(0.0, baseline.variance)[index]
    mean = np.vstack([np.zeros(coefficients.size), baseline.mean])[index]
    risk = np.exp(centred @ coefficients)
    away = centred[:, None, :] * hazard[None, :, None] - mean[None]
    of_effects = np.einsum("rtj,jk,rtk->rt", away, covariance, away)
    error = risk[:, None] * np.sqrt(spread[None] + of_effects)
    survival = np.exp(-np.outer(risk, hazard))
    return SurvivalEstimate(survival, error, *_bounds(survival, error, level, scale))


def _bounds(survival: Floats, error: Floats, level: float, scale: Scale) -> tuple[Floats, Floats]:
    z = norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "plain":
            low, high = survival * (1 - z * error), survival * (1 + z * error)
        elif scale == "log":
            low, high = survival * np.exp(-z * error), survival * np.exp(z * error)
        else:
            factor = np.exp(z * error / -np.log(survival))
            low, high = survival**factor, survival ** (1 / factor)
            low, high = (np.where(survival == 1, 1.0, bound) for bound in (low, high))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
