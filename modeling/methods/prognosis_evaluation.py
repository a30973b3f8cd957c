"""How well a prognostic model does in one cohort, every number with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.brier_score import BrierScore, estimate_brier_score
from modeling.methods.concordance import Concordance, estimate_concordance
from modeling.methods.roc_band import RocInterval, estimate_time_dependent_roc_band
from modeling.methods.smooth_calibration import SmoothCalibration, estimate_smooth_calibration
from modeling.methods.survival_calibration import (
    SurvivalCalibration,
    estimate_survival_calibration,
)
from modeling.methods.survival_decision_curve import (
    SurvivalDecisionCurve,
    estimate_survival_decision_curve,
)
from modeling.methods.survival_table import Flags, Floats, check_survival
from modeling.methods.time_dependent_auc import (
    TimeDependentAuc,
    TimeDependentRoc,
    estimate_time_dependent_auc,
    estimate_time_dependent_roc,
)
from studies.methods.problems import DataProblem

SMALLEST_GROUP = 15  # patients per calibration group, at least
ALONG, FEWEST_ALONG = 20, 10  # times of the curve of AUC(t); events it needs


@dataclass(frozen=True)
class PrognosisEvaluation:
    """A model judged in one cohort; calibration and decision curve at the headline horizon.

    ``predicted`` is survival at that horizon, of every row.
    """

    n: int
    events: int
    concordance: Concordance | None
    auc: tuple[TimeDependentAuc, ...]
    brier: tuple[BrierScore, ...]
    headline: float
    roc: TimeDependentRoc
    roc_band: RocInterval
    calibration: SurvivalCalibration
    smooth: SmoothCalibration | None
    decision_curve: SurvivalDecisionCurve
    auc_curve: tuple[TimeDependentAuc, ...]
    predicted: Floats


def evaluate_prognosis(
    duration: ArrayLike,
    event: ArrayLike,
    linear_predictor: ArrayLike,
    survival: ArrayLike,
    times: Sequence[float],
    headline: float,
    resamples: int = 300,
    seed: int = 0,
) -> PrognosisEvaluation:
    """Harrell's C, AUC(t), Brier score, calibration and decision curve of given predictions.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up in months.
    event : array, shape (n,)
        1 where the endpoint happened.
    linear_predictor : array, shape (n,)
        Higher = higher risk.
    survival : array, shape (n, times)
        Predicted S(t|x).
    times : sequence of float
        Horizons in months.
    headline : float
        The one of ``times`` for calibration, ROC and decision curve.
    resamples, seed : int
        Of the decision curve's band.

    References
    ----------
    Each as its own method; which to show follows TRIPOD+AI, BMJ 2024;385:e078378.
    """
    time, flag = check_survival(duration, event)
    score, predicted = np.asarray(linear_predictor, float), np.asarray(survival, float)
    at = list(times).index(headline)
    return PrognosisEvaluation(
        n=time.size,
        events=int(flag.sum()),
        concordance=_concordance(time, flag, score),
        auc=tuple(estimate_time_dependent_auc(time, flag, score, t) for t in times),
        brier=tuple(
            estimate_brier_score(time, flag, 1 - predicted[:, k], t) for k, t in enumerate(times)
        ),
        headline=headline,
        roc=estimate_time_dependent_roc(time, flag, score, headline),
        roc_band=estimate_time_dependent_roc_band(time, flag, score, headline, resamples, seed),
        calibration=estimate_survival_calibration(
            time, flag, predicted[:, at], headline, groups=_groups(time.size)
        ),
        smooth=_smooth(time, flag, 1 - predicted[:, at], headline),
        decision_curve=estimate_survival_decision_curve(
            time, flag, 1 - predicted[:, at], headline, resamples=resamples, seed=seed
        ),
        auc_curve=_auc_curve(time, flag, score),
        predicted=predicted[:, at],
    )


def _groups(n: int) -> int:
    return int(np.clip(n // SMALLEST_GROUP, 1, 5))


def _smooth(time: Floats, flag: Flags, risk: Floats, at: float) -> SmoothCalibration | None:
    try:
        return estimate_smooth_calibration(time, flag, risk, at)
    except DataProblem:  # too few distinct predictions or events: not estimable
        return None


def _auc_curve(time: Floats, flag: Flags, score: Floats) -> tuple[TimeDependentAuc, ...]:
    """Between the tenth and the ninetieth percentile of event times."""
    if flag.sum() < FEWEST_ALONG:
        return ()
    low, high = np.quantile(time[flag], [0.1, 0.9])
    return tuple(
        estimate_time_dependent_auc(time, flag, score, float(t))
        for t in np.linspace(low, high, ALONG)
    )


def _concordance(time: Floats, flag: Flags, score: Floats) -> Concordance | None:
    try:
        return estimate_concordance(time, flag, score)
    except DataProblem:  # no pair of patients whose order is known: not estimable
        return None
