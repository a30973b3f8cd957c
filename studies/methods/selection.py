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

from .wording import marked, say

Mask = NDArray[np.bool_]
Bits = NDArray[np.uint64]

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
    bits : uint64 array, shape (bars, ceil(patients / 64))
        Who stands in which bar, a bit a patient (``with_bars``): levels, or intervals and then one
        bar for each of ``LIMITS``.
    order : int32 array, shape (patients with a number,)
        Places of the known numbers, the smallest first.
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
    bits: Bits | None = field(default=None, repr=False)
    order: NDArray[np.int32] | None = field(default=None, repr=False)

    @cached_property
    def known(self) -> Mask:
        """Who has a value."""
        if self.held is not None:
            return np.asarray(self.held.any(axis=0), dtype=bool)
        assert self.values is not None
        return np.isfinite(self.values)

    @cached_property
    def known_bits(self) -> Bits:
        return packed(self.known)

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Patients of each bar, without any condition."""
        assert self.bits is not None
        return tuple(int(n) for n in np.bitwise_count(self.bits).sum(axis=1))

    @cached_property
    def unknown_total(self) -> int:
        return int(np.count_nonzero(~self.known))

    @property
    def nbytes(self) -> int:
        parts = (self.held, self.values, self.limits, self.bits, self.order)
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
    """The column with what counting needs looked up once: who is in which bar, and the order."""
    if column.held is not None:
        return replace(column, bits=packed(column.held))
    assert column.values is not None
    bins = max(len(column.edges) - 1, 0)
    known, limits = np.isfinite(column.values), _limits(column)
    exact = known & (limits == EXACT)
    held = np.zeros((bins + len(LIMITS), column.values.size), dtype=bool)
    place = np.searchsorted(column.edges, column.values[exact], side="right") - 1
    held[place, np.flatnonzero(exact)] = True
    for code in LIMITS.values():
        held[bins + code - 1] = known & (limits == code)
    order = np.argsort(column.values, kind="stable")[: np.count_nonzero(known)]
    return replace(column, bits=packed(held), order=order.astype(np.int32))


def packed(mask: Mask) -> Bits:
    """The last axis as bits, 64 a word; what is left over is zero."""
    padding = [(0, 0)] * (mask.ndim - 1) + [(0, -mask.shape[-1] % 64)]
    return np.packbits(np.pad(mask, padding), axis=-1).view(np.uint64)


def _common(bits: Bits, other: Bits) -> Any:
    """How many bits two have in common, along the last axis."""
    return np.bitwise_count(bits & other).sum(axis=-1, dtype=np.int64)


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
    bits = packed(mask)
    found = {}
    for key, column in columns.items():
        others = bits
        if key in passing:
            rest = [one for name, one in passing.items() if name != key]
            others = packed(_all_of(rest, everybody))
        found[key] = _count(column, mask, bits, others, asked.get(key))
    return mask, found


def _all_of(masks: Any, start: Mask) -> Mask:
    found = start
    for mask in masks:
        found = found & mask
    return found


def _count(column: Column, mask: Mask, bits: Bits, others: Bits, asked: Condition | None) -> Count:
    assert column.bits is not None
    n = int(_common(column.known_bits, bits))
    here = [int(number) for number in _common(column.bits, others)]
    among = int(np.bitwise_count(others).sum())
    absent = Bar(
        "missing",
        say("not known"),
        among - int(_common(column.known_bits, others)),
        column.unknown_total,
        chosen=asked is not None and asked.missing,
    )
    bars = tuple(_bars(column, here, column.totals, asked))
    selected_size = int(np.bitwise_count(bits).sum())
    return Count(column, n, selected_size - n, bars, absent, _quartiles(column, mask, bits))


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
    words = {
        "<": marked("below a limit"),
        ">": marked("above a limit"),
        "~": marked("known roughly"),
    }
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
    return say("{low:.6g} to below {high:.6g}", low=low, high=high)


def _inside(low: float, high: float, asked: Condition | None) -> bool:
    if asked is None or not asked.bounded:
        return False
    return (asked.low is None or low >= asked.low) and (asked.high is None or high <= asked.high)


def _quartiles(column: Column, mask: Mask, bits: Bits) -> tuple[float, float, float] | None:
    """Median and quartiles of a number; none while some are not exact, or nobody is there."""
    if column.kind != NUMBER or column.values is None or column.order is None:
        return None
    assert column.bits is not None
    if _common(column.bits[-len(LIMITS) :], bits).any():
        return None
    chosen = column.order[mask[column.order]]
    if not chosen.size:
        return None
    low, middle, high = (_quantile(column.values, chosen, share) for share in (0.25, 0.5, 0.75))
    return low, middle, high


def _quantile(values: NDArray[np.float64], order: NDArray[np.int32], share: float) -> float:
    """Between the two nearest, as ``numpy.quantile`` does, of values that are in order already."""
    place = share * (order.size - 1)
    below = int(place)
    low = float(values[order[below]])
    high = float(values[order[min(below + 1, order.size - 1)]])
    return low + (high - low) * (place - below)


def _limits(column: Column) -> NDArray[np.int8]:
    if column.limits is not None:
        return column.limits
    assert column.values is not None
    return np.zeros(column.values.size, dtype=np.int8)
