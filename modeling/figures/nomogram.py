"""A nomogram as rulers one below the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

import altair as alt
import numpy as np
import pandas as pd

from modeling.methods.nomogram import (
    PROBABILITIES,
    Axis,
    LogisticNomogram,
    Nomogram,
    pretty_ticks,
)
from studies.figures.figure import INK, QUIET, Figure, make_figure, number, rows_of, unit_axis
from studies.methods.wording import marked, say

CLOSEST = 3.6  # per cent of the width: ticks nearer than this share no line of labels
LETTER_WIDTH, GAP = 1.15, 0.5  # likewise
SPAN, ROW = 620, 46
LETTER, LONGEST, PADDING = 8, 210, 14  # of a ruler's title, in fonts wider than the one measured


@dataclass(frozen=True)
class Ruler:
    """``at`` holds the ticks in per cent of the width; the line goes from ``first`` to ``last``."""

    title: str
    at: list[float]
    labels: list[str]
    ends: tuple[float, float]

    @property
    def first(self) -> float:
        return self.ends[0]

    @property
    def last(self) -> float:
        return self.ends[1]


@dataclass(frozen=True)
class Words:
    """How variables, levels and horizons are spelled."""

    titles: Mapping[str, str]
    value_titles: Mapping[str, Mapping[str, str]]
    unit: str
    endpoint: str
    log2: Collection[str]

    def axis(self, axis: Axis) -> str:
        title = say(self.titles.get(axis.name, axis.name))
        return f"{title}\u2060" if title == "if" else title  # the bare word is a function of Vega

    def ticks(self, axis: Axis, per_unit: float) -> tuple[list[float], list[str]]:
        """Points of each tick, and its value as people write it.

        A variable that entered as a logarithm ticks at 1, 2 and 5 of each decade, whatever whole
        doublings its stored axis has. ``per_unit``: points per unit of the linear predictor.
        """
        if axis.name in self.log2:
            values = round_values(*(2 ** float(v) for v in (min(axis.values), max(axis.values))))
            linear = axis.linear_at(pd.Series(np.log2(values)))
            points = per_unit * (linear - axis.linear.min())
            return points.tolist(), [plain(value) for value in values]
        spelled = self.value_titles.get(axis.name, {})
        return axis.points.tolist(), [self._value(value, spelled) for value in axis.values]

    def _value(self, value: float | str, spelled: Mapping[str, str]) -> str:
        if isinstance(value, str):
            return say(spelled.get(value, value.replace("_", " ")))
        return plain(value)

    def horizon(self, time: float) -> str:
        return say(
            "{time:g}-{unit} {endpoint}",
            time=time, unit=say(self.unit.removesuffix("s")), endpoint=say(self.endpoint),
        )  # fmt: skip

    def probability(self) -> str:
        return say("Probability of {endpoint}", endpoint=say(self.endpoint))


def round_values(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten from ``low`` to ``high``; the ends where none lies between."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    values = [float(f"{step}e{ten}") for ten in decades for step in (1, 2, 5)]
    inside = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
    return inside if len(inside) > 1 else [float(f"{v:.2g}") for v in (low, high)]


def plain(value: float) -> str:
    """Six digits at most and never an exponent."""
    rounded = float(f"{float(value):.6g}")
    return np.format_float_positional(rounded, trim="-")


def draw_nomogram(
    nomogram: Nomogram | LogisticNomogram,
    title: str,
    caption: str = "",
    titles: Mapping[str, str] | None = None,
    value_titles: Mapping[str, Mapping[str, str]] | None = None,
    unit: str = "months",
    endpoint: str = marked("survival"),
    key: str = "nomogram",
    log2: Collection[str] = (),
) -> Figure:
    """Points, a ruler per variable, total points, and survival at each time or the probability.

    ``endpoint`` is what is survived, or what the probability is of. ``titles`` and
    ``value_titles`` spell variables and factor levels for people; variables in ``log2`` entered as
    logarithms and are labelled by the values themselves.
    """
    words = Words(titles or {}, value_titles or {}, unit, endpoint, log2)
    rulers = lay_rulers(nomogram, words)
    order = [ruler.title for ruler in rulers]
    room = min(LONGEST, LETTER * max(len(title) for title in order)) + PADDING
    row = alt.Y("ruler:N", sort=order, scale=alt.Scale(paddingInner=0, paddingOuter=0.1),
                axis=unit_axis(None, domain=False, ticks=False, grid=False, labelLimit=LONGEST,
                               labelPadding=PADDING, labelFontSize=13,
                               minExtent=room))  # fmt: skip
    across = alt.X("x:Q", scale=alt.Scale(domain=[0, 100], nice=False), axis=None)
    spans = rows_of(ruler=order, x=[r.first for r in rulers], end=[r.last for r in rulers])
    lines = (
        alt.Chart(spans).mark_rule(color=INK, strokeWidth=1.3).encode(x=across, x2="end:Q", y=row)
    )
    marks = alt.layer(lines, *_ticks(rulers, row, across), *_labels(rulers, row, across))
    chart = marks.properties(width=SPAN, height=ROW * len(rulers))
    return make_figure(
        key,
        title,
        caption,
        chart,
        (marked("ruler"), marked("value"), marked("points")),
        _rows(nomogram, words),
        wide=True,
    )


def lay_rulers(nomogram: Nomogram | LogisticNomogram, words: Words) -> list[Ruler]:
    """Points, a ruler per variable, total points, survival at each time or the probability."""
    top = float(pretty_ticks(0.0, nomogram.largest_total, 10)[-1])
    points = np.arange(0, 101, 10)
    total = pretty_ticks(0.0, nomogram.largest_total, 10)
    rulers = [_even(say("Points"), points, points)]
    for axis in nomogram.axes:
        at, labels = words.ticks(axis, nomogram.points_per_unit)
        ends = float(axis.points.min()), float(axis.points.max())
        rulers.append(Ruler(words.axis(axis), at, labels, ends))
    rulers.append(_even(say("Total points"), total / top * 100, total))
    for title, reached in _readings(nomogram, words, top):
        places = [at / top * 100 for _, at in reached] or [0.0]
        labels = [plain(p) for p, _ in reached] or ["–"]
        rulers.append(Ruler(title, places, labels, (min(places), max(places))))
    return rulers


def _even(title: str, at: np.ndarray, values: np.ndarray) -> Ruler:
    labels = [plain(value) for value in values]
    return Ruler(title, at.tolist(), labels, (float(at[0]), float(at[-1])))


def _readings(
    nomogram: Nomogram | LogisticNomogram, words: Words, top: float
) -> list[tuple[str, list[tuple[float, float]]]]:
    """Each outcome ruler: its title, and (probability, total points) as far as totals go."""
    if isinstance(nomogram, LogisticNomogram):
        found = {words.probability(): nomogram.total_for(PROBABILITIES)}
    else:
        found = {words.horizon(t): nomogram.total_for(PROBABILITIES, t) for t in nomogram.times}
    return [
        (title, [(p, float(at)) for p, at in zip(PROBABILITIES, totals, strict=True)
                 if 0 <= at <= top])
        for title, totals in found.items()
    ]  # fmt: skip


def _ticks(rulers: Sequence[Ruler], row: alt.Y, across: alt.X) -> list[alt.Chart]:
    data = rows_of(
        ruler=[r.title for r in rulers for _ in r.at], x=[a for r in rulers for a in r.at]
    )
    return [
        alt.Chart(data).mark_tick(orient="vertical", size=9, thickness=1.2, color=INK, yOffset=-4.5)
        .encode(x=across, y=row)
    ]  # fmt: skip


def _labels(rulers: Sequence[Ruler], row: alt.Y, across: alt.X) -> list[alt.Chart]:
    """Labels above the ruler; where two would collide the next goes below, or is left out."""
    above, below = [], []
    for ruler in rulers:
        for at, text, is_above in place_labels(ruler):
            (above if is_above else below).append((ruler.title, at, text))
    return [
        alt.Chart(rows_of(ruler=[p[0] for p in placed], x=[p[1] for p in placed],
                          text=[p[2] for p in placed]))
        .mark_text(dy=dy, fontSize=12, color=INK if dy < 0 else QUIET, baseline="middle")
        .encode(x=across, y=row, text="text:N")
        for placed, dy in ((above, -15), (below, 9)) if placed
    ]  # fmt: skip


def breadth(text: str) -> int:
    """Latin letters of the same room: a Chinese character takes two."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def _has_room(at: float, text: str, before: float, length: int) -> bool:
    """Half of either label and a gap lie between their middles."""
    return at - before >= max(CLOSEST, LETTER_WIDTH * (breadth(text) + length) / 2 + GAP)


def place_labels(ruler: Ruler) -> list[tuple[float, str, bool]]:
    """Where each label stands, and whether above the ruler; what finds no room is left out."""
    placed = []
    last = {True: (-99.0, 0), False: (-99.0, 0)}  # where the last one stood, and how long it is
    for k in np.argsort(ruler.at, kind="stable"):
        at, text = ruler.at[k], ruler.labels[k]
        side = next((side for side in (True, False) if _has_room(at, text, *last[side])), None)
        if text and side is not None:
            placed.append((at, text, side))
            last[side] = at, breadth(text)
    return placed


def _rows(nomogram: Nomogram | LogisticNomogram, words: Words) -> list[tuple[str, str, float]]:
    rows = [
        (words.axis(axis), value, float(points))
        for axis in nomogram.axes
        for points, value in zip(*words.ticks(axis, nomogram.points_per_unit), strict=True)
    ]
    for title, reached in _readings(nomogram, words, nomogram.largest_total):
        rows += [(title, number(p), total) for p, total in reached]
    return rows
