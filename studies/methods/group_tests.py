"""Whether groups differ in one variable: the test by a stated rule, with its exact p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln

from .wording import marked, say

SMALLEST_EXPECTED = 5.0
RESAMPLES, SEED = 20_000, 20240
MOST_TABLES = 300_000  # that an exact test goes through


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
        return GroupTest(marked("Welch's t-test"), float(found.statistic), float(found.pvalue))
    found = stats.f_oneway(*kept, equal_var=False)
    return GroupTest(
        marked("Welch's analysis of variance"), float(found.statistic), float(found.pvalue)
    )


def compare_ranks(groups: Sequence[ArrayLike]) -> GroupTest | None:
    """Wilcoxon's rank-sum test of two groups, Kruskal-Wallis's of more.

    Two groups of fewer than 50 without ties are tested exactly, as R's wilcox.test does.

    Parameters
    ----------
    groups : sequence of arrays, shape (n_k,)
        One unit, without missing values. Empty groups are left out; None when nothing can be
        compared.

    References
    ----------
    Wilcoxon, Biometrics Bulletin 1945;1:80; Kruskal, Wallis, J Am Stat Assoc 1952;47:583. R
    wilcox.test and kruskal.test.
    """
    kept = [np.asarray(group, dtype=float) for group in groups]
    kept = [group for group in kept if group.size]
    if len(kept) < 2 or np.unique(np.concatenate(kept)).size < 2:
        return None
    if len(kept) > 2:
        found = stats.kruskal(*kept)
        return GroupTest(marked("Kruskal-Wallis test"), float(found.statistic), float(found.pvalue))
    pooled = np.concatenate(kept)
    exact = max(group.size for group in kept) < 50 and np.unique(pooled).size == pooled.size
    method = "exact" if exact else "asymptotic"
    found = stats.mannwhitneyu(*kept, alternative="two-sided", method=method)
    name = (
        marked("Wilcoxon's rank-sum test, exact") if exact else marked("Wilcoxon's rank-sum test")
    )
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
        Chi-squared without continuity correction when every expected count is 5 or more; otherwise
        Fisher's exact test of a table with two levels or two groups (Freeman and Halton's for more
        of the other); of a larger one, or one with too many tables to go through, the share of
        20,000 tables with the same margins (seeded) that are as far from independence, counted
        with the one observed.

    References
    ----------
    Freeman, Halton, Biometrika 1951;38:141. R chisq.test(correct = FALSE), fisher.test,
    chisq.test(simulate.p.value = TRUE).
    """
    counts = np.asarray(table, dtype=int)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        return None
    expected = stats.contingency.expected_freq(counts)
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    if expected.min() >= SMALLEST_EXPECTED:
        freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
        return GroupTest(
            marked("Chi-squared test"), statistic, float(stats.chi2.sf(statistic, freedom))
        )
    if 2 in counts.shape and (exact := _fisher(counts if counts.shape[1] == 2 else counts.T)):
        return GroupTest(marked("Fisher's exact test"), float("nan"), exact)
    margins = tuple(map(int, counts.sum(axis=1))), tuple(map(int, counts.sum(axis=0)))
    return GroupTest(
        say("Chi-squared test, {resamples:,} resampled tables", resamples=RESAMPLES),
        statistic,
        _resampled(*margins, statistic),
    )


def _fisher(counts: np.ndarray) -> float | None:
    """Of all tables of groups × 2 with these margins, the probability of those no likelier."""
    few = counts[:, int(np.argmin(counts.sum(axis=0)))]
    sizes, rare = counts.sum(axis=1), int(few.sum())
    spans = [np.arange(min(int(size), rare) + 1) for size in sizes]
    if np.prod([float(span.size) for span in spans[:-1]]) > MOST_TABLES:
        return None
    in_last, ways = np.array(rare), np.array(0.0)
    for size, span in zip(sizes[:-1], spans[:-1], strict=True):
        in_last, ways = np.subtract.outer(in_last, span), np.add.outer(ways, _ways(size, span))
    last = sizes[-1]
    there = (in_last >= 0) & (in_last <= last)
    logs = ways[there] + _ways(last, in_last[there])
    logs -= _ways(sizes.sum(), np.array(rare))
    observed = sum(float(_ways(n, np.array(k))) for n, k in zip(sizes, few, strict=True))
    observed -= float(_ways(sizes.sum(), np.array(rare)))
    return float(min(1.0, np.exp(logs[logs <= observed + 1e-7]).sum()))


def _ways(size: int, chosen: np.ndarray) -> np.ndarray:
    """Log of the number of ways to choose so many of ``size``."""
    return gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1)


@lru_cache(maxsize=2048)
def _resampled(rows: tuple[int, ...], columns: tuple[int, ...], statistic: float) -> float:
    """Kept: the same margins draw the same tables."""
    expected = np.outer(rows, columns) / sum(rows)
    drawn = stats.random_table(rows, columns).rvs(RESAMPLES, random_state=SEED)
    found = np.sum((drawn - expected) ** 2 / expected, axis=(1, 2))
    as_far = int(np.sum(found >= statistic * (1 - 1e-9)))
    return (as_far + 1) / (RESAMPLES + 1)
