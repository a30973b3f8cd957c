"""Whether groups differ in one variable: the test by a stated rule, with its exact p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

SMALLEST_EXPECTED = 5.0
RESAMPLES, SEED = 20_000, 20240


@dataclass(frozen=True)
class GroupTest:
    """``name`` of the test, its ``statistic`` (NaN where it has none) and two-sided ``p_value``."""

    name: str
    statistic: float
    p_value: float


def compare_means(groups: Sequence[ArrayLike]) -> GroupTest | None:
    """Welch's t-test of two groups, Welch's analysis of variance of more.

    Parameters
    ----------
    groups : sequence of array
        Values of each group, no missing ones; groups of fewer than two values are left out.

    Returns
    -------
    GroupTest or None
        None when fewer than two groups are left, or nothing varies.

    References
    ----------
    Welch, Biometrika 1947;34:28 and 1951;38:330. R oneway.test and t.test.
    """
    kept = [np.asarray(group, dtype=float) for group in groups]
    kept = [group for group in kept if group.size > 1 and np.ptp(group) > 0]
    if len(kept) < 2:
        return None
    if len(kept) == 2:
        found = stats.ttest_ind(*kept, equal_var=False)
        return GroupTest("Welch's t-test", float(found.statistic), float(found.pvalue))
    found = stats.f_oneway(*kept, equal_var=False)
    return GroupTest("Welch's analysis of variance", float(found.statistic), float(found.pvalue))


def compare_ranks(groups: Sequence[ArrayLike]) -> GroupTest | None:
    """Wilcoxon's rank-sum test of two groups, Kruskal-Wallis's of more.

    Two groups of fewer than 50 without ties are tested exactly, as R's wilcox.test does.
    """
    kept = [np.asarray(group, dtype=float) for group in groups]
    kept = [group for group in kept if group.size]
    if len(kept) < 2 or np.unique(np.concatenate(kept)).size < 2:
        return None
    if len(kept) > 2:
        found = stats.kruskal(*kept)
        return GroupTest("Kruskal-Wallis test", float(found.statistic), float(found.pvalue))
    pooled = np.concatenate(kept)
    exact = max(group.size for group in kept) < 50 and np.unique(pooled).size == pooled.size
    method = "exact" if exact else "asymptotic"
    found = stats.mannwhitneyu(*kept, alternative="two-sided", method=method)
    name = "Wilcoxon's rank-sum test" + (", exact" if exact else "")
    return GroupTest(name, float(found.statistic), float(found.pvalue))


def compare_counts(table: ArrayLike) -> GroupTest | None:
    """Pearson's chi-squared test; Fisher's exact test or resampling where cells are small.

    Parameters
    ----------
    table : array, shape (groups, levels)
        Counts; empty groups and levels are left out.

    Returns
    -------
    GroupTest or None
        Chi-squared without continuity correction when every expected count is 5 or more; Fisher's
        exact test of a 2 x 2 table otherwise; of a larger one the share of 20,000 tables with the
        same margins (seeded) that are as far from independence, counted with the one observed.

    References
    ----------
    R chisq.test(correct = FALSE), fisher.test, chisq.test(simulate.p.value = TRUE).
    """
    counts = np.asarray(table, dtype=int)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        return None
    expected = stats.contingency.expected_freq(counts)
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    if expected.min() >= SMALLEST_EXPECTED:
        freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
        return GroupTest("Chi-squared test", statistic, float(stats.chi2.sf(statistic, freedom)))
    if counts.shape == (2, 2):
        return GroupTest("Fisher's exact test", float("nan"), float(stats.fisher_exact(counts)[1]))
    return GroupTest(
        f"Chi-squared test, {RESAMPLES:,} resampled tables",
        statistic,
        _resampled(counts, expected, statistic),
    )


def _resampled(counts: np.ndarray, expected: np.ndarray, statistic: float) -> float:
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    drawn = stats.random_table(rows, columns).rvs(RESAMPLES, random_state=SEED)
    found = np.sum((drawn - expected) ** 2 / expected, axis=(1, 2))
    as_far = int(np.sum(found >= statistic * (1 - 1e-9)))
    return (as_far + 1) / (RESAMPLES + 1)
