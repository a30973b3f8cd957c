"""Calibration without groups: a smooth curve of observed on predicted risk, and its distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.cox import fit_cox
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.splines import place_knots, spline_basis
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say

KNOTS, GRID = 3, 100
FARTHEST = 1e-12  # predictions of 0 and 1 are taken from here


@dataclass(frozen=True)
class SmoothCalibration:
    """Predicted and observed risk by ``horizon`` along a grid, and per patient.

    ``ici``, ``e50``, ``e90``, ``e_max``: mean, median, 90th percentile and largest of
    |observed − predicted| over patients.
    """

    horizon: float
    grid: Floats
    observed: Floats
    lower: Floats
    upper: Floats
    patient_observed: Floats
    ici: float
    e50: float
    e90: float
    e_max: float


@dataclass(frozen=True)
class CalibrationInTheLarge:
    """Events by the horizon against those predicted, with slope and both intercepts.

    ``observed_expected``: by Kaplan-Meier at the horizon (below 1: risks predicted too high).
    ``intercept``: log of events over expected, given the predictions (0 is right).
    ``slope`` and ``intercept_with_slope`` are fitted together (1 and 0 are right).
    """

    horizon: float
    events: int
    expected: float
    observed_expected: float
    intercept: tuple[float, float, float]
    slope: tuple[float, float, float]
    intercept_with_slope: tuple[float, float, float]


def estimate_smooth_calibration(
    duration: ArrayLike, event: ArrayLike, predicted: ArrayLike, horizon: float, level: float = 0.95
) -> SmoothCalibration:
    """Observed risk as a smooth function of the predicted risk, with ICI, E50, E90.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    predicted : array, shape (n,)
        Predicted RISK by the horizon, 0..1.
    horizon : float
        In the unit of ``duration``.
    level : float

    Raises
    ------
    DataProblem
        When risks are none, nobody is followed so far, or all are predicted alike.

    Notes
    -----
    A Cox model of the restricted cubic spline (3 knots) of log(−log(1 − risk)); the observed
    risk is that model's at the horizon.

    References
    ----------
    Austin, Harrell, van Klaveren, Stat Med 2020;39:2714. Compared with R survival and Hmisc.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    risk = _check_risk(predicted, time, horizon)
    scale = _complementary(risk)
    knots = place_knots(scale, KNOTS)
    fit = fit_cox(time, flag, spline_basis(scale, knots), ["prediction", "prediction'"])
    observed = 1 - fit.survival(spline_basis(scale, knots), [horizon])[:, 0]
    low, high = np.quantile(risk, [0.01, 0.99])
    grid = np.linspace(float(low), float(high), GRID)
    curve = fit.survival_interval(spline_basis(_complementary(grid), knots), [horizon], level)
    gap = np.abs(observed - risk)
    return SmoothCalibration(
        horizon=horizon,
        grid=grid,
        observed=1 - curve.survival[:, 0],
        lower=1 - curve.upper[:, 0],
        upper=1 - curve.lower[:, 0],
        patient_observed=observed,
        ici=float(gap.mean()),
        e50=float(np.median(gap)),
        e90=float(np.quantile(gap, 0.9)),
        e_max=float(gap.max()),
    )


def estimate_calibration_in_the_large(
    duration: ArrayLike,
    event: ArrayLike,
    linear_predictor: ArrayLike,
    hazard: ArrayLike,
    predicted: ArrayLike,
    horizon: float,
    level: float = 0.95,
) -> CalibrationInTheLarge:
    """Expected against observed events by a horizon, calibration slope and both intercepts.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    linear_predictor : array, shape (n,)
        Of the model; higher = higher risk.
    hazard : array, shape (n,)
        Cumulative hazard that the model predicts for each patient up to the end of their
        follow-up or the horizon, whichever comes first.
    predicted : array, shape (n,)
        Predicted RISK by the horizon, 0..1.
    horizon, level : float

    Notes
    -----
    Events are taken as Poisson with mean exp(intercept + slope·lp) times the baseline hazard;
    with the slope held at 1 the intercept is log(observed/expected).

    References
    ----------
    Crowson, Atkinson, Therneau, Stat Methods Med Res 2016;25:1692. Compared with R glm.
    """
    time, flag = check_survival(duration, event)
    risk = _check_risk(predicted, time, horizon)
    lp, expected = np.asarray(linear_predictor, float), np.asarray(hazard, float)
    happened = flag & (time <= horizon)
    known = expected > 0
    z = float(norm.ppf(0.5 + level / 2))
    one = np.ones((time.size, 1))
    alone = _poisson(happened[known], one[known], np.log(expected[known]))
    both = _poisson(happened[known], np.c_[one, lp][known], np.log(expected[known]) - lp[known])
    observed = 1 - float(estimate_kaplan_meier(time, flag).at([horizon])[0])
    return CalibrationInTheLarge(
        horizon,
        int(happened.sum()),
        float(expected.sum()),
        observed / float(risk.mean()) if risk.any() else float("nan"),
        _around(alone, 0, z),
        _around(both, 1, z),
        _around(both, 0, z),
    )


def _check_risk(predicted: ArrayLike, time: Floats, horizon: float) -> Floats:
    risk = np.asarray(predicted, dtype=float)
    if risk.shape != time.shape or not ((risk >= 0) & (risk <= 1)).all():
        raise refuse(
            say("Predicted risk"), say("a value outside 0..1 or missing"), "a probability",
            "Give P(event by the horizon) per row.",
        )  # fmt: skip
    if not (time >= horizon).any():
        raise refuse(
            say("Horizon"),
            say("{horizon:g}, beyond follow-up: not estimable", horizon=horizon),
            say("at most {max:g}", max=time.max()),
            "Choose an earlier horizon.",
        )
    return risk


def _complementary(risk: Floats) -> Floats:
    return np.log(-np.log1p(-np.clip(risk, FARTHEST, 1 - FARTHEST)))


def _poisson(y: Flags, x: Floats, offset: Floats) -> tuple[Floats, Floats] | None:
    """Coefficients and standard errors of a Poisson regression with log link."""
    beta, expected = np.zeros(x.shape[1]), float(np.exp(offset).sum())
    if not expected > 0:  # the horizon lies before every event
        return None
    beta[0] = np.log(max(y.sum(), 0.5) / expected)
    for _ in range(100):
        mean = np.exp(x @ beta + offset)
        information = x.T @ (x * mean[:, None])
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1e13:
            return None
        move = np.linalg.solve(information, x.T @ (y - mean))
        beta = beta + move
        if np.abs(move).max() < 1e-10:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    return None


def _around(found: tuple[Floats, Floats] | None, k: int, z: float) -> tuple[float, float, float]:
    if found is None:
        return (float("nan"),) * 3
    value, error = float(found[0][k]), float(found[1][k])
    return value, value - z * error, value + z * error
