"""Do groups differ in the cumulative incidence of one event: Gray's test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from modeling.methods.competing_risks import check_causes
from modeling.methods.survival_table import Floats
from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class GrayTest:
    """The test over all groups, on groups − 1 degrees of freedom."""

    cause: int
    groups: tuple[str, ...]
    statistic: float
    degrees_of_freedom: int
    p_value: float


def compare_cumulative_incidence(
    duration: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    of: int = 1,
    order: Sequence[str] | None = None,
    rho: float = 0.0,
    strata: ArrayLike | None = None,
) -> GrayTest:
    """Gray's statistic for event ``of`` between two or more groups.

    Parameters
    ----------
    duration, cause : arrays, shape (n,)
        As in :func:`modeling.methods.competing_risks.estimate_cumulative_incidence`.
    group : array, shape (n,)
        Label of each row.
    of : int
        The cause that is asked for.
    order : sequence of str or None
        Order of the groups; as they appear when None.
    rho : float
        Weight (1 − F)^rho; 0 weighs all times alike.
    strata : array of labels or None
        Groups are compared within strata only.

    Raises
    ------
    DataProblem
        With fewer than two groups, or no event of that cause.

    References
    ----------
    Gray, Ann Stat 1988;16:1141. Compared with R cmprsk::cuminc.
    """
    time, code = check_causes(duration, cause)
    labels = np.asarray(group).astype(str)
    names = tuple(order) if order is not None else tuple(dict.fromkeys(labels.tolist()))
    names = tuple(name for name in names if (labels == name).any())
    if len(names) < 2 or not (code == of).any():
        raise refuse(
            say("Groups"),
            say(
                "{n} group(s), {sum} events of cause {of}",
                n=len(names),
                sum=int((code == of).sum()),
                of=of,
            ),
            "two groups or more, and events",
            "Choose a grouping that divides the patients.",
        )
    member = np.array([labels == name for name in names])
    within = np.zeros(time.size, dtype=int) if strata is None else np.asarray(strata).astype(str)
    score, variance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for stratum in np.unique(within):
        rows = within == stratum
        part = _score(*_counts(time[rows], code[rows], member[:, rows], of), rho)
        score, variance = score + part[0], variance + part[1]
    kept = slice(0, len(names) - 1)
    if not (np.isfinite(score).all() and np.isfinite(variance).all()):
        raise refuse(say("Groups"), say("too few patients at risk together"),
                     "groups that overlap in time",
                     "With so few patients there is nothing to compare.")  # fmt: skip
    statistic = float(score[kept] @ np.linalg.pinv(variance[kept, kept]) @ score[kept])
    freedom = len(names) - 1
    return GrayTest(of, names, statistic, freedom, float(chi2.sf(statistic, freedom)))


def _counts(
    time: Floats, code: NDArray[np.int64], member: NDArray[np.bool_], of: int
) -> tuple[Floats, Floats, Floats]:
    """Per group and event time: at risk, events of the cause, of another cause."""
    moments = np.unique(time[code > 0])
    at_risk = np.array(
        [m.sum() - np.searchsorted(np.sort(time[m]), moments, side="left") for m in member]
    )
    index = np.searchsorted(moments, time)
    own, other = (
        np.array([np.bincount(index[m & kind], minlength=moments.size) for m in member])
        for kind in (code == of, (code > 0) & (code != of))
    )
    return at_risk.astype(float), own.astype(float), other.astype(float)


def _score(n: Floats, own: Floats, other: Floats, rho: float) -> tuple[Floats, Floats]:
    """Weighted sum of observed less expected, and its variance under equal incidence.

    An event changes the score directly, through ``a``, and later through the curves that the
    risk sets are corrected by, ``c``; both causes do the second.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(n > 0, 1 - (own + other) / n, 1.0)
        survival = np.cumprod(step, axis=1)
        before = np.column_stack([np.ones(len(n)), survival[:, :-1]])
        rate = np.where(n > 0, before * own / n, 0.0)
        incidence = np.cumsum(rate, axis=1) - rate  # before each time
        free = np.where(n > 0, n / before, 0.0)
        total, events = free.sum(axis=0), own.sum(axis=0)
        jump = np.where(total > 0, events / total, 0.0)
        after = 1 - np.cumsum(jump)
        left = after + jump
        weight = left**rho
        adjusted = free * (1 - incidence)
        score = (weight * (own - events * adjusted / adjusted.sum(axis=0))).sum(axis=1)
        variance = np.zeros((len(n), len(n)))
        for k in range(len(n)):
            mine = (np.arange(len(n)) == k)[:, None]
            a = np.nan_to_num(weight * free[k] * (mine - free / total))
            c = np.cumsum(a * jump / left, axis=1)
            later = c[:, -1:] - c
            ratio = np.where(survival[k] > 0, after / survival[k], 0.0)
            through = np.where(survival[k] > 0, 1 - ratio, 1.0)
            tied = np.where(events > 1, 1 - (events - 1) / (total * before[k] - 1), 1.0)
            spread = np.where(n[k] > 0, tied * before[k] * jump / n[k], 0.0)
            variance += ((a + through * later) * spread) @ (a + through * later).T
            tied = np.where(other[k] > 1, 1 - (other[k] - 1) / (n[k] - 1), 1.0)
            spread = np.where(
                (n[k] > 0) & (survival[k] > 0), tied * before[k] ** 2 * other[k] / n[k] ** 2, 0.0
            )
            variance += (ratio * later * spread) @ (ratio * later).T
    return score, variance
