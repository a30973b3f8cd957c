"""Calibration of a probability without groups: a spline and lowess of observed on predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm

from modeling.methods.binary_input import check_probability
from modeling.methods.logistic import fit_logistic
from modeling.methods.splines import place_knots, spline_basis
from modeling.methods.survival_table import Floats

KNOTS, GRID = 3, 100
FARTHEST = 1e-12  # predictions of 0 and 1 are taken from here
SHARE, TOGETHER = 2 / 3, 0.01  # of lowess: the neighbours, and how far a straight line may reach


@dataclass(frozen=True)
class Distances:
    """Mean, median, 90th percentile and largest of |observed − predicted| over patients."""

    ici: float
    e50: float
    e90: float
    e_max: float


@dataclass(frozen=True)
class SmoothProbability:
    """Predicted and observed probability along a grid, and per patient, with their distances.

    ``knots`` are log odds.
    """

    knots: tuple[float, ...]
    grid: Floats
    observed: Floats
    lower: Floats
    upper: Floats
    patient_observed: Floats
    distances: Distances


def estimate_smooth_probability(
    outcome: ArrayLike, probability: ArrayLike, level: float = 0.95
) -> SmoothProbability:
    """Observed probability as a smooth function of the predicted one, with ICI, E50, E90.

    Parameters
    ----------
    outcome : array, shape (n,)
        0 or 1.
    probability : array, shape (n,)
        Predicted probability of 1.
    level : float

    Raises
    ------
    DataProblem
        One class only, predictions too few or alike, or such that they separate the classes.

    Notes
    -----
    A logistic regression on the restricted cubic spline (3 knots) of logit(p).

    References
    ----------
    Austin, Steyerberg, Stat Med 2019;38:4051 (ICI, E50, E90). Harrell, Regression Modeling
    Strategies, 2015. Compared with R glm and Hmisc.
    """
    y, p = check_probability(outcome, probability)
    scale = _log_odds(p)
    knots = place_knots(scale, KNOTS)
    names = ("prediction", "prediction'")
    fit = fit_logistic(y, spline_basis(scale, knots), names)
    observed = fit.probability(spline_basis(scale, knots))
    low, high = np.quantile(p, [0.01, 0.99])
    grid = np.linspace(float(low), float(high), GRID)
    basis = spline_basis(_log_odds(grid), knots)
    line = np.column_stack([np.ones(GRID), basis])
    half = norm.ppf(0.5 + level / 2) * np.sqrt(np.einsum("ij,jk,ik->i", line, fit.covariance, line))
    center = fit.linear_predictor(basis)
    return SmoothProbability(
        knots, grid, expit(center), expit(center - half), expit(center + half), observed,
        _distances(observed, p),
    )  # fmt: skip


def estimate_lowess_distances(outcome: ArrayLike, probability: ArrayLike) -> Distances:
    """Distances between predictions and their lowess curve, as R's val.prob tells them.

    Parameters
    ----------
    outcome, probability : arrays, shape (n,)
        As in :func:`estimate_smooth_probability`.

    References
    ----------
    Cleveland, JASA 1979;74:829. Compared with R rms::val.prob (Eavg, E90, Emax).
    """
    from statsmodels.nonparametric.smoothers_lowess import lowess

    y, p = check_probability(outcome, probability)
    curve = lowess(y.astype(float), p, frac=SHARE, it=0, delta=TOGETHER * np.ptp(p))
    at, first = np.unique(curve[:, 0], return_index=True)
    return _distances(np.interp(p, at, curve[first, 1]), p)


def _log_odds(p: Floats) -> Floats:
    return np.asarray(logit(np.clip(p, FARTHEST, 1 - FARTHEST)))


def _distances(observed: Floats, p: Floats) -> Distances:
    gap = np.abs(observed - p)
    return Distances(
        float(gap.mean()), float(np.median(gap)), float(np.quantile(gap, 0.9)), float(gap.max())
    )
