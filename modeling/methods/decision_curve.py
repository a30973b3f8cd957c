"""Net benefit of acting on a predicted probability (binary outcome)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from modeling.methods.binary_input import check_probability
from studies.methods.problems import refuse


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit by threshold probability; arrays of shape (thresholds,)."""

    thresholds: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    false_positive_rate: NDArray[np.float64]
    net_benefit: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    treat_all: NDArray[np.float64]
    treat_none: NDArray[np.float64]
    n: int
    events: int


def estimate_decision_curve(
    outcome: ArrayLike,
    probability: ArrayLike,
    thresholds: ArrayLike | None = None,
    level: float = 0.95,
) -> DecisionCurve:
    """Net benefit TP/n - FP/n * pt / (1 - pt) of treating at risk >= pt.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1; both must occur.
    probability : array of shape (n,)
        Predicted probability of 1, in 0..1.
    thresholds : array of shape (m,), optional
        Threshold probabilities pt with 0 < pt < 1; 0.01, 0.02 .. 0.99 by default.
    level : float
        Coverage of the pointwise interval (normal, from the spread of each patient's share).

    Returns
    -------
    DecisionCurve
        With the curves of treating all and treating none.

    Raises
    ------
    DataProblem
        As ``check_probability``, or a threshold outside (0, 1).

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.
    """
    y, p = check_probability(outcome, probability)
    pt = np.arange(1, 100) / 100 if thresholds is None else np.asarray(thresholds, dtype=float)
    if pt.size == 0 or (pt <= 0).any() or (pt >= 1).any():
        raise refuse(
            "thresholds",
            np.array2string(pt, threshold=5),
            "values between 0 and 1",
            "Choose threshold probabilities inside (0, 1).",
        )
    treated = p[None, :] >= pt[:, None]
    odds = pt / (1 - pt)
    shares = np.where(treated, np.where(y[None, :], 1.0, -odds[:, None]), 0.0)
    half = norm.ppf(0.5 + level / 2) * shares.std(axis=1, ddof=1) / np.sqrt(y.size)
    tp_rate = (treated & y).sum(axis=1) / y.size
    fp_rate = (treated & ~y).sum(axis=1) / y.size
    net_benefit = tp_rate - fp_rate * odds
    treat_all = y.mean() - (1 - y.mean()) * odds
    return DecisionCurve(
        pt,
        tp_rate,
        fp_rate,
        net_benefit,
        net_benefit - half,
        net_benefit + half,
        treat_all,
        np.zeros_like(pt),
        int(y.size),
        int(y.sum()),
    )
