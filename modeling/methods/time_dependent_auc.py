"""Who will have had the event by a given time: cumulative/dynamic AUC under censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.survival_table import Flags, Floats, check_survival

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True)
class TimeDependentAuc:
    """AUC at one horizon; NaN where it cannot be estimated."""

    horizon: float
    auc: float
    std_error: float
    cases: int
    controls: int
    censored: int

    @property
    def estimable(self) -> bool:
        return bool(np.isfinite(self.auc))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wald interval, cut to 0..1; NaN where nothing varies (all pairs in order)."""
        if not self.std_error > 1e-12:  # rounding, not spread
            return float("nan"), float("nan")
        half = norm.ppf(0.5 + level / 2) * self.std_error
        return max(0.0, self.auc - half), min(1.0, self.auc + half)


@dataclass(frozen=True)
class TimeDependentRoc:
    """The ROC curve at one horizon, from strict to lenient threshold."""

    threshold: Floats
    false_positive: Floats
    true_positive: Floats


def estimate_time_dependent_auc(
    duration: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float
) -> TimeDependentAuc:
    """Cumulative/dynamic AUC: P(risk of a case > risk of one still event-free), ties one half.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    risk : array, shape (n,)
        Higher = worse.
    horizon : float
        Cases had the event by then, controls are followed beyond it.

    Returns
    -------
    TimeDependentAuc
        With NaN ("not estimable") beyond follow-up, without cases or without controls.

    Notes
    -----
    Cases weigh 1/G(T−), G the Kaplan-Meier curve of censoring in which events leave the risk
    set before censorings of the same time. The standard error is that of the influence
    function, which counts the estimation of G.

    References
    ----------
    Blanche, Dartigues, Jacqmin-Gadda, Stat Med 2013;32:5381. Compared with R timeROC.
    """
    time, flag, score = _sorted(duration, event, risk)
    case, control = (time <= horizon) & flag, time > horizon
    counts = int(case.sum()), int(control.sum()), int((~case & ~control).sum())
    if not counts[0] or not counts[1]:
        return TimeDependentAuc(horizon, np.nan, np.nan, *counts)
    weight = case_weights(time, flag)[case]
    won, lost = _wins(score[case], score[control], weight)
    auc = float(weight @ won / counts[1] / weight.sum())
    influence = _influence(time, flag, case, control, weight, won, lost, auc)
    error = float(np.std(influence, ddof=1) / np.sqrt(time.size))
    return TimeDependentAuc(horizon, auc, error, *counts)


def estimate_time_dependent_roc(
    duration: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float
) -> TimeDependentRoc:
    """ROC curve at ``horizon``: weighted true positives against false positives.

    Parameters as in :func:`estimate_time_dependent_auc`.

    Parameters
    ----------
    duration, event, risk, horizon
        As in :func:`estimate_time_dependent_auc`.

    References
    ----------
    Uno et al., J Am Stat Assoc 2007;102:527. Its area is compared with the AUC.
    """
    time, flag, score = _sorted(duration, event, risk)
    case, control = (time <= horizon) & flag, time > horizon
    weight = np.where(case, case_weights(time, flag), 0.0)
    values, index = np.unique(score, return_inverse=True)
    shares = []
    for part in (weight, control.astype(float)):
        total = part.sum()
        above = np.cumsum(np.bincount(index, part, values.size)[::-1])
        shares.append(above / total if total > 0 else np.full(values.size, np.nan))
    return TimeDependentRoc(
        np.append(np.inf, values[::-1]), np.append(0.0, shares[1]), np.append(0.0, shares[0])
    )


def case_weights(time: Floats, event: Flags) -> Floats:
    """1/G(T−) per row: how many patients one uncensored event speaks for.

    Parameters
    ----------
    time : array, shape (n,)
    event : array of bool, shape (n,)

    References
    ----------
    Robins, Rotnitzky 1992; Uno et al., J Am Stat Assoc 2007;102:527.
    """
    return 1 / censoring_survival(time, event, time, before=True)


def censoring_survival(time: Floats, event: Flags, at: ArrayLike, before: bool = False) -> Floats:
    """G(t), or G(t−), the product-limit curve of censoring; events leave first.

    Parameters
    ----------
    time : array, shape (n,)
    event : array of bool, shape (n,)
    at : array
        Times to look at.
    before : bool
        G(t−) instead of G(t).

    References
    ----------
    Kaplan, Meier, J Am Stat Assoc 1958;53:457, of censoring.
    """
    moments, index = np.unique(time, return_inverse=True)
    total = np.bincount(index, minlength=moments.size).astype(float)
    events = np.bincount(index, weights=event, minlength=moments.size)
    at_risk = np.cumsum(total[::-1])[::-1] - events
    lost = total - events
    step = 1 - np.divide(lost, at_risk, out=np.zeros_like(lost), where=at_risk > 0)
    position = np.searchsorted(moments, np.asarray(at), side="left" if before else "right")
    return np.append(1.0, np.cumprod(step))[position]


def _sorted(duration: ArrayLike, event: ArrayLike, risk: ArrayLike) -> tuple[Floats, Flags, Floats]:
    time, flag = check_survival(duration, event)
    order = np.argsort(time, kind="stable")
    return time[order], flag[order], np.asarray(risk, dtype=float)[order]


def _wins(case: Floats, control: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Per case the controls below it, per control the weight of cases above it; ties one half."""
    controls, order = np.sort(control), np.argsort(case)
    lower, upper = (np.searchsorted(controls, case, side) for side in _SIDES)
    below = np.append(0.0, np.cumsum(weight[order]))
    first, last = (below[np.searchsorted(case[order], control, side)] for side in _SIDES)
    return (lower + upper) / 2, below[-1] - (first + last) / 2


def _influence(
    time: Floats,
    flag: Flags,
    case: Flags,
    control: Flags,
    weight: Floats,
    won_over: Floats,
    lost: Floats,
    auc: float,
) -> Floats:
    """Each patient's pull on the AUC, through cases, controls and the censoring curve."""
    n = time.size
    weights, won = np.zeros(n), np.zeros(n)
    weights[case], won[case] = weight, won_over / n
    lost_to = np.zeros(n)
    lost_to[control] = lost / n
    joint, cases, controls = weights @ won / n, weights.sum() / n, control.sum() / n
    shift = censoring_influence(time, flag, np.stack([weights * won, weights]))
    pull_joint = weights * won + lost_to - 2 * joint + shift[0]
    pull_cases = weights - cases + shift[1]
    return pull_joint / (cases * controls) - auc * (
        pull_cases / cases + (control - controls) / controls
    )


def censoring_influence(time: Floats, event: Flags, values: Floats) -> Floats:
    """Pull of each patient on mean(values · 1/G(T)) through the censoring curve.

    ``time`` ascends; ``values`` is (k, n), already weighted. The martingale of censoring is
    summed in row order, so memory stays linear.

    References
    ----------
    Blanche et al., Stat Med 2013;32:5381. Compared with R timeROC.
    """
    n = time.size
    at_risk = np.arange(n, 0, -1)
    hazard = ~event / at_risk
    later = np.cumsum(values[:, ::-1], axis=1)[:, ::-1] / n
    scale = n / at_risk
    first = np.searchsorted(time, time, side="left")
    own = ~event * (scale * later)[:, first]
    return own - np.cumsum(hazard * scale * later, axis=1)
