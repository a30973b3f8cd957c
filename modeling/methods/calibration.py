"""Do predicted probabilities of a binary outcome mean what they say?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from modeling.methods.binary_input import check_probability
from modeling.methods.threshold_metrics import Proportion, estimate_proportion
from studies.methods.problems import Notice


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; all None when not estimable."""

    estimate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class CalibrationBin:
    """One of the equal-count groups of predicted probability."""

    mean_predicted: float
    observed: Proportion


@dataclass(frozen=True)
class Calibration:
    """Slope, two intercepts, expected over observed, Brier score and ECE with intervals."""

    slope: Interval
    intercept_with_slope: Interval
    calibration_in_the_large: Interval
    expected_over_observed: Interval
    brier: Interval
    expected_calibration_error: Interval
    bins: tuple[CalibrationBin, ...]
    n: int
    events: int
    notices: tuple[Notice, ...] = ()


def estimate_calibration(
    outcome: ArrayLike,
    probability: ArrayLike,
    bins: int = 10,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Calibration:
    """Calibration of predicted probabilities against a binary outcome.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1; both must occur.
    probability : array of shape (n,)
        Predicted probability of 1, in 0..1.
    bins : int
        Number of equal-count groups (fewer when there are fewer patients).
    resamples, seed : int
        Bootstrap of the expected calibration error.
    level : float
        Coverage of all intervals.

    Returns
    -------
    Calibration
        ``slope`` and ``intercept_with_slope`` come from one logistic regression of the outcome
        on logit(p); ``calibration_in_the_large`` is the intercept with logit(p) as offset.

    Raises
    ------
    DataProblem
        One class only, a missing probability or one outside 0..1.

    Notes
    -----
    The expected calibration error is biased upward in small cohorts and chooses nothing here.

    References
    ----------
    Cox DR. Biometrika 1958;45:562-565. Van Calster B et al. BMC Med 2019;17:230.
    Values of R rms::val.prob and glm.
    """
    y, p = check_probability(outcome, probability)
    eta, notices = _finite_logit(p)
    z = float(norm.ppf(0.5 + level / 2))
    joint = fit_logistic_offset(y, np.column_stack([np.ones(y.size), eta]), np.zeros(y.size))
    offset = fit_logistic_offset(y, np.ones((y.size, 1)), eta)
    edges = np.linspace(0, y.size, min(bins, y.size) + 1).round().astype(int)
    order = _order(y, p, seed)
    if joint is None:
        notices.append(
            Notice(
                "calibration_separated",
                "The predictions separate the classes: the calibration slope is not estimable.",
            )
        )
    return Calibration(
        slope=_wald(joint, 1, z),
        intercept_with_slope=_wald(joint, 0, z),
        calibration_in_the_large=_wald(offset, 0, z),
        expected_over_observed=_expected_over_observed(y, p, z),
        brier=_mean((p - y) ** 2, z),
        expected_calibration_error=_ece_interval((p - y)[order], edges, resamples, seed, level),
        bins=_bins(y[order], p[order], edges, level),
        n=int(y.size),
        events=int(y.sum()),
        notices=tuple(notices),
    )


def _finite_logit(p: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[Notice]]:
    """Logit, with certain predictions (0 and 1) moved inward by half a patient, and said."""
    certain = (p == 0) | (p == 1)
    if not certain.any():
        return logit(p), []
    doubtful = np.minimum(p, 1 - p)[~certain]
    edge = float(min(1 / (2 * p.size), doubtful.min(initial=0.5)))
    text = (
        f"{int(certain.sum())} predictions of exactly 0 or 1 were taken as {edge:.3g} from "
        "the bound for slope and intercept."
    )
    highest = 1 - max(edge, float(np.finfo(float).eps))  # of a smaller edge nothing is left
    return logit(np.clip(p, edge, highest)), [Notice("calibration_certain", text)]


def fit_logistic_offset(
    y: NDArray[np.bool_], design: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Coefficients and standard errors by Newton's method, None where they do not exist.

    Parameters
    ----------
    y : array of shape (n,)
        True or False.
    design : array of shape (n, k)
    offset : array of shape (n,)
        Added to the linear predictor as it is.

    References
    ----------
    McCullagh, Nelder, Generalized Linear Models, 1989, chapter 4. R glm(binomial).
    """
    coefficients = np.zeros(design.shape[1])
    for _ in range(100):
        mean = expit(design @ coefficients + offset)
        information = design.T @ (design * (mean * (1 - mean))[:, None])
        if np.linalg.matrix_rank(information) < design.shape[1]:
            return None
        step = np.linalg.solve(information, design.T @ (y - mean))
        step = _shortened(step, coefficients, y, design, offset)
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-12 * (1 + np.abs(coefficients).max()):
            return coefficients, np.sqrt(np.diag(np.linalg.inv(information)))
    return None


def _shortened(
    step: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    y: NDArray[np.bool_],
    design: NDArray[np.float64],
    offset: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Half a step, and half again, until the likelihood no longer falls."""

    def likelihood(at: NDArray[np.float64]) -> float:
        eta = design @ at + offset
        return float(np.sum(np.where(y, eta, 0.0) - np.logaddexp(0, eta)))

    floor = likelihood(coefficients) - 1e-9
    for _ in range(30):
        if likelihood(coefficients + step) >= floor:
            break
        step = step / 2
    return step


def _wald(
    fit: tuple[NDArray[np.float64], NDArray[np.float64]] | None, index: int, z: float
) -> Interval:
    if fit is None:
        return Interval(None, None, None)
    estimate, error = float(fit[0][index]), float(fit[1][index])
    return Interval(estimate, estimate - z * error, estimate + z * error)


def _expected_over_observed(y: NDArray[np.bool_], p: NDArray[np.float64], z: float) -> Interval:
    """On the log scale; the observed count carries all the error."""
    ratio = float(p.sum() / y.sum())
    half = z * float(np.sqrt((1 - y.mean()) / y.sum()))
    return Interval(ratio, ratio * float(np.exp(-half)), ratio * float(np.exp(half)))


def _mean(values: NDArray[np.float64], z: float) -> Interval:
    mean = float(values.mean())
    half = z * float(values.std(ddof=1) / np.sqrt(values.size))
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half))


def _order(y: NDArray[np.bool_], p: NDArray[np.float64], seed: int) -> NDArray[np.intp]:
    """By probability; ties in a seeded order that knows nothing of the order of the rows."""
    canonical = np.lexsort((y, p))
    lots = np.random.default_rng(seed).random(y.size)
    return canonical[np.lexsort((lots, p[canonical]))]


def _bins(
    y: NDArray[np.bool_], p: NDArray[np.float64], edges: NDArray[np.int_], level: float
) -> tuple[CalibrationBin, ...]:
    groups = [slice(a, b) for a, b in pairwise(edges)]
    return tuple(
        CalibrationBin(float(p[g].mean()), estimate_proportion(int(y[g].sum()), y[g].size, level))
        for g in groups
    )


def _ece_interval(
    gap: NDArray[np.float64], edges: NDArray[np.int_], resamples: int, seed: int, level: float
) -> Interval:
    """Mean over bins of |mean predicted - observed|; ``gap`` is p - y, sorted by p."""
    estimate = float(_ece(gap[None, :], edges)[0])
    if resamples == 0:
        return Interval(estimate, None, None)
    drawn = np.random.default_rng(seed).integers(gap.size, size=(resamples, gap.size))
    drawn.sort(axis=1)
    tail = (1 - level) / 2
    lower, upper = np.quantile(_ece(gap[drawn], edges), [tail, 1 - tail])
    return Interval(estimate, float(lower), float(upper))


def _ece(gap: NDArray[np.float64], edges: NDArray[np.int_]) -> NDArray[np.float64]:
    """Equal-count bins share the weight, so the sums of gaps need no division by bin."""
    sums = np.add.reduceat(gap, edges[:-1], axis=1)
    return np.abs(sums).sum(axis=1) / gap.shape[1]
