"""Area under the ROC curve: DeLong and bootstrap intervals, paired comparison, permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from modeling.methods.binary_input import check_binary

_CELLS = 300_000  # resamples are drawn in blocks of about this many numbers, to stay in cache


@dataclass(frozen=True)
class AucEstimate:
    """An AUC with its interval and the counts behind it; no interval has a ``reason``."""

    auc: float
    lower: float | None
    upper: float | None
    standard_error: float
    positives: int
    negatives: int
    method: str
    level: float = 0.95
    reason: str = ""


@dataclass(frozen=True)
class AucDifference:
    """Difference of two AUCs measured on the same patients."""

    difference: float
    lower: float | None
    upper: float | None
    z: float | None
    p: float | None


def estimate_auc(outcome: ArrayLike, score: ArrayLike, level: float = 0.95) -> AucEstimate:
    """AUC with DeLong's interval.

    Parameters
    ----------
    outcome : array of shape (n,)
        1 (or True) for the class a higher score speaks for, 0 otherwise; both must occur.
    score : array of shape (n,)
        Any number, higher = more likely 1. Ties count one half.
    level : float
        Coverage of the interval.

    Returns
    -------
    AucEstimate
        Bounds are clipped to 0..1. They are None, with a reason, where the variance cannot be
        estimated: one patient alone in a class, or classes so far apart (an AUC of 1) that no
        placement varies. An interval of no width would claim certainty.

    Raises
    ------
    DataProblem
        One class only, a missing score, lengths that differ.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    Sun X, Xu W. IEEE Signal Processing Letters 2014;21:1389-1393 (by ranks).
    """
    y, s = check_binary(outcome, score)
    placement_1, placement_0 = _placements(y, s)
    auc = float(placement_1.mean())
    error = float(np.sqrt(_variance_of_mean(placement_1) + _variance_of_mean(placement_0)))
    half = norm.ppf(0.5 + level / 2) * error
    reason = _no_interval(placement_1.size, placement_0.size, error)
    return AucEstimate(
        auc,
        None if reason else max(0.0, auc - half),
        None if reason else min(1.0, auc + half),
        error,
        placement_1.size,
        placement_0.size,
        "delong",
        level,
        reason,
    )


def compare_auc_paired(
    outcome: ArrayLike, first: ArrayLike, second: ArrayLike, level: float = 0.95
) -> AucDifference:
    """Difference of two correlated AUCs (first minus second) with DeLong's test.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1.
    first, second : arrays of shape (n,)
        Two scores of the same patients, higher = more likely 1.
    level : float
        Coverage of the interval of the difference.

    Returns
    -------
    AucDifference
        ``p`` is two-sided; 1 when the two curves are the same; None when they differ and
        their variance is zero (an AUC of 1 against a constant), for then it is not estimable.
        Bounds are cut to −1..1: no two AUCs differ by more, so nothing is lost of the coverage.
        They are None where the variance is zero or a class has one patient alone.

    Raises
    ------
    DataProblem
        As ``estimate_auc``.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845. The test is R pROC's
    ``roc.test``; bounds are cut to the range of the quantity, as its ``ci.auc`` cuts an AUC's.
    """
    y, a = check_binary(outcome, first)
    _, b = check_binary(outcome, second)
    (a1, a0), (b1, b0) = _placements(y, a), _placements(y, b)
    difference = float(a1.mean() - b1.mean())
    error = float(np.sqrt(_variance_of_mean(a1 - b1) + _variance_of_mean(a0 - b0)))
    half = norm.ppf(0.5 + level / 2) * error
    z = difference / error if error > 0 else (0.0 if difference == 0 else None)
    if min(a1.size, a0.size) < 2 and difference != 0:
        z = None
    p = None if z is None else float(2 * norm.sf(abs(z)))
    if _no_interval(a1.size, a0.size, error):
        return AucDifference(difference, None, None, z, p)
    low, high = (float(np.clip(difference + side * half, -1, 1)) for side in (-1, 1))
    return AucDifference(difference, low, high, z, p)


def estimate_auc_bootstrap(
    outcome: ArrayLike,
    score: ArrayLike,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> AucEstimate:
    """AUC with a percentile bootstrap interval, resampled within each class.

    Parameters
    ----------
    outcome, score : arrays of shape (n,)
        As ``estimate_auc``.
    resamples : int
        Number of resamples.
    seed : int
        The same seed gives the same interval.
    level : float
        Coverage of the interval.

    Raises
    ------
    DataProblem
        As ``estimate_auc``.

    Notes
    -----
    A resample is a weight per patient, so that all AUCs come out of one kernel matrix
    K[i, j] = 1, 1/2 or 0 by two products; no score is sorted again. Resampling within the
    classes (as pROC does) leaves no resample with one class only.

    References
    ----------
    Robin X et al. BMC Bioinformatics 2011;12:77 (pROC).
    """
    y, s = check_binary(outcome, score)
    kernel = _kernel(s[y], s[~y])
    draws_1, draws_0 = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2)
    )
    values = np.empty(resamples)
    block = max(1, _CELLS // y.size)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        weights_1 = _resample_weights(draws_1, size, kernel.shape[0])
        weights_0 = _resample_weights(draws_0, size, kernel.shape[1])
        values[start : start + size] = np.einsum("bj,bj->b", weights_1 @ kernel, weights_0)
    values /= kernel.size
    tail = (1 - level) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    error = float(values.std(ddof=1)) if np.ptp(values) > 0 else 0.0
    reason = _no_interval(kernel.shape[0], kernel.shape[1], error)
    return AucEstimate(
        float(kernel.mean()),
        None if reason else float(lower),
        None if reason else float(upper),
        error,
        kernel.shape[0],
        kernel.shape[1],
        f"bootstrap {resamples}",
        level,
        reason,
    )


def estimate_auc_permutation_p(
    outcome: ArrayLike, score: ArrayLike, permutations: int = 10_000, seed: int = 0
) -> float:
    """Two-sided permutation p-value of AUC = 0.5.

    Parameters
    ----------
    outcome, score : arrays of shape (n,)
        As ``estimate_auc``.
    permutations : int
        Number of shuffles of the outcome.
    seed : int
        The same seed gives the same p-value.

    Returns
    -------
    float
        (1 + shuffles at least as far from 0.5) / (1 + permutations); never 0.

    Raises
    ------
    DataProblem
        As ``estimate_auc``.

    References
    ----------
    Phipson B, Smyth GK. Stat Appl Genet Mol Biol 2010;9:39.
    """
    y, s = check_binary(outcome, score)
    ranks = rankdata(s)
    positives = int(y.sum())
    centre = positives * (y.size + 1) / 2
    observed = abs(ranks[y].sum() - centre)
    rng = np.random.default_rng(seed)
    block, extreme = max(1, _CELLS // y.size), 0
    for start in range(0, permutations, block):
        size = min(block, permutations - start)
        chosen = np.argpartition(rng.random((size, y.size)), positives - 1, axis=1)[:, :positives]
        sums = ranks[chosen].sum(axis=1)
        extreme += int((np.abs(sums - centre) >= observed - 1e-9).sum())
    return (1 + extreme) / (1 + permutations)


def _placements(
    y: NDArray[np.bool_], s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per positive the share of negatives below it; per negative the share of positives above."""
    together = rankdata(s)
    n1, n0 = int(y.sum()), int((~y).sum())
    above = (together[y] - rankdata(s[y])) / n0
    below = 1 - (together[~y] - rankdata(s[~y])) / n1
    return above, below


def _no_interval(positives: int, negatives: int, error: float) -> str:
    """Why an AUC has no interval; empty when it has one."""
    if min(positives, negatives) < 2:
        return "one patient alone in a class"
    return "" if error > 0 else "no variation between patients to estimate it from"


def _variance_of_mean(values: NDArray[np.float64]) -> float:
    return float(values.var(ddof=1) / values.size) if values.size > 1 else 0.0


def _kernel(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.sign(positive[:, None] - negative[None, :]) + 1) / 2


def _resample_weights(rng: np.random.Generator, size: int, n: int) -> NDArray[np.float64]:
    drawn = rng.integers(n, size=(size, n), dtype=np.int32) + n * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)
