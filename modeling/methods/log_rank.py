"""Do groups differ in survival: the log-rank test, over all groups and in pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class LogRank:
    """Observed against expected events per group, and the test over all groups."""

    groups: tuple[str, ...]
    n: tuple[int, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    statistic: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True)
class PairwiseLogRank:
    """One test per pair of groups with p-values adjusted for their number."""

    pairs: tuple[tuple[str, str], ...]
    statistic: Floats
    p_value: Floats
    bonferroni: Floats
    holm: Floats
    benjamini_hochberg: Floats


def compare_log_rank(
    duration: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    order: Sequence[str] | None = None,
    rho: float = 0.0,
    strata: ArrayLike | None = None,
) -> LogRank:
    """Log-rank statistic of two or more groups (chi-squared on groups − 1).

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, zero or more, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    group : array, shape (n,)
        Label of each row.
    order : sequence of str or None
        Order of the groups; as they appear when None.
    rho : float
        Fleming-Harrington weight S(t−)^rho: 0 is the log-rank test, 1 Peto-Peto's.
    strata : array of labels, shape (n,), or None
        Patients are compared within their stratum only.

    Raises
    ------
    DataProblem
        On fewer than two groups or impossible follow-up.

    References
    ----------
    Mantel 1966; Harrington, Fleming, Biometrika 1982;69:553. Compared with R survdiff.
    """
    time, flag = check_survival(duration, event)
    labels = np.asarray(group).astype(str)
    names = tuple(order) if order is not None else tuple(dict.fromkeys(labels.tolist()))
    names = tuple(name for name in names if (labels == name).any())
    if len(names) < 2:
        raise refuse(
            say("Groups"),
            say("{n} group(s) with rows", n=len(names)),
            "two or more",
            "Choose a grouping that divides the patients.",
        )
    member = np.array([labels == name for name in names])
    parts = [
        _observed_expected(time[rows], flag[rows], member[:, rows], rho)
        for rows in _strata_rows(strata, time.size)
    ]
    observed, expected, variance = (np.sum([part[k] for part in parts], axis=0) for k in range(3))
    kept = slice(0, len(names) - 1)
    gap = (observed - expected)[kept]
    statistic = float(gap @ np.linalg.pinv(variance[kept, kept]) @ gap)
    freedom = len(names) - 1
    return LogRank(
        names,
        tuple(int(m.sum()) for m in member),
        tuple(observed.tolist()),
        tuple(expected.tolist()),
        statistic,
        freedom,
        float(chi2.sf(statistic, freedom)),
    )


def compare_log_rank_pairwise(
    duration: ArrayLike, event: ArrayLike, group: ArrayLike, order: Sequence[str] | None = None
) -> PairwiseLogRank:
    """Log-rank statistic of each pair of groups, p-values adjusted three ways.

    Parameters and errors as in :func:`compare_log_rank`.

    References
    ----------
    Holm, Scand J Stat 1979;6:65. Benjamini, Hochberg, J R Stat Soc B 1995;57:289. Compared with
    R survdiff and p.adjust.
    """
    time, flag = check_survival(duration, event)
    labels = np.asarray(group).astype(str)
    names = tuple(order) if order is not None else tuple(dict.fromkeys(labels.tolist()))
    pairs = tuple(combinations(names, 2))
    tests = [_pair(time, flag, labels, pair) for pair in pairs]
    p = np.array([test.p_value for test in tests])
    return PairwiseLogRank(
        pairs,
        np.array([test.statistic for test in tests]),
        p,
        np.minimum(1, p * p.size),
        adjust_holm(p),
        adjust_benjamini_hochberg(p),
    )


def adjust_holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjusted p-values.

    Parameters
    ----------
    p_values : array, shape (tests,)

    References
    ----------
    Holm, Scand J Stat 1979;6:65. R p.adjust.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    return _back(np.minimum(1, stepped), order)


def adjust_benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Benjamini and Hochberg's step-up adjusted p-values (false discovery rate).

    Parameters
    ----------
    p_values : array, shape (tests,)

    References
    ----------
    Benjamini, Hochberg, J R Stat Soc B 1995;57:289. R p.adjust.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")[::-1]
    stepped = np.minimum.accumulate(p[order] * p.size / (p.size - np.arange(p.size)))
    return _back(np.minimum(1, stepped), order)


def _back(values: Floats, order: np.ndarray) -> Floats:
    placed = np.empty_like(values)
    placed[order] = values
    return placed


def _strata_rows(strata: ArrayLike | None, n: int) -> list[np.ndarray]:
    labels = np.zeros(n, dtype=int) if strata is None else np.asarray(strata).astype(str)
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _pair(time: Floats, flag: Flags, labels: np.ndarray, pair: tuple[str, str]) -> LogRank:
    inside = np.isin(labels, pair)
    return compare_log_rank(time[inside], flag[inside], labels[inside], pair)


def _observed_expected(
    time: Floats, flag: Flags, member: Flags, rho: float
) -> tuple[Floats, Floats, Floats]:
    moments, index = np.unique(time, return_inverse=True)
    total = np.array([np.bincount(index, m, moments.size) for m in member])
    events = np.array([np.bincount(index, m & flag, moments.size) for m in member])
    at_risk = np.cumsum(total[:, ::-1], axis=1)[:, ::-1]
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    weight = np.append(1.0, np.cumprod(1 - d / n)[:-1]) ** rho
    share = at_risk / n
    spread = weight**2 * d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
    variance = np.diag(share @ spread) - (share * spread) @ share.T
    return events @ weight, share @ (weight * d), variance
