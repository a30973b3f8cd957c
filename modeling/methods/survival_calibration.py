"""Do predicted survivals come true: groups by Kaplan-Meier, and slope and ratio over all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.cox import fit_cox
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.survival_table import Floats, check_survival
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class CalibrationGroup:
    """Patients of like prediction; ``observed`` is NaN where nobody is followed that far."""

    n: int
    events: int
    predicted: float
    observed: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SurvivalCalibration:
    """Predicted against observed survival at one horizon.

    ``observed_expected`` is observed over expected risk (1 is right, above 1 too optimistic).
    ``slope`` is the log hazard ratio per unit of log(−log S predicted): 1 is right, below 1
    too extreme; NaN where it cannot be fitted.
    """

    horizon: float
    cuts: Floats
    groups: tuple[CalibrationGroup, ...]
    observed_risk: float
    expected_risk: float
    slope: float
    slope_interval: tuple[float, float]

    @property
    def observed_expected(self) -> float:
        return self.observed_risk / self.expected_risk


def estimate_survival_calibration(
    duration: ArrayLike,
    event: ArrayLike,
    predicted: ArrayLike,
    horizon: float,
    groups: int = 4,
    cuts: ArrayLike | None = None,
) -> SurvivalCalibration:
    """Kaplan-Meier survival at ``horizon`` in groups of like predicted survival.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    predicted : array, shape (n,)
        Predicted S(horizon), 0..1; higher = better.
    horizon : float
        In the unit of ``duration``.
    groups : int
        About how many; used when ``cuts`` is None.
    cuts : array or None
        Ascending borders; a group holds lower <= S < upper, the last also its upper end.

    Raises
    ------
    DataProblem
        When a prediction is not a probability.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2015, 5.3. Cuts and groups as R rms::calibrate.
    """
    time, flag = check_survival(duration, event)
    probability = np.asarray(predicted, dtype=float)
    if probability.shape != time.shape or not ((probability >= 0) & (probability <= 1)).all():
        raise refuse(
            say("Predicted survival"),
            say("a value outside 0..1 or missing"),
            "a probability",
            "Give S(horizon) per row.",
        )
    edges = calibration_cuts(probability, groups) if cuts is None else np.asarray(cuts, float)
    index = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, edges.size - 2)
    parts = [
        _group(time[index == k], flag[index == k], probability[index == k], horizon)
        for k in range(edges.size - 1)
        if (index == k).any()
    ]
    observed = 1 - float(estimate_kaplan_meier(time, flag).at([horizon])[0])
    slope, interval = _slope(time, flag, probability)
    return SurvivalCalibration(
        horizon, edges, tuple(parts), observed, float(1 - probability.mean()), slope, interval
    )


def calibration_cuts(predicted: Floats, groups: int) -> Floats:
    """Borders of equal-count groups of predicted survival, 0 and 1 outermost.

    Parameters
    ----------
    predicted : array, shape (n,)
        S at the horizon, 0..1.
    groups : int

    References
    ----------
    Equal counts by numpy's quantiles, as R rms::calibrate groups by cuts of predicted
    survival.
    """
    return np.unique(np.quantile(np.r_[0.0, 1.0, predicted], np.linspace(0, 1, groups + 1)))


def _group(time: Floats, flag: np.ndarray, predicted: Floats, horizon: float) -> CalibrationGroup:
    curve = estimate_kaplan_meier(time, flag)
    lower, upper = curve.interval_at([horizon])
    return CalibrationGroup(
        time.size,
        int((flag & (time <= horizon)).sum()),
        float(predicted.mean()),
        float(curve.at([horizon])[0]),
        float(lower[0]),
        float(upper[0]),
    )


def _slope(time: Floats, flag: np.ndarray, predicted: Floats) -> tuple[float, tuple[float, float]]:
    with np.errstate(divide="ignore"):
        risk = np.log(-np.log(np.clip(predicted, 1e-12, 1 - 1e-12)))
    try:
        fit = fit_cox(time, flag, risk[:, None], ["prediction"])
    except DataProblem:
        return float("nan"), (float("nan"), float("nan"))
    low, high = fit.interval()
    return float(fit.coefficients[0]), (float(low[0]), float(high[0]))
