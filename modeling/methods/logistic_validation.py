"""What a logistic model will do in new patients: optimism by bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import rankdata

from modeling.methods.corrected_indexes import CorrectedIndex
from modeling.methods.logistic import fit_logistic
from modeling.methods.resampling_plans import plan_resamples
from modeling.methods.survival_table import Floats
from studies.methods.problems import refuse
from studies.methods.wording import say

INDEXES = ("c", "slope", "intercept", "brier")
STEPS, STOP = 40, 1e-9
FARTHEST = 20.0  # |coefficient| × SD: as far as separation is followed


@dataclass(frozen=True)
class LogisticValidation:
    """Corrected indexes by name; ``c`` is the AUC, slope and intercept are fitted together."""

    resamples: int
    usable: int
    indexes: dict[str, CorrectedIndex]


def validate_logistic(
    outcome: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    resamples: int = 500,
    seed: int = 0,
) -> LogisticValidation:
    """AUC, calibration slope and intercept, and Brier score, corrected for optimism.

    Parameters
    ----------
    outcome, x, names
        As in :func:`modeling.methods.logistic.fit_logistic`; refitted in every resample.
    resamples, seed : int

    Raises
    ------
    DataProblem
        What :func:`fit_logistic` refuses, or fewer than two usable resamples.

    Notes
    -----
    A resample with one class only, or a constant column, is not usable.

    References
    ----------
    Harrell, Lee, Mark, Stat Med 1996;15:361. Compared with R rms::validate.
    """
    fit = fit_logistic(outcome, x, names)
    y = fit.outcome.astype(float)
    scale = np.r_[1.0, fit.x[:, 1:].std(axis=0)]
    columns = fit.x / scale
    columns[:, 1:] -= columns[:, 1:].mean(axis=0)
    one = np.ones(y.size)
    own = _indexes(columns @ _fit(y, columns, one), y, one)
    told = []
    for plan in plan_resamples("bootstrap", y.size, resamples, seed):
        for weight in plan()[0]:
            beta = _fit(y, columns, weight)
            lp = columns @ beta
            told.append([_indexes(lp, y, weight), _indexes(lp, y, one)])
    found = np.array(told)
    usable = np.isfinite(found).all(axis=(1, 2))
    if usable.sum() < 2:
        raise refuse(
            say("Validation"),
            say("{sum} usable resamples", sum=int(usable.sum())),
            "two or more",
            "Join rare levels or leave columns out.",
        )
    training, test = found[usable].mean(axis=0)
    return LogisticValidation(
        len(told),
        int(usable.sum()),
        {
            name: CorrectedIndex(
                float(own[k]), float(training[k]), float(test[k]), float(training[k] - test[k]),
                float(own[k] - training[k] + test[k]), int(usable.sum()),
            )
            for k, name in enumerate(INDEXES)
        },
    )  # fmt: skip


def _fit(y: Floats, x: Floats, weight: Floats) -> Floats:
    """Coefficients of weighted rows; NaN where they are not to be had."""
    beta, value = np.zeros(x.shape[1]), -np.inf
    for _ in range(STEPS):
        eta = x @ beta
        mean = expit(eta)
        new = float((weight * (y * eta - np.logaddexp(0, eta))).sum())
        information = x.T @ (x * (weight * mean * (1 - mean))[:, None])
        if np.abs(beta).max() > FARTHEST or abs(new - value) <= STOP * abs(new):
            return beta
        try:
            beta = beta + np.linalg.solve(information, x.T @ (weight * (y - mean)))
        except np.linalg.LinAlgError:
            return np.full(beta.size, np.nan)
        value = new
    return beta


def _indexes(lp: Floats, y: Floats, weight: Floats) -> Floats:
    """C, slope, intercept, Brier score of a linear predictor in a weighting of the rows."""
    events, n = float(weight @ y), float(weight.sum())
    if not np.isfinite(lp).all() or events in (0, n):
        return np.full(len(INDEXES), np.nan)
    again = _fit(y, np.column_stack([np.ones(lp.size), lp]), weight)
    drawn = np.repeat(np.arange(lp.size), weight.astype(int))
    ranks = rankdata(lp[drawn])
    c = (ranks[y[drawn] == 1].sum() - events * (events + 1) / 2) / (events * (n - events))
    brier = float(weight @ (expit(lp) - y) ** 2) / n
    return np.array([c, again[1], again[0], brier])
