"""Two groups of patients side by side in every column: differences, tests and their number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .group_tests import GroupTest, compare_counts, compare_ranks
from .selection import CATEGORY, NUMBER, SURVIVAL, Column, Mask
from .standardised_difference import (
    standardised_difference_of_means,
    standardised_difference_of_shares,
)
from .wording import say

LogRank = Callable[[Any, Any, Any], float]
Median = Callable[[Any, Any], float]
Adjust = Callable[[Sequence[float]], Any]


@dataclass(frozen=True)
class Described:
    """One group in one column: ``n`` with a value, ``missing`` without, and the values in short.

    ``counts`` per level of a category; ``quartiles`` (lower, median, upper) of a number; ``events``
    and ``median`` (months, NaN when not reached) of survival.
    """

    n: int
    missing: int
    counts: tuple[int, ...] = ()
    quartiles: tuple[float, float, float] | None = None
    events: int = 0
    median: float = float("nan")


@dataclass(frozen=True)
class Difference:
    """A column in two groups. ``chosen_by`` says that the groups were made by it: no test is due.

    ``adjusted`` is the p-value after Benjamini and Hochberg over all tests of the comparison.
    """

    column: Column
    one: Described
    other: Described
    standardised: float | None
    test: GroupTest | None
    chosen_by: bool
    reason: str = ""
    adjusted: float | None = None


def compare_selections(
    columns: Mapping[str, Column],
    one: Mask,
    other: Mask,
    chosen_by: Collection[str],
    log_rank: LogRank,
    median: Median,
    adjust: Adjust,
) -> list[Difference]:
    """Every column in two groups that share nobody.

    Parameters
    ----------
    columns : mapping of key to Column
    one, other : bool arrays, shape (patients,)
    chosen_by : collection of keys
        Columns that the groups were chosen by: described, not tested, since they differ by design.
    log_rank, median : callables of follow-up in months and events
    adjust : callable
        Adjusted p-values of a sequence.

    Returns
    -------
    list of Difference
        In the order of the columns. Numbers are compared by ranks (a value known as ``< 20`` counts
        as 20), categories by their counts, survival by the log-rank test.

    Raises
    ------
    ValueError
        Somebody stands in both groups.
    """
    if (one & other).any():
        raise ValueError("the groups share patients")
    found = [
        _difference(column, one, other, key in chosen_by, log_rank, median)
        for key, column in columns.items()
    ]
    tested = [row for row in found if row.test is not None]
    adjusted = adjust([row.test.p_value for row in tested if row.test]) if tested else []
    by_key = {row.column.key: float(p) for row, p in zip(tested, adjusted, strict=True)}
    return [replace(row, adjusted=by_key.get(row.column.key)) for row in found]


def _difference(
    column: Column, one: Mask, other: Mask, chosen: bool, log_rank: LogRank, median: Median
) -> Difference:
    first, second = (_described(column, mask, median) for mask in (one, other))
    distance = _distance(column, one, other, first, second)
    reason = say("the groups were chosen by it") if chosen else _untestable(column, first, second)
    test = None if reason else _test(column, one, other, first, second, log_rank)
    if not reason and test is None:
        reason = say("nothing varies")
    return Difference(column, first, second, distance, test, chosen, reason)


def _described(column: Column, mask: Mask, median: Median) -> Described:
    known = mask & column.known
    n = int(np.count_nonzero(known))
    size = int(np.count_nonzero(mask))
    if column.kind == NUMBER:
        assert column.values is not None
        cuts = np.quantile(column.values[known], (0.25, 0.5, 0.75)) if n else None
        quartiles = None if cuts is None else (float(cuts[0]), float(cuts[1]), float(cuts[2]))
        return Described(n, size - n, quartiles=quartiles)
    assert column.held is not None
    counts = tuple(int(k) for k in np.count_nonzero(column.held[:, mask], axis=1))
    if column.kind == CATEGORY:
        return Described(n, size - n, counts)
    assert column.values is not None
    reached = median(column.values[known], column.held[0][known]) if n else float("nan")
    return Described(n, size - n, counts, events=counts[0], median=reached)


def _untestable(column: Column, one: Described, other: Described) -> str:
    if min(one.n, other.n) == 0:
        return say("a group without values")
    if column.kind == CATEGORY and (sum(one.counts) > one.n or sum(other.counts) > other.n):
        return say("patients stand in several")
    return ""


def _distance(
    column: Column, one: Mask, other: Mask, first: Described, second: Described
) -> float | None:
    if column.kind == SURVIVAL or _untestable(column, first, second):
        return None
    if column.kind == CATEGORY:
        found = standardised_difference_of_shares(first.counts, second.counts)
    else:
        assert column.values is not None
        known = column.known
        groups = (column.values[one & known], column.values[other & known])
        found = standardised_difference_of_means(*groups)
    return found if np.isfinite(found) else None


def _test(
    column: Column, one: Mask, other: Mask, first: Described, second: Described, log_rank: LogRank
) -> GroupTest | None:
    if column.kind == CATEGORY:
        return compare_counts([first.counts, second.counts])
    assert column.values is not None
    known = column.known
    if column.kind == NUMBER:
        return compare_ranks([column.values[one & known], column.values[other & known]])
    if first.events + second.events == 0:
        return None
    assert column.held is not None
    rows = (one | other) & known
    groups = np.where(one[rows], "one", "other")
    p_value = log_rank(column.values[rows], column.held[0][rows], groups)
    return GroupTest(say("Log-rank test"), float("nan"), p_value)
