"""What the study at a glance shows: every column as a small chart, each bar with its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _

from studies import registry
from studies.glance_words import condition_said
from studies.methods.selection import (
    NUMBER,
    SURVIVAL,
    Bar,
    Column,
    Condition,
    Count,
    Mask,
    counted,
)
from studies.methods.selection_text import (
    address_of,
    toggled,
    without,
    write_conditions,
)
from studies.methods.wording import marked
from studies.models import Study
from studies.selections import Selection

GROUPS = (marked("Study"), marked("Outcome"), marked("Phenotype and scores"), marked("Imaging"))
SHOWN_LEVELS = 8
WIDTH, HEIGHT = 320.0, 96.0  # of a drawing, in its own units
NUMBER_OF_TIMES = 5


@dataclass(frozen=True)
class BarView:
    """``share`` of the longest bar, 0 to 1; ``x`` and ``width`` place it in a histogram."""

    bar: Bar
    url: str
    share: float
    x: float = 0.0
    width: float = 0.0

    @property
    def height(self) -> float:
        return round(HEIGHT * self.share, 1)

    @property
    def y(self) -> float:
        return round(HEIGHT - self.height, 1)

    @property
    def length(self) -> float:
        return round(100 * self.share, 1)


@dataclass(frozen=True)
class CurveView:
    """A survival curve as a path; ``rows`` say the same in numbers: months, at risk, survival."""

    name: str
    path: str
    n: int
    events: int
    median: float | None
    rows: list[tuple[float, int, float | None]]


@dataclass(frozen=True)
class Chart:
    count: Count
    bars: list[BarView]
    more: list[BarView]
    absent: BarView
    narrowed: bool
    clear_url: str
    curves: list[CurveView] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)
    range_url: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def column(self) -> Column:
        return self.count.column

    @property
    def quartiles(self) -> str:
        """``61 (54 to 68)``."""
        if self.count.quartiles is None:
            return ""
        low, middle, high = self.count.quartiles
        return range_said(low, middle, high)

    @property
    def is_histogram(self) -> bool:
        return self.column.kind == NUMBER

    @property
    def is_survival(self) -> bool:
        return self.column.kind == SURVIVAL

    @property
    def drawn(self) -> list[BarView]:
        """Bars of a histogram; those of values that are no exact numbers stand below it."""
        return [view for view in self.bars if view.bar.low is not None]

    @property
    def beside(self) -> list[BarView]:
        return [view for view in self.bars if view.bar.low is None]


def range_said(low: float, middle: float, high: float) -> str:
    """Three digits tell a median; what is longer keeps its whole number."""
    low_said, middle_said, high_said = (_number(value) for value in (low, middle, high))
    told = _("{middle} ({low} to {high})")
    return told.format(middle=middle_said, low=low_said, high=high_said)


def _number(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def glance_context(study: Study, selection: Selection) -> dict[str, Any]:
    """Charts by group, chips and addresses of a selection."""
    table, conditions = selection.table, selection.conditions
    _, counts = counted(table.columns, conditions, table.size)
    groups: dict[str, list[Chart]] = {}
    for key in sorted(counts, key=lambda name: _order(counts[name].column)):
        chart = _chart(selection, counts[key])
        groups.setdefault(counts[key].column.group, []).append(chart)
    here = reverse("studies:glance", args=[study.uid])
    return {
        "groups": list(groups.items()),
        "selection": selection,
        "size": selection.size,
        "total": table.size,
        "chips": [
            {
                "text": condition_said(table.columns[c.column], c),
                "url": f"{here}?{address_of(without(conditions, c.column))}",
            }
            for c in conditions
        ],
        "here": here,
        "address": selection.address,
        "pairs": write_conditions(conditions),
        "width": WIDTH,
        "height": HEIGHT,
    }


COUNT_COLUMNS = (
    "column",
    "title",
    "unit",
    "n",
    "not_known",
    "bar",
    "from",
    "below",
    "count",
    "total",
)


def count_rows(selection: Selection) -> list[list[Any]]:
    """A row per bar, as the charts show them: under the conditions on all other columns."""
    table = selection.table
    _, counts = counted(table.columns, selection.conditions, table.size)
    return [
        [key, one.column.title, one.column.unit, one.n, one.missing, bar.label, bar.low, bar.high,
         bar.count, bar.total]
        for key, one in counts.items()
        for bar in (*one.bars, one.absent)
    ]  # fmt: skip


def _order(column: Column) -> tuple[int, int]:
    """Groups in their order, columns as they were read."""
    place = GROUPS.index(column.group) if column.group in GROUPS else len(GROUPS)
    return place, 0


def _chart(selection: Selection, count: Count) -> Chart:
    column, conditions = count.column, selection.conditions
    own = next((c for c in conditions if c.column == column.key), None)
    aside = [count.absent, *(bar for bar in count.bars if bar.low is None)]
    longest = max([1, *(bar.count for bar in aside)])
    highest = max([1, *(bar.count for bar in count.bars if bar.low is not None)])
    bars = _bar_views(column, count.bars, conditions, (longest, highest))
    shown, more = bars, []
    if column.kind != NUMBER and len(bars) > SHOWN_LEVELS:
        ordered = sorted(bars, key=lambda view: (not view.bar.chosen, -view.bar.count))
        shown, more = ordered[:SHOWN_LEVELS], ordered[SHOWN_LEVELS:]
    absent = BarView(
        count.absent,
        _toggle(conditions, Condition(column.key, missing=True)),
        count.absent.count / longest,
    )
    curves, ticks = _survival(selection, column) if column.kind == SURVIVAL else ([], [])
    if column.kind == NUMBER:
        ticks = _number_ticks(column)
    return Chart(
        count, shown, more, absent, own is not None,
        f"?{address_of(without(conditions, column.key))}", curves, ticks,
        address_of(without(conditions, column.key)),
        own.low if own else None, own.high if own else None,
    )  # fmt: skip


def _bar_views(
    column: Column, bars: Sequence[Bar], conditions: Sequence[Condition], most: tuple[int, int]
) -> list[BarView]:
    """``most`` patients in one bar: of those that stand in a list, and in the histogram."""
    drawn = sum(bar.low is not None for bar in bars)
    step = WIDTH / max(drawn, 1)
    found = []
    for place, bar in enumerate(bars):
        wanted = Condition(column.key, levels=(bar.key,))
        if bar.low is not None:
            wanted = Condition(column.key, low=bar.low, high=bar.high)
        elif column.kind == NUMBER:
            wanted = Condition(column.key, limits=(bar.key,))
        url = _toggle(conditions, wanted)
        share = bar.count / most[bar.low is not None]
        found.append(BarView(bar, url, share, round(place * step, 1), round(step - 1.5, 1)))
    return found


def _toggle(conditions: Sequence[Condition], wanted: Condition) -> str:
    return f"?{address_of(toggled(conditions, wanted))}"


def _number_ticks(column: Column) -> list[tuple[float, str]]:
    """Some edges under the bars; below a bar that holds one whole number, its middle."""
    edges = column.edges
    if len(edges) < 2:
        return []
    bars = len(edges) - 1
    step = WIDTH / bars
    single = all(b - a == 1 and a == round(a) for a, b in pairwise(edges))
    places = range(bars) if single else range(bars + 1)
    every = max(1, -(-len(places) // NUMBER_OF_TIMES))
    middle = step / 2 if single else 0.0
    return [(round(place * step + middle, 1), f"{edges[place]:g}") for place in places[::every]]


# survival

EVERYBODY, SELECTED = marked("everybody"), marked("selected")


def _survival(
    selection: Selection, column: Column
) -> tuple[list[CurveView], list[tuple[float, str]]]:
    """The selection's curve under the conditions on other columns, and everybody's beside it."""
    table = selection.table
    others = without(selection.conditions, column.key)
    everybody = np.ones(table.size, dtype=bool)
    kept = table.kept.get(("curve", column.key))
    if kept is None:
        last = last_month(column, [everybody])
        kept = last, curve_of(column, everybody, EVERYBODY, last)
        table.kept["curve", column.key] = kept
    last, whole = kept
    if not others:
        return ([whole] if whole else []), month_ticks(last)
    mask = selection_mask(selection, column.key)
    mine = curve_of(column, mask, SELECTED, last)
    return [curve for curve in (mine, whole) if curve], month_ticks(last)


def selection_mask(selection: Selection, leaving_out: str) -> Mask:
    """Who meets every condition but that on one column."""
    from_conditions, _ = counted(
        {c.column: selection.table.columns[c.column] for c in selection.conditions},
        without(selection.conditions, leaving_out),
        selection.table.size,
    )
    return from_conditions


def last_month(column: Column, masks: Sequence[Mask]) -> float:
    assert column.values is not None
    follow_up = [column.values[mask & column.known] for mask in masks]
    return max((float(months.max()) for months in follow_up if months.size), default=0.0)


def curve_of(column: Column, mask: Mask, name: str, last: float) -> CurveView | None:
    """Kaplan-Meier's estimate of the masked patients, drawn up to ``last`` months."""
    assert column.values is not None
    assert column.held is not None
    known = mask & column.known
    if not known.any() or last <= 0:
        return None
    event = column.held[0][known]
    found = registry.method("kaplan_meier")(column.values[known], event)
    middle = found.quantile(0.5)[0]
    times = np.array([month for month, _ in _months(last)])
    return CurveView(
        name,
        _path(np.asarray(found.time), np.asarray(found.survival), last),
        int(known.sum()),
        int(event.sum()),
        None if np.isnan(middle) else float(middle),
        [
            (float(t), int(n), None if np.isnan(s) else float(s))
            for t, n, s in zip(times, found.number_at_risk(times), found.at(times), strict=True)
        ],
    )


def _path(time: Any, survival: Any, last: float) -> str:
    """Steps, one a column of pixels at most: the lowest point within each."""
    x = np.round(time / last * WIDTH, 1)
    y = np.round(HEIGHT * (1 - survival), 1)
    ends = np.append(np.flatnonzero(np.diff(np.floor(x)) > 0), x.size - 1)
    steps = "".join(f"H{x[i]:g}V{y[i]:g}" for i in ends)
    return f"M0 0{steps}"


def _months(last: float) -> list[tuple[float, str]]:
    steps = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600, 1200)
    step = next((s for s in steps if last / s <= NUMBER_OF_TIMES), 2400)
    return [(float(month), str(month)) for month in range(0, int(last) + 1, step)]


def month_ticks(last: float) -> list[tuple[float, str]]:
    if last <= 0:
        return []
    return [(round(month / last * WIDTH, 1), word) for month, word in _months(last)]
