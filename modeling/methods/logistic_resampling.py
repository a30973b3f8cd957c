"""Logistic models of weighted rows, many at once, and what their predictions are worth."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import expit

from modeling.methods.survival_table import Flags, Floats

Penalty = Literal["none", "firth"]
INDEXES = ("dxy", "r2", "slope", "intercept", "brier")
STEPS, STOP = 60, 1e-9
FARTHEST = 20.0  # |coefficient| × SD: as far as separation is followed
MOST_CELLS = 4_000_000  # of one block of resamples × rows × columns
SMALLEST_SHARE = 1e-10  # of the largest eigenvalue: a column is constant or collinear below it


def fit_resampled(x: Floats, y: Floats, weight: Floats, penalty: Penalty = "none") -> Floats:
    """Coefficients per resample, shape (resamples, p); NaN where they are not to be had.

    Parameters
    ----------
    x : array, shape (n, p)
        With the intercept's column; the others centred, of unit SD.
    y : array, shape (n,)
        0 or 1.
    weight : array, shape (resamples, n)
        How often a row is drawn.
    penalty : {"none", "firth"}

    Notes
    -----
    Newton's steps from zero, halved where the likelihood falls. Without a penalty a coefficient
    that has no finite maximum is followed until the likelihood rests or it is ``FARTHEST``.

    References
    ----------
    Firth, Biometrika 1993;80:27.
    """
    size = max(1, MOST_CELLS // x.size)
    parts = [_fit(x[None], y, weight[k : k + size], penalty == "firth", FARTHEST)[0]
             for k in range(0, len(weight), size)]  # fmt: skip
    return np.concatenate(parts)


def judge_resampled(lp: Floats, y: Floats, weight: Floats) -> Floats:
    """Dxy, Nagelkerke's R2, slope, intercept and Brier score, shape (resamples, 5).

    Parameters
    ----------
    lp : array, shape (resamples, n)
        Log odds that each resample's model predicts.
    y : array, shape (n,)
    weight : array, shape (resamples, n) or (1, n)
        Of the rows it is judged on.

    Notes
    -----
    Slope, intercept and R2 are those of a logistic regression of the outcome on ``lp``. NaN
    where one class only is there or a prediction is missing.

    References
    ----------
    Harrell, Lee, Mark, Stat Med 1996;15:361. Nagelkerke, Biometrika 1991;78:691. Compared with R
    rms::validate.
    """
    weight = np.broadcast_to(weight, lp.shape)
    told = np.full((len(lp), len(INDEXES)), np.nan)
    total, cases = weight.sum(axis=1), weight @ y
    known = np.isfinite(lp).all(axis=1) & (cases > 0) & (cases < total)
    lp, weight, total, cases = lp[known], weight[known], total[known], cases[known]
    if not known.any():
        return told
    again = np.stack([np.ones(lp.shape), lp], axis=2)
    line, value = _fit(again, y, weight, firth=False, farthest=np.inf)
    share = cases / total
    null = cases * np.log(share) + (total - cases) * np.log1p(-share)
    r2 = -np.expm1(2 * (null - value) / total) / -np.expm1(2 * null / total)
    brier = (weight * (expit(lp) - y) ** 2).sum(axis=1) / total
    dxy = [2 * _concordance(*rows) - 1 for rows in zip(lp, weight * y, weight * (1 - y),
                                                       strict=True)]  # fmt: skip
    told[known] = np.column_stack([dxy, r2, line[:, 1], line[:, 0], brier])
    return told


def _concordance(lp: Floats, cases: Floats, controls: Floats) -> float:
    """Share of pairs in order, ties one half."""
    _, place = np.unique(np.round(lp, 10), return_inverse=True)
    with_it, without = np.bincount(place, cases), np.bincount(place, controls)
    below = np.cumsum(without) - without / 2
    return float(with_it @ below / (with_it.sum() * without.sum()))


def _fit(
    x: Floats, y: Floats, weight: Floats, firth: bool, farthest: float
) -> tuple[Floats, Floats]:
    """Coefficients and log likelihood of every row of ``weight``; x is (1 or resamples, n, p)."""
    beta = np.zeros((len(weight), x.shape[2]))
    before, step, value = beta.copy(), np.zeros_like(beta), np.full(len(weight), -np.inf)
    beta[~_estimable(x, weight)] = np.nan
    going = np.flatnonzero(np.isfinite(beta).all(axis=1))
    for _ in range(STEPS):
        if not going.size:
            break
        own = x if len(x) == 1 else x[going]
        new, score, information = _derivatives(own, y, weight[going], beta[going], firth)
        fallen = ~(new >= value[going] - 1e-11 * np.abs(value[going]))
        worse, fine = going[fallen], ~fallen
        beta[worse] = (beta[worse] + before[worse]) / 2
        rest = np.abs(new - value[going]) <= STOP * np.abs(new)
        rest |= np.abs(beta[going]).max(axis=1) > farthest
        value[going[fine]] = new[fine]
        on = fine & ~rest
        step[going[on]] = _solved(information[on], score[on])
        before[going[on]] = beta[going[on]]
        beta[going[on]] += step[going[on]]
        going = going[fallen | on]
        going = going[np.isfinite(beta[going]).all(axis=1)]
    return beta, value


def _estimable(x: Floats, weight: Floats) -> Flags:
    """Whether no column is constant or collinear in the rows that are drawn."""
    turned = np.swapaxes(x, 1, 2)
    size = np.linalg.eigvalsh(np.matmul(turned * weight[:, None, :], x))
    return np.asarray(size[:, 0] > SMALLEST_SHARE * size[:, -1])


def _derivatives(
    x: Floats, y: Floats, weight: Floats, beta: Floats, firth: bool
) -> tuple[Floats, Floats, Floats]:
    eta = np.matmul(x, beta[:, :, None])[:, :, 0]
    mean = expit(eta)
    value = (weight * (y * eta - np.logaddexp(0, eta))).sum(axis=1)
    spread = mean * (1 - mean)
    turned = np.swapaxes(x, 1, 2)
    information = np.matmul(turned * (weight * spread)[:, None, :], x)
    target = y - mean
    if firth:
        sign, size = np.linalg.slogdet(information)
        value = np.where(sign > 0, value + size / 2, -np.inf)
        inverse = _inverted(information, sign > 0)
        leverage = spread * (np.matmul(x, inverse) * x).sum(axis=2)
        target = target + leverage * (0.5 - mean)
    return value, np.matmul(turned, (weight * target)[:, :, None])[:, :, 0], information


def _inverted(information: Floats, whole: Flags) -> Floats:
    inverse = np.zeros_like(information)
    inverse[whole] = np.linalg.inv(information[whole])
    return inverse


def _solved(information: Floats, score: Floats) -> Floats:
    try:
        return np.linalg.solve(information, score[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:  # one of them has nothing left to tell
        return np.array([_alone(*one) for one in zip(information, score, strict=True)])


def _alone(information: Floats, score: Floats) -> Floats:
    try:
        return np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        return np.full(score.size, np.nan)
