"""Which columns earn a place: the LASSO for Cox and logistic regression."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from modeling.methods.binary_input import check_outcome
from modeling.methods.covariates import check_columns
from modeling.methods.lasso_solver import CoxLoss, LassoPath, LogisticLoss, solve_path
from modeling.methods.survival_table import check_survival


def fit_lasso_cox(
    duration: ArrayLike, event: ArrayLike, x: ArrayLike, names: Sequence[str] | None = None
) -> LassoPath:
    """LASSO path of log hazard ratios.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    x : array, shape (n, p)
        Candidates without gaps; scaled to SD 1 (ddof 0) inside, given back on their own scale.
    names : sequence of str
        A name per column.

    Raises
    ------
    DataProblem
        Without events, with missing values or when no column has anything to say.

    Notes
    -----
    Minimises (1/n)·(−log partial likelihood, Breslow ties) + λ·Σ|b|.

    References
    ----------
    Simon et al., J Stat Softw 2011;39(5). Compared with R glmnet.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    columns, labels = check_columns(x, names, time.size)
    return solve_path(lambda scaled: CoxLoss(time, flag, scaled), columns, labels)


def fit_lasso_logistic(
    outcome: ArrayLike, x: ArrayLike, names: Sequence[str] | None = None
) -> LassoPath:
    """LASSO path of log odds ratios, with an unpenalised intercept.

    Parameters
    ----------
    outcome : array, shape (n,)
        1 where it happened, 0 where not.
    x, names
        As in :func:`fit_lasso_cox`.

    Notes
    -----
    Minimises (1/n)·(−log likelihood) + λ·Σ|b|.

    References
    ----------
    Friedman, Hastie, Tibshirani, J Stat Softw 2010;33(1). Compared with R glmnet.
    """
    y = check_outcome(outcome)
    columns, labels = check_columns(x, names, y.size)
    return solve_path(lambda scaled: LogisticLoss(y, scaled), columns, labels)
