"""Which penalty of the LASSO: the cross-validated deviance, its minimum, and one SE from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from modeling.methods.binary_input import check_outcome
from modeling.methods.lasso import fit_lasso_cox, fit_lasso_logistic
from modeling.methods.lasso_solver import CoxLoss, LassoPath
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import Notice
from studies.methods.wording import say


@dataclass(frozen=True)
class LassoChoice:
    """What one penalty keeps."""

    penalty: float
    intercept: float
    coefficients: Floats
    selected: tuple[str, ...]


@dataclass(frozen=True)
class CrossValidatedLasso:
    """The path on all rows, its cross-validated deviance, and two penalties of it.

    Where a fold's path ends early, its last coefficients stand for smaller penalties.
    """

    path: LassoPath
    deviance: Floats
    std_error: Floats
    minimum: LassoChoice
    one_std_error: LassoChoice
    notices: tuple[Notice, ...] = ()


def cross_validate_lasso_cox(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    fold: ArrayLike,
    names: Sequence[str] | None = None,
) -> CrossValidatedLasso:
    """LASSO Cox path with the penalty chosen over given folds.

    Parameters
    ----------
    duration, event, x, names
        As in :func:`fit_lasso_cox`.
    fold : array of int, shape (n,)
        The fold in which each row is left out.

    Notes
    -----
    A fold's deviance is that of all rows less that of the rows it kept, at the fold's own
    coefficients, per event left out (Verweij, van Houwelingen 1993), as glmnet does.

    References
    ----------
    Simon et al., J Stat Softw 2011;39(5):1. Compared with R glmnet.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    path = fit_lasso_cox(time, flag, x, names)
    columns = np.asarray(x, dtype=float)

    def left_out(kept: Flags) -> _LeftOut:
        inner = fit_lasso_cox(time[kept], flag[kept], columns[kept], path.names)
        _, beta = inner.coefficients_at(path.penalty)
        whole = _deviances(CoxLoss(time, flag, columns), beta)
        part = _deviances(CoxLoss(time[kept], flag[kept], columns[kept]), beta)
        return whole - part, float(flag[~kept].sum()), inner.notices

    return _cross_validated(path, np.asarray(fold), left_out)


def cross_validate_lasso_logistic(
    outcome: ArrayLike, x: ArrayLike, fold: ArrayLike, names: Sequence[str] | None = None
) -> CrossValidatedLasso:
    """LASSO logistic path with the penalty chosen over given folds by deviance.

    Parameters
    ----------
    outcome, x, names
        As in :func:`modeling.methods.lasso.fit_lasso_logistic`.
    fold : array of int, shape (n,)
        The fold in which each row is left out.

    References
    ----------
    Friedman, Hastie, Tibshirani, J Stat Softw 2010;33(1):1. Compared with R glmnet.
    """
    y, columns = check_outcome(outcome), np.asarray(x, dtype=float)
    path = fit_lasso_logistic(y, columns, names)

    def left_out(kept: Flags) -> _LeftOut:
        inner = fit_lasso_logistic(y[kept], columns[kept], path.names)
        intercept, beta = inner.coefficients_at(path.penalty)
        p = expit(intercept + columns[~kept] @ beta.T)
        p = np.clip(p, 1e-5, 1 - 1e-5)
        happened = y[~kept][:, None]
        told = -2 * np.log(np.where(happened, p, 1 - p)).sum(axis=0)
        return told, float((~kept).sum()), inner.notices

    return _cross_validated(path, np.asarray(fold), left_out)


def _deviances(loss: CoxLoss, beta: Floats) -> Floats:
    return np.array([2 * (loss.value(row) - loss.saturated) for row in beta])


_LeftOut = tuple[Floats, float, tuple[Notice, ...]]  # deviance per penalty, weight, what was said


def _cross_validated(
    path: LassoPath, fold: NDArray, left_out: Callable[[Flags], _LeftOut]
) -> CrossValidatedLasso:
    parts = [left_out(fold != number) for number in np.unique(fold)]
    weight = np.array([share for _, share, _ in parts])
    used = weight > 0
    each = np.array([total for total, _, _ in parts])[used] / weight[used, None]
    mean = np.average(each, axis=0, weights=weight[used])
    spread = np.average((each - mean) ** 2, axis=0, weights=weight[used])
    error = np.sqrt(spread / (used.sum() - 1))
    best = int(np.argmin(mean))
    simple = int(np.flatnonzero(mean <= mean[best] + error[best])[0])
    notices = (*path.notices, *_about_folds(sum(bool(told) for _, _, told in parts), len(parts)))
    return CrossValidatedLasso(
        path, mean, error, _choice(path, best), _choice(path, simple), notices
    )  # fmt: skip


def _about_folds(early: int, folds: int) -> tuple[Notice, ...]:
    if not early:
        return ()
    text = say("LASSO: in {early} of {folds} folds the path ends early, not converged: its last "
               "coefficients stand for smaller penalties", early=early, folds=folds)  # fmt: skip
    return (Notice("lasso_folds_not_converged", text),)


def _choice(path: LassoPath, step: int) -> LassoChoice:
    beta = path.coefficients[step]
    kept = tuple(name for name, b in zip(path.names, beta, strict=True) if b != 0)
    return LassoChoice(float(path.penalty[step]), float(path.intercept[step]), beta, kept)
