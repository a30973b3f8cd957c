"""Patients narrowed by conditions on columns, and counted by every column at once.

A column is an array over the same patients; a condition is what a person clicked. Every count is a
count of patients: those with a value, and those without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

CATEGORY, NUMBER, SURVIVAL = "category", "number", "survival"
EVENT, CENSORED = "event", "censored"
EXACT = 0
LIMITS = {"<": 1, ">": 2, "~": 3}  # how a value is known other than exactly: code in ``limits``


@dataclass(frozen=True)
class Column:
    """One thing known of each patient.

    Parameters
    ----------
    key, title, unit, group : str
        ``group`` is the heading it stands under.
    kind : {"category", "number", "survival"}
    levels : sequence of (key, label)
        Of a category or of survival (``event``, ``censored``), in their order.
    held : bool array, shape (levels, patients)
        Whether a patient has a level; a patient may have several (cohorts). None for numbers.
    values : float array, shape (patients,)
        Numbers, or follow-up in months; NaN where there is none.
    limits : int8 array, shape (patients,)
        0 where a number is exact, else a code of ``LIMITS``: below or above what is stated, or
        known roughly.
    edges : sequence of float
        Of the bars of a number; every exact value lies in one.
    known_before : bool
        Whether it was known before treatment and is made of no target and no outcome.
    """

    key: str
    title: str
    kind: str
    group: str = ""
    unit: str = ""
    levels: tuple[tuple[str, str], ...] = ()
    held: Mask | None = None
    values: NDArray[np.float64] | None = None
    limits: NDArray[np.int8] | None = None
    edges: tuple[float, ...] = ()
    known_before: bool = False
    source: str = ""
    note: str = ""
    bars: NDArray[np.int16] | None = field(default=None, repr=False)

    @cached_property
    def known(self) -> Mask:
        """Who has a value."""
        if self.held is not None:
            return np.asarray(self.held.any(axis=0), dtype=bool)
        assert self.values is not None
        return np.isfinite(self.values)

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Patients of each bar, without any condition."""
        return tuple(_bar_counts(self, None))

    @cached_property
    def unknown_total(self) -> int:
        return int(np.count_nonzero(~self.known))

    @property
    def nbytes(self) -> int:
        parts = (self.held, self.values, self.limits, self.bars)
        return sum(part.nbytes for part in parts if part is not None)


@dataclass(frozen=True)
class Condition:
    """What of one column is wanted: any of these.

    ``low`` and ``high`` bound a number as low ≤ value < high. A value known as ``< 20`` lies below
    30 for sure, and above nothing; bounds on both sides it never passes. ``limits`` asks for
    values that are no exact numbers, ``missing`` for patients without any.
    """

    column: str
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    limits: tuple[str, ...] = ()
    missing: bool = False

    @property
    def bounded(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def asks(self) -> bool:
        return bool(self.levels or self.limits or self.missing or self.bounded)


@dataclass(frozen=True)
class Bar:
    """``count`` patients under the conditions on the other columns, ``total`` without any."""

    key: str
    label: str
    count: int
    total: int
    low: float | None = None
    high: float | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Count:
    """A column under conditions: ``n`` of those selected have a value, ``missing`` have none.

    ``bars`` are counted under the conditions on all other columns, so that what a condition leaves
    out can still be seen and chosen; ``absent`` is the bar of those without a value.
    """

    column: Column
    n: int
    missing: int
    bars: tuple[Bar, ...]
    absent: Bar
    quartiles: tuple[float, float, float] | None


def with_bars(column: Column) -> Column:
    """The column with the bar of each patient looked up once: its edges' interval, or its limit."""
    if column.kind != NUMBER or column.values is None:
        return column
    bins = max(len(column.edges) - 1, 0)
    known = np.isfinite(column.values)
    bars = np.full(column.values.size, bins + len(LIMITS), dtype=np.int16)
    exact = known & (_limits(column) == EXACT)
    bars[exact] = np.searchsorted(column.edges, column.values[exact], side="right") - 1
    bars[known & ~exact] = bins - 1 + _limits(column)[known & ~exact]
    return replace(column, bars=bars)


def selected(columns: Mapping[str, Column], conditions: Sequence[Condition], size: int) -> Mask:
    """Which patients meet every condition.

    Parameters
    ----------
    columns : mapping of key to Column
    conditions : sequence of Condition
        One per column.
    size : int
        Number of patients.
    """
    mask = np.ones(size, dtype=bool)
    for condition in conditions:
        mask &= passes(columns[condition.column], condition)
    return mask


def passes(column: Column, condition: Condition) -> Mask:
    """Which patients meet one condition."""
    mask: Mask = ~column.known if condition.missing else np.zeros(column.known.size, dtype=bool)
    if column.held is not None:
        places = {key: place for place, (key, _) in enumerate(column.levels)}
        for level in condition.levels:
            mask = mask | column.held[places[level]]
    if column.kind == NUMBER:
        mask = mask | _within(column, condition)
    return mask


def _within(column: Column, condition: Condition) -> Mask:
    assert column.values is not None
    limits, known = _limits(column), np.isfinite(column.values)
    mask = np.isin(limits, [LIMITS[name] for name in condition.limits]) & known
    if condition.bounded:
        sure = limits == EXACT
        inside = known.copy()
        with np.errstate(invalid="ignore"):
            if condition.low is not None:
                inside &= column.values >= condition.low
            if condition.high is not None:
                inside &= column.values < condition.high
        if condition.high is None:
            sure = sure | (limits == LIMITS[">"])
        if condition.low is None:
            sure = sure | (limits == LIMITS["<"])
        mask = mask | (inside & sure)
    return mask


def counted(
    columns: Mapping[str, Column], conditions: Sequence[Condition], size: int
) -> tuple[Mask, dict[str, Count]]:
    """Who meets all conditions, and every column counted.

    Parameters and masks as in :func:`selected`.
    """
    passing = {c.column: passes(columns[c.column], c) for c in conditions}
    asked = {c.column: c for c in conditions}
    everybody = np.ones(size, dtype=bool)
    mask = _all_of(passing.values(), everybody)
    found = {}
    for key, column in columns.items():
        others = mask
        if key in passing:
            rest = [one for name, one in passing.items() if name != key]
            others = _all_of(rest, everybody)
        found[key] = _count(column, mask, others, asked.get(key))
    return mask, found


def _all_of(masks: Any, start: Mask) -> Mask:
    found = start
    for mask in masks:
        found = found & mask
    return found


def _count(column: Column, mask: Mask, others: Mask, asked: Condition | None) -> Count:
    known = column.known
    n = int(np.count_nonzero(known & mask))
    bars = tuple(_bars(column, _bar_counts(column, others), column.totals, asked))
    absent = Bar(
        "missing",
        "not known",
        int(np.count_nonzero(others & ~known)),
        column.unknown_total,
        chosen=asked is not None and asked.missing,
    )
    return Count(
        column, n, int(np.count_nonzero(mask)) - n, bars, absent, _quartiles(column, mask & known)
    )


def _bar_counts(column: Column, mask: Mask | None) -> list[int]:
    if column.held is not None:
        rows = column.held if mask is None else column.held & mask
        return [int(number) for number in np.count_nonzero(rows, axis=1)]
    assert column.bars is not None
    bins = max(len(column.edges) - 1, 0) + len(LIMITS)
    bars = column.bars if mask is None else column.bars[mask]
    return [int(number) for number in np.bincount(bars, minlength=bins + 1)[:bins]]


def _bars(
    column: Column, here: Sequence[int], everybody: Sequence[int], asked: Condition | None
) -> list[Bar]:
    if column.held is not None:
        levels = set(asked.levels) if asked else set()
        return [
            Bar(key, label, here[place], everybody[place], chosen=key in levels)
            for place, (key, label) in enumerate(column.levels)
        ]
    edges = list(pairwise(column.edges))
    found = [
        Bar(
            f"{low:.12g}",
            _interval(low, high, column.edges),
            here[place],
            everybody[place],
            low,
            high,
            chosen=_inside(low, high, asked),
        )
        for place, (low, high) in enumerate(edges)
    ]
    words = {"<": "below a limit", ">": "above a limit", "~": "known roughly"}
    for place, name in enumerate(LIMITS, start=len(edges)):
        if everybody[place]:
            chosen = asked is not None and name in asked.limits
            found.append(Bar(name, words[name], here[place], everybody[place], chosen=chosen))
    return found


def _interval(low: float, high: float, edges: Sequence[float]) -> str:
    """``3`` where a bar holds one whole number, else ``10 to below 20``."""
    whole = all(edge == round(edge) for edge in edges)
    if whole and high - low == 1:
        return f"{low:g}"
    return f"{low:.6g} to below {high:.6g}"


def _inside(low: float, high: float, asked: Condition | None) -> bool:
    if asked is None or not asked.bounded:
        return False
    return (asked.low is None or low >= asked.low) and (asked.high is None or high <= asked.high)


def _quartiles(column: Column, mask: Mask) -> tuple[float, float, float] | None:
    """Median and quartiles of a number; none while some are not exact, or nobody is there."""
    if column.kind != NUMBER or column.values is None:
        return None
    if not mask.any() or _limits(column)[mask].any():
        return None
    low, middle, high = np.quantile(column.values[mask], (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)


def _limits(column: Column) -> NDArray[np.int8]:
    if column.limits is not None:
        return column.limits
    assert column.values is not None
    return np.zeros(column.values.size, dtype=np.int8)
