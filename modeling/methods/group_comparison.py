"""A score in two groups: medians, Wilcoxon's rank-sum test, an effect size with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu

from modeling.methods.auc import estimate_auc
from studies.methods.problems import refuse
from studies.methods.wording import say

EXACT_UP_TO = 50


@dataclass(frozen=True)
class GroupComparison:
    """Counts, median with quartiles of each group, and how far the first stands above the other.

    ``effect`` is the rank-biserial correlation: 1 when everybody of the first group is higher,
    0 when neither is, -1 the other way round; its interval is None where not estimable.
    """

    n_first: int
    n_other: int
    first: tuple[float, float, float]
    other: tuple[float, float, float]
    effect: float
    effect_lower: float | None
    effect_upper: float | None
    p: float
    method: str


def compare_groups(score: ArrayLike, is_first: ArrayLike) -> GroupComparison:
    """Wilcoxon rank-sum test of a score between two groups, with the rank-biserial correlation.

    Parameters
    ----------
    score : array of shape (n,)
    is_first : array of shape (n,)
        1 for the group that is expected higher, 0 for the other; both must occur.

    Returns
    -------
    GroupComparison
        Exact p for at most 50 patients in either group without ties, else the normal
        approximation with continuity correction, as R's wilcox.test.

    Raises
    ------
    DataProblem
        One group only, a missing score.

    References
    ----------
    Kerby DS. Comprehensive Psychology 2014;3:11.IT.3.1. The interval is DeLong's of the AUC.
    """
    y, s = np.asarray(is_first).astype(bool), np.asarray(score, dtype=float)
    if not y.any() or y.all():
        raise refuse("groups", say("one group only"), "two groups", "Compare another variable.")
    auc = estimate_auc(y, s)
    ties = np.unique(s).size < s.size
    small = max(int(y.sum()), int((~y).sum())) < EXACT_UP_TO
    method = "exact" if small and not ties else "asymptotic"
    p = float(mannwhitneyu(s[y], s[~y], alternative="two-sided", method=method).pvalue)
    return GroupComparison(
        int(y.sum()),
        int((~y).sum()),
        _quartiles(s[y]),
        _quartiles(s[~y]),
        2 * auc.auc - 1,
        None if auc.lower is None else 2 * auc.lower - 1,
        None if auc.upper is None else 2 * auc.upper - 1,
        p,
        method,
    )


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(middle), float(low), float(high)
