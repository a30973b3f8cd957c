"""Residuals of a Cox model: who fits badly, who moves the coefficients, what drifts over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.cox import check_weights
from modeling.methods.cox_fit import CoxFit
from modeling.methods.proportional_hazards import Transform, transform_time
from modeling.methods.risk_sets import StratifiedRiskSets
from modeling.methods.survival_table import Flags, Floats, check_survival


@dataclass(frozen=True)
class CoxResiduals:
    """Per row, in the rows' order; ``dfbeta`` is (rows × columns).

    ``martingale``: events less those expected. ``deviance``: the same made symmetric.
    ``score``: part of the score. ``dfbeta``: about how far a coefficient moves when the row is
    left out, ``dfbetas`` in standard errors.
    """

    martingale: Floats
    deviance: Floats
    score: Floats
    dfbeta: Floats
    dfbetas: Floats


@dataclass(frozen=True)
class SchoenfeldResiduals:
    """One row per event by ascending time; ``scaled`` scatters about β(t) of each column.

    ``transformed`` is g(t), the axis on which a trend is looked for.
    """

    names: tuple[str, ...]
    time: Floats
    transformed: Floats
    plain: Floats
    scaled: Floats


def estimate_cox_residuals(
    fit: CoxFit,
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> CoxResiduals:
    """Martingale, deviance, score and dfbeta residuals of the rows of a fit.

    Parameters
    ----------
    fit : CoxFit
        Fitted on these very rows.
    duration, event, x, strata, weights, offset : arrays
        The rows of the fit.

    References
    ----------
    Therneau, Grambsch, Modeling Survival Data, 2000. Compared with R residuals.coxph.
    """
    time, flag, sets = _sets(fit, duration, event, x, strata, weights, offset)
    beta = fit.coefficients
    martingale = sets.in_row_order([part.martingale(beta) for part in sets.parts])
    score = sets.in_row_order([part.score_residuals(beta) for part in sets.parts])
    case = np.ones(time.size) if weights is None else np.asarray(weights, dtype=float)
    dfbeta = score * case[:, None] @ fit.covariance
    return CoxResiduals(
        martingale, _deviance(martingale, flag), score, dfbeta, dfbeta / fit.std_error
    )


def robust_covariance(
    fit: CoxFit,
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    weights: ArrayLike | None = None,
) -> Floats:
    """Covariance of the coefficients that holds for sampling weights (sandwich by dfbeta).

    Parameters
    ----------
    fit, duration, event, x, weights
        As in :func:`estimate_cox_residuals`.

    References
    ----------
    Lin, Wei, JASA 1989;84:1074. Compared with R coxph(robust = TRUE).
    """
    moved = estimate_cox_residuals(fit, duration, event, x, weights=weights).dfbeta
    return np.asarray(moved.T @ moved)


def estimate_schoenfeld(
    fit: CoxFit,
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    transform: Transform = "km",
    strata: ArrayLike | None = None,
) -> SchoenfeldResiduals:
    """Schoenfeld residuals, plain and scaled to the coefficients.

    Parameters
    ----------
    fit, duration, event, x, strata
        As in :func:`estimate_cox_residuals`.
    transform : {"km", "identity", "log", "rank"}
        g(t) of the axis.

    References
    ----------
    Grambsch, Therneau, Biometrika 1994;81:515. Compared with R cox.zph.
    """
    time, flag, sets = _sets(fit, duration, event, x, strata, None, None)
    plain = sets.in_row_order([part.schoenfeld(fit.coefficients) for part in sets.parts])
    rows = np.flatnonzero(flag)
    rows = rows[np.argsort(time[rows], kind="stable")]
    scaled = fit.coefficients + rows.size * plain[rows] @ fit.covariance
    moved = transform_time(time, flag, transform)
    return SchoenfeldResiduals(fit.names, time[rows], moved[rows], plain[rows], scaled)


def _sets(
    fit: CoxFit,
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    strata: ArrayLike | None,
    weights: ArrayLike | None,
    offset: ArrayLike | None,
) -> tuple[Floats, Flags, StratifiedRiskSets]:
    time, flag = check_survival(duration, event, minimum_events=1)
    columns = np.asarray(x, dtype=float).reshape(time.size, -1) - fit.center
    groups = None if strata is None else np.asarray(strata).astype(str)
    case, known = check_weights(weights, offset, time.size)
    return time, flag, StratifiedRiskSets(time, flag, columns, fit.ties, groups, case, known)


def _deviance(martingale: Floats, flag: Flags) -> Floats:
    expected = flag - martingale
    with np.errstate(divide="ignore"):
        surprise = np.where(flag, np.log(np.where(flag, expected, 1.0)), 0.0)
    inside = -2 * (martingale + surprise)
    return np.sign(martingale) * np.sqrt(np.maximum(inside, 0.0))
