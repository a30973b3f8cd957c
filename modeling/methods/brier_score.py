"""How far predicted risks lie from what happened: the Brier score under censoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.survival_table import Flags, Floats, check_survival
from modeling.methods.time_dependent_auc import case_weights, censoring_survival
from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class BrierScore:
    """Mean squared error of a risk at one horizon; lower is better, NaN: not estimable.

    ``null`` is the score of a model that gives everybody the Kaplan-Meier risk.
    """

    horizon: float
    brier: float
    std_error: float
    null: float

    @property
    def scaled(self) -> float:
        """1 − brier/null: 0 is no better than knowing nothing, 1 is perfect."""
        return 1 - self.brier / self.null if self.null > 0 else float("nan")

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wald interval, cut to 0..1: a squared error of probabilities is never more."""
        half = norm.ppf(0.5 + level / 2) * self.std_error
        low, high = max(0.0, self.brier - half), self.brier + half
        return low, max(self.brier, min(1.0, high)) if np.isfinite(high) else high


def estimate_brier_score(
    duration: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float
) -> BrierScore:
    """IPCW Brier score of predicted risks at ``horizon``.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    risk : array, shape (n,)
        Predicted probability of the event by ``horizon``, 0..1.
    horizon : float
        In the unit of ``duration``.

    Raises
    ------
    DataProblem
        When a risk is not a probability.

    Notes
    -----
    Events by the horizon weigh 1/G(T−), those followed beyond it 1/G(t), others nothing.

    References
    ----------
    Graf et al., Stat Med 1999;18:2529. Compared with R riskRegression::Score.
    """
    time, flag = check_survival(duration, event)
    order = np.argsort(time, kind="stable")
    time, flag = time[order], flag[order]
    probability = np.asarray(risk, dtype=float)[order]
    if not ((probability >= 0) & (probability <= 1)).all():
        raise refuse(
            say("Predicted risk"),
            say("a value outside 0..1 or missing"),
            "a probability",
            "Give P(event by the horizon).",
        )
    if not (time > horizon).any():
        return BrierScore(horizon, np.nan, np.nan, np.nan)
    weight = _weights(time, flag, horizon)
    happened = ((time <= horizon) & flag).astype(float)
    part = weight * (happened - probability) ** 2
    marginal = 1 - float(estimate_kaplan_meier(time, flag).at([horizon])[0])
    null = float(np.mean(weight * (happened - marginal) ** 2))
    return BrierScore(horizon, float(part.mean()), _error(time, flag, part, horizon), null)


def integrate_brier_score(
    duration: ArrayLike, event: ArrayLike, survival: ArrayLike, times: ArrayLike
) -> tuple[float, float]:
    """Brier score averaged over time: of the model, and of a model that knows nothing.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    survival : array, shape (n, times)
        Predicted S(t|x).
    times : ascending array
        From the first on; the mean is taken by trapezoids from 0 (where it is 0) to the last.

    References
    ----------
    Graf et al., Stat Med 1999;18:2529.
    """
    at, predicted = np.asarray(times, dtype=float), np.asarray(survival, dtype=float)
    told = [estimate_brier_score(duration, event, 1 - predicted[:, k], t)
            for k, t in enumerate(at)]  # fmt: skip
    moments = np.r_[0.0, at]
    model, null = (
        float(np.trapezoid(np.r_[0.0, values], moments) / moments[-1])
        for values in ([b.brier for b in told], [b.null for b in told])
    )
    return model, null


def _weights(time: Floats, flag: Flags, horizon: float) -> Floats:
    beyond = 1 / censoring_survival(time, flag, [horizon])[0]
    case = (time <= horizon) & flag
    return np.where(case, case_weights(time, flag), np.where(time > horizon, beyond, 0.0))


def _error(time: Floats, flag: Flags, part: Floats, horizon: float) -> float:
    """Standard error that counts the estimation of the censoring curve.

    An event's weight hangs on censorings before it, that of a patient followed beyond the
    horizon on all up to the horizon; events and censorings of one time share a risk set.
    """
    n = time.size
    moments, index = np.unique(time, return_inverse=True)
    at_risk = n - np.searchsorted(time, moments, side="left")
    hazard = np.bincount(index, ~flag, moments.size) / at_risk
    last = int(np.searchsorted(moments, horizon, side="right"))
    reach = np.where(time <= horizon, index, last)  # censorings at moments below it count
    pulled = np.bincount(reach, part, moments.size + 1)[: moments.size + 1]
    later = np.cumsum(pulled[::-1])[::-1][1:] / at_risk
    influence = part - part.mean() + ~flag * later[index] - np.cumsum(hazard * later)[index]
    return float(np.std(influence, ddof=1) / np.sqrt(n))
