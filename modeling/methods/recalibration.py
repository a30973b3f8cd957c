"""A probability set right for another place: intercept and slope on the logit, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from modeling.methods.binary_input import check_probability
from modeling.methods.calibration import fit_logistic_offset
from modeling.methods.folds import assign_folds, split_pairs
from studies.methods.problems import refuse
from studies.methods.wording import say

EDGE = 1e-3
SMALLEST_CLASS = 10


@dataclass(frozen=True)
class RecalibrationFit:
    """logit of the new probability = intercept + slope × logit of the old one."""

    intercept: float
    slope: float
    n: int
    events: int


def fit_recalibration(outcome: ArrayLike, probability: ArrayLike) -> RecalibrationFit:
    """Logistic recalibration on patients of one place.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1; at least ten of each.
    probability : array of shape (n,)
        Of the frozen model, in 0..1; taken as 0.001 from the bounds.

    Returns
    -------
    RecalibrationFit
        A slope that is not positive would turn the order of patients round, and is refused.

    Raises
    ------
    DataProblem
        Too few of a class, a fit that does not exist, a slope of 0 or less.

    References
    ----------
    Steyerberg EW. Clinical Prediction Models, 2nd ed. 2019, chapter 20. Values of R glm.
    """
    y, p = check_probability(outcome, probability)
    if min(int(y.sum()), int((~y).sum())) < SMALLEST_CLASS:
        raise refuse(
            "recalibration",
            say("{sum} events and {sum_2} others", sum=int(y.sum()), sum_2=int((~y).sum())),
            say("at least {smallest_class} of each", smallest_class=SMALLEST_CLASS),
            "Wait for more patients: two numbers fitted to fewer are noise.",
        )
    design = np.column_stack([np.ones(y.size), _logit(p)])
    fitted = fit_logistic_offset(y, design, np.zeros(y.size))
    if fitted is None or fitted[0][1] <= 0:
        raise refuse(
            "recalibration",
            say("no slope above 0"),
            "a score that goes up with the outcome",
            "The model does not work here: recalibrating would hide it.",
        )
    return RecalibrationFit(float(fitted[0][0]), float(fitted[0][1]), int(y.size), int(y.sum()))


def apply_recalibration(fit: RecalibrationFit, probability: ArrayLike) -> NDArray[np.float64]:
    """Probabilities of other patients, recalibrated.

    Parameters
    ----------
    fit : RecalibrationFit
    probability : array of shape (n,)

    References
    ----------
    As ``fit_recalibration``.
    """
    return expit(fit.intercept + fit.slope * _logit(np.asarray(probability, dtype=float)))


def estimate_recalibrated(
    keys: Sequence[str],
    outcome: ArrayLike,
    probability: ArrayLike,
    folds: int = 5,
    repeats: int = 20,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Recalibrated probabilities of the patients themselves, each from a fit without them.

    Parameters
    ----------
    keys : sequence of n str
    outcome, probability : arrays of shape (n,)
        As ``fit_recalibration``.
    folds, repeats, seed : int
        Of the divisions; the mean over repeats is returned.

    Raises
    ------
    DataProblem
        As ``fit_recalibration``, for the whole or within a fold.

    References
    ----------
    As ``fit_recalibration``, held out fold by fold.
    """
    y, p = np.asarray(outcome).astype(int), np.asarray(probability, dtype=float)
    by_repeat = np.empty((repeats, y.size))
    for repeat, table in enumerate(assign_folds(keys, y, folds, repeats, seed)):
        for fit_rows, held_out in split_pairs(table):
            fit = _within_fold(y[fit_rows], p[fit_rows])
            by_repeat[repeat, held_out] = apply_recalibration(fit, p[held_out])
    return by_repeat.mean(axis=0)


def _within_fold(y: NDArray[np.int_], p: NDArray[np.float64]) -> RecalibrationFit:
    """As the whole, without its minimum: the folds of ten may hold eight."""
    design = np.column_stack([np.ones(y.size), _logit(p)])
    fitted = fit_logistic_offset(y.astype(bool), design, np.zeros(y.size))
    if fitted is None:
        raise refuse(
            "recalibration",
            say("a fold that the score separates"),
            "overlapping classes",
            "Wait for more patients.",
        )
    return RecalibrationFit(float(fitted[0][0]), float(fitted[0][1]), y.size, int(y.sum()))


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return logit(np.clip(p, EDGE, 1 - EDGE))
