"""What a cut-off on a score does: Youden's cut, and accuracy and its kin with exact intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from modeling.methods.binary_input import check_binary


@dataclass(frozen=True)
class Proportion:
    """A share with its Clopper-Pearson interval; all three are None when nobody is counted."""

    estimate: float | None
    lower: float | None
    upper: float | None
    count: int
    n: int


@dataclass(frozen=True)
class ThresholdMetrics:
    """Confusion matrix and shares of one cut-off, with exact intervals."""

    threshold: float
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    accuracy: Proportion
    sensitivity: Proportion
    specificity: Proportion
    positive_predictive_value: Proportion
    negative_predictive_value: Proportion


def fit_youden_threshold(outcome: ArrayLike, score: ArrayLike) -> float:
    """Cut-off that maximises sensitivity + specificity - 1.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1; both must occur.
    score : array of shape (n,)
        Higher = more likely 1; a patient counts as 1 at or above the cut-off.

    Returns
    -------
    float
        Midpoint between two neighbouring scores; of equally good ones the lowest (the most
        sensitive). Minus infinity never comes out: when nothing beats it, the lowest score.

    Raises
    ------
    DataProblem
        One class only, a missing score.

    References
    ----------
    Youden WJ. Cancer 1950;3:32-35. Midpoints as in pROC.
    """
    y, s = check_binary(outcome, score)
    values, inverse = np.unique(s, return_inverse=True)
    positives = np.bincount(inverse, weights=y).astype(int)
    negatives = np.bincount(inverse, weights=~y).astype(int)
    below_1 = np.concatenate([[0], np.cumsum(positives)[:-1]])
    below_0 = np.concatenate([[0], np.cumsum(negatives)[:-1]])
    n1, n0 = int(positives.sum()), int(negatives.sum())
    youden = (n1 - below_1) * n0 + below_0 * n1  # in whole numbers: ties are ties
    best = int(np.argmax(youden))
    return float(values[0] if best == 0 else (values[best - 1] + values[best]) / 2)


def estimate_threshold_metrics(
    outcome: ArrayLike, score: ArrayLike, threshold: float, level: float = 0.95
) -> ThresholdMetrics:
    """Accuracy, sensitivity, specificity, PPV and NPV at a frozen cut-off.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1; both must occur.
    score : array of shape (n,)
        Higher = more likely 1; called 1 when score >= threshold.
    threshold : float
        On the scale of the score, fixed beforehand.
    level : float
        Coverage of the exact intervals.

    Raises
    ------
    DataProblem
        One class only, a missing score.

    References
    ----------
    Clopper, Pearson, Biometrika 1934;26:404 (exact intervals).
    """
    y, s = check_binary(outcome, score)
    called = s >= threshold
    tp, fp = int((called & y).sum()), int((called & ~y).sum())
    fn, tn = int((~called & y).sum()), int((~called & ~y).sum())
    return ThresholdMetrics(
        float(threshold),
        tp,
        fp,
        fn,
        tn,
        accuracy=estimate_proportion(tp + tn, y.size, level),
        sensitivity=estimate_proportion(tp, tp + fn, level),
        specificity=estimate_proportion(tn, tn + fp, level),
        positive_predictive_value=estimate_proportion(tp, tp + fp, level),
        negative_predictive_value=estimate_proportion(tn, tn + fn, level),
    )


def estimate_proportion(count: int, n: int, level: float = 0.95) -> Proportion:
    """Share with the exact (Clopper-Pearson) interval.

    Parameters
    ----------
    count, n : int
        How many of how many.
    level : float
        Coverage.

    Returns
    -------
    Proportion
        Empty when n is 0: a share of nobody is not estimable.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.
    """
    if n == 0:
        return Proportion(None, None, None, 0, 0)
    tail = (1 - level) / 2
    lower = 0.0 if count == 0 else float(beta.ppf(tail, count, n - count + 1))
    upper = 1.0 if count == n else float(beta.ppf(1 - tail, count + 1, n - count))
    return Proportion(count / n, lower, upper, count, n)
