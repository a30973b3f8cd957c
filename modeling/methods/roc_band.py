"""How far a ROC curve may lie from the true one: a band of the true positive rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.survival_table import Floats, check_survival
from modeling.methods.time_dependent_auc import estimate_time_dependent_roc

GRID = np.round(np.linspace(0.0, 1.0, 41), 3)
FEWEST = 0.5  # of the resamples with cases and controls


@dataclass(frozen=True)
class RocInterval:
    """95 % interval of the true positive rate at each false positive rate; NaN: not estimable."""

    false_positive: Floats
    lower: Floats
    upper: Floats


def estimate_roc_band(
    outcome: ArrayLike, score: ArrayLike, resamples: int = 500, seed: int = 0
) -> RocInterval:
    """Pointwise band of a ROC curve by resampling patients within each class.

    Parameters
    ----------
    outcome : array, shape (n,)
        1 where it is there.
    score : array, shape (n,)
        Higher speaks for 1.
    resamples, seed : int

    References
    ----------
    Pepe, The Statistical Evaluation of Medical Tests, 2003, 5.2 (vertical averaging).
    """
    y, value = np.asarray(outcome) == 1, np.asarray(score, dtype=float)
    random = np.random.default_rng(seed)
    drawn = np.full((resamples, GRID.size), np.nan)
    if y.any() and not y.all():
        for k in range(resamples):
            cases, controls = (random.choice(value[rows], rows.sum()) for rows in (y, ~y))
            drawn[k] = _at_rates(cases, controls)
    return _interval(drawn)


def estimate_time_dependent_roc_band(
    duration: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    resamples: int = 300,
    seed: int = 0,
) -> RocInterval:
    """As :func:`estimate_roc_band` of the ROC curve at a time, patients resampled.

    Parameters
    ----------
    duration, event, risk, horizon
        As in :func:`modeling.methods.time_dependent_auc.estimate_time_dependent_roc`.
    resamples, seed : int

    References
    ----------
    Blanche, Dartigues, Jacqmin-Gadda, Stat Med 2013;32:5381 (the curve).
    """
    time, flag = check_survival(duration, event)
    score = np.asarray(risk, dtype=float)
    random = np.random.default_rng(seed)
    drawn = np.full((resamples, GRID.size), np.nan)
    for k in range(resamples):
        rows = random.integers(0, time.size, time.size)
        curve = estimate_time_dependent_roc(time[rows], flag[rows], score[rows], horizon)
        drawn[k] = np.interp(GRID, curve.false_positive, curve.true_positive)
    return _interval(drawn)


def _at_rates(cases: Floats, controls: Floats) -> Floats:
    """True positive rate where the threshold lets each share of controls pass, straight between."""
    cuts = np.unique(np.r_[cases, controls])[::-1]
    ordered = np.sort(cases), np.sort(controls)
    true, false = (1 - np.searchsorted(part, cuts, "left") / part.size for part in ordered)
    return np.asarray(np.interp(GRID, np.r_[0.0, false], np.r_[0.0, true]))


def _interval(drawn: Floats) -> RocInterval:
    known = np.isfinite(drawn).all(axis=1)
    if known.sum() < max(2, FEWEST * len(drawn)):
        empty = np.full(GRID.size, np.nan)
        return RocInterval(GRID, empty, empty)
    low, high = np.percentile(drawn[known], [2.5, 97.5], axis=0)
    return RocInterval(GRID, low, high)
