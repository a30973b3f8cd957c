"""Lines of Table 1: a number, a category or a survival time by cohort, with its test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from .group_tests import GroupTest, compare_counts, compare_means, compare_ranks
from .standardised_difference import largest_difference_of_means, largest_difference_of_shares
from .wording import marked, say

MOST_SKEWED, FEWEST = 1.0, 8
Median = Callable[[Any, Any], tuple[float, float, float]]
Survival = Callable[[Any, Any, Any], float]


@dataclass(frozen=True)
class Column:
    """A variable of the table: a number with its unit, or a category with its levels in order."""

    name: str
    label: str
    kind: str  # "number", "category", "survival" (columns name_duration, name_event)
    unit: str = ""
    levels: tuple[tuple[str, str], ...] = ()
    missing_counts: bool = False  # a missing value stands in the denominator (ORR)
    asked_of: tuple[str, str] | None = None  # column and level of those it is asked of at all


@dataclass(frozen=True)
class Cell:
    """What is printed, and the numbers behind it."""

    text: str
    count: int | None = None
    denominator: int | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of the table; ``level`` is set for the levels of a category."""

    name: str
    label: str
    cells: tuple[Cell, ...]
    level: str = ""
    statistic_text: str = ""
    test: str = ""
    p_value: float | None = None
    adjusted: float | None = None
    difference: float | None = None
    is_missing: bool = False


class GroupRows:
    """The rows of each group; a column is read once and then taken apart."""

    def __init__(self, table: pd.DataFrame, groups: Sequence[str]):
        self.table = table
        held = table["group"].to_numpy(dtype=object)
        self.rows = [np.flatnonzero(held == group) for group in groups]
        self.sizes = [int(rows.size) for rows in self.rows]

    def numbers(self, name: str) -> list[np.ndarray]:
        whole = pd.to_numeric(self.table[name], errors="coerce").to_numpy(dtype=float)
        return [(part := whole[rows])[~np.isnan(part)] for rows in self.rows]

    def counts(self, name: str) -> list[Counter[str]]:
        whole = self.table[name].to_numpy(dtype=object)
        there = ~pd.isna(whole)
        return [Counter(map(str, whole[rows][there[rows]])) for rows in self.rows]

    def gaps(self, column: Column) -> list[tuple[int, int]]:
        """Missing, and of how many who were asked."""
        missing = pd.isna(self.table[column.name].to_numpy())
        asked = np.ones(missing.size, dtype=bool)
        if column.asked_of and column.asked_of[0] in self.table:
            name, level = column.asked_of
            asked = (self.table[name].astype(object) == level).to_numpy(dtype=bool)
        return [(int((missing & asked)[rows].sum()), int(asked[rows].sum())) for rows in self.rows]

    def frames(self, *names: str) -> list[pd.DataFrame]:
        return [self.table[["group", *names]].iloc[rows] for rows in self.rows]


def number_lines(column: Column, parts: GroupRows) -> list[Line]:
    """Mean ± SD or median [IQR] by the rule for skew, its test, and who lacks the value."""
    arrays = parts.numbers(column.name)
    skewed = any(_is_skewed(array) for array in arrays)
    cells = tuple(_median_cell(a) if skewed else _mean_cell(a) for a in arrays)
    test = compare_ranks(arrays) if skewed else compare_means(arrays)
    kind = marked("median [IQR]") if skewed else marked("mean ± SD")
    difference = largest_difference_of_means(arrays)
    unit = f", {column.unit}" if column.unit else ""
    line = _tested(
        Line(column.name, f"{column.label}{unit}", cells, statistic_text=kind), test, difference
    )
    return [line, *_missing(column, parts)]


def _is_skewed(values: np.ndarray) -> bool:
    if values.size < FEWEST or np.ptp(values) == 0:
        return False
    gaps = values - values.mean()
    size, spread = values.size, np.mean(gaps**2)
    skewness = np.mean(gaps**3) / spread**1.5 * np.sqrt(size * (size - 1)) / (size - 2)
    return bool(abs(skewness) > MOST_SKEWED)


def _mean_cell(values: np.ndarray) -> Cell:
    if not values.size:
        return Cell("–", denominator=0)
    spread = values.std(ddof=1) if values.size > 1 else float("nan")
    mean = values.mean()
    text = f"{_plain(mean, mean)} ± {_plain(spread, mean)}"
    return Cell(text, None, int(values.size), float(values.min()), float(values.max()))


def _median_cell(values: np.ndarray) -> Cell:
    if not values.size:
        return Cell("–", denominator=0)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    text = f"{_plain(middle, middle)} [{_plain(low, middle)}; {_plain(high, middle)}]"
    return Cell(text, None, int(values.size), float(values.min()), float(values.max()))


def _plain(number: float, leading: float) -> str:
    """As many decimals as give the ``leading`` number of the cell three digits or more."""
    if not np.isfinite(number):
        return "–"
    digits = 0 if abs(leading) >= 1000 else 1 if abs(leading) >= 10 else 2
    return f"{number:,.{digits}f}"


def category_lines(column: Column, parts: GroupRows) -> list[Line]:
    """Counts with their denominators by level, the test, and who lacks the value."""
    known = parts.counts(column.name)
    levels = _levels(column, known)
    counts = np.array([[found[code] for code, _ in levels] for found in known])
    totals = [
        size if column.missing_counts else found.total()
        for size, found in zip(parts.sizes, known, strict=True)
    ]
    test = compare_counts(_counted(column, counts, totals))
    difference = largest_difference_of_shares(_counted(column, counts, totals))
    shown = levels[:1] if _is_yes_no(levels) or column.missing_counts else levels
    if len(shown) == 1:
        label = column.label if column.missing_counts else f"{column.label}: {shown[0][1]}"
        cells = tuple(_share(int(row[0]), total) for row, total in zip(counts, totals, strict=True))
        head = Line(column.name, label, cells, shown[0][0], "n/N (%)")
        return [_tested(head, test, difference), *_missing(column, parts)]
    head = Line(column.name, column.label, tuple(Cell("") for _ in known), "", "n/N (%)")
    lines = [_tested(head, test, difference)]
    for number, (code, label) in enumerate(levels):
        cells = tuple(
            _share(int(row[number]), total) for row, total in zip(counts, totals, strict=True)
        )
        lines.append(Line(column.name, label, cells, code))
    return [*lines, *_missing(column, parts)]


def _levels(column: Column, known: Sequence[Counter[str]]) -> list[tuple[str, str]]:
    """The levels of the dictionary, and any other that is in the data."""
    named = dict(sorted(column.levels, key=lambda level: level[0] != "yes"))
    found = sorted({code for values in known for code in values} - set(named))
    if not named:
        return [(code, code) for code in found]
    outside = [(code, say("{code} (not in the dictionary)", code=code)) for code in found]
    return [*named.items(), *outside]


def _is_yes_no(levels: Sequence[tuple[str, str]]) -> bool:
    return {code for code, _ in levels} == {"yes", "no"}


def _counted(column: Column, counts: np.ndarray, totals: Sequence[int]) -> np.ndarray:
    """Groups × levels; where the missing count, they are in the last level."""
    if not column.missing_counts:
        return counts
    first = counts[:, 0]
    return np.column_stack([first, np.array(totals) - first])


def _share(count: int, denominator: int) -> Cell:
    if not denominator:
        return Cell("–", count, 0)
    percent = 100 * count / denominator
    return Cell(f"{count}/{denominator} ({percent:.1f}%)", count, denominator)


def _missing(column: Column, parts: GroupRows) -> list[Line]:
    gaps = parts.gaps(column)
    if not any(gap for gap, _ in gaps):
        return []
    cells = tuple(_share(gap, asked) for gap, asked in gaps)
    label = marked("not evaluable or not assessed") if column.missing_counts else marked("missing")
    return [Line(column.name, label, cells, marked("missing"), is_missing=True)]


def survival_lines(
    column: Column, parts: GroupRows, median: Median, log_rank: Survival | None
) -> list[Line]:
    """Median time with its interval, events of how many, and the log-rank test."""
    cells, kept = [], []
    for part in parts.frames(f"{column.name}_duration", f"{column.name}_event"):
        duration, event = part[f"{column.name}_duration"], part[f"{column.name}_event"]
        known = part[duration.notna() & event.notna()]
        kept.append(known)
        cells.append(_median_time(column, known, median))
    together = pd.concat(kept)
    test = None
    if log_rank is not None and sum(len(known) > 0 for known in kept) > 1:
        duration = together[f"{column.name}_duration"].astype(float)
        event = together[f"{column.name}_event"].astype(float)
        p_value = log_rank(duration, event, together["group"])
        test = GroupTest(marked("Log-rank test"), float("nan"), p_value)
    line = Line(
        column.name, column.label, tuple(cells), statistic_text=marked("median (95% CI), events/N")
    )
    return [_tested(line, test, float("nan"))]


def _median_time(column: Column, known: pd.DataFrame, median: Median) -> Cell:
    if known.empty:
        return Cell("–", 0, 0)
    event = known[f"{column.name}_event"].astype(float)
    middle, low, high = median(known[f"{column.name}_duration"].astype(float), event)
    limits = "; ".join("–" if np.isnan(limit) else f"{limit:.1f}" for limit in (low, high))
    said = marked("not reached") if np.isnan(middle) else f"{middle:.1f}"
    events = int(event.sum())
    return Cell(f"{said} ({limits}), {events}/{len(known)}", events, len(known))


def _tested(line: Line, test: GroupTest | None, difference: float) -> Line:
    known = float(difference) if np.isfinite(difference) else None
    if test is None or not np.isfinite(test.p_value):
        return replace(line, difference=known)
    return replace(line, test=test.name, p_value=test.p_value, difference=known)
