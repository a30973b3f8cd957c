"""How well a prognostic model does in one cohort, every number with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.brier_score import BrierScore, estimate_brier_score
from modeling.methods.concordance import Concordance, estimate_concordance
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


@dataclass(frozen=True)
class PrognosisEvaluation:
    """A model judged in one cohort; calibration and decision curve at the headline horizon."""

    n: int
    events: int
    concordance: Concordance | None
    auc: tuple[TimeDependentAuc, ...]
    brier: tuple[BrierScore, ...]
    headline: float
    roc: TimeDependentRoc
    calibration: SurvivalCalibration
    decision_curve: SurvivalDecisionCurve


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
        calibration=estimate_survival_calibration(
            time, flag, predicted[:, at], headline, groups=_groups(time.size)
        ),
        decision_curve=estimate_survival_decision_curve(
            time, flag, 1 - predicted[:, at], headline, resamples=resamples, seed=seed
        ),
    )


def _groups(n: int) -> int:
    return int(np.clip(n // SMALLEST_GROUP, 1, 5))


def _concordance(time: Floats, flag: Flags, score: Floats) -> Concordance | None:
    try:
        return estimate_concordance(time, flag, score)
    except DataProblem:  # no pair of patients whose order is known: not estimable
        return None
