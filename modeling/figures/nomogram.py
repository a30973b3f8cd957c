"""A nomogram as rulers one below the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

import altair as alt
import numpy as np

from modeling.methods.nomogram import PROBABILITIES, Axis, Nomogram, pretty
from studies.figures.figure import INK, QUIET, Figure, make_figure, number, rows_of, unit_axis
from studies.methods.wording import marked, say

CLOSEST = 3.6  # per cent of the width: ticks nearer than this share no line of labels
SPAN, ROW = 620, 46
LETTER, LONGEST, PADDING = 8, 210, 14  # of a ruler's title, in fonts wider than the one measured


@dataclass(frozen=True)
class Ruler:
    title: str
    at: list[float]  # per cent of the width
    labels: list[str]


@dataclass(frozen=True)
class Words:
    """How variables, levels and horizons are spelled."""

    titles: Mapping[str, str]
    value_titles: Mapping[str, Mapping[str, str]]
    unit: str
    endpoint: str
    log2: Collection[str]

    def axis(self, axis: Axis) -> str:
        return say(self.titles.get(axis.name, axis.name))

    def labels(self, axis: Axis) -> list[str]:
        """As ``values``; between whole doublings a tick says nothing."""
        if axis.name not in self.log2:
            return self.values(axis)
        return [
            text if value == round(float(value)) else ""
            for value, text in zip(axis.values, self.values(axis), strict=True)
        ]

    def values(self, axis: Axis) -> list[str]:
        spelled = self.value_titles.get(axis.name, {})
        return [self._value(axis.name, value, spelled) for value in axis.values]

    def _value(self, name: str, value: float | str, spelled: Mapping[str, str]) -> str:
        if isinstance(value, str):
            return say(spelled.get(value, value.replace("_", " ")))
        return f"{2**value:.3g}" if name in self.log2 else f"{value:g}"

    def horizon(self, time: float) -> str:
        return say(
            "{time:g}-{unit} {endpoint}",
            time=time, unit=say(self.unit.removesuffix("s")), endpoint=say(self.endpoint),
        )  # fmt: skip


def draw_nomogram(
    nomogram: Nomogram,
    title: str,
    caption: str = "",
    titles: Mapping[str, str] | None = None,
    value_titles: Mapping[str, Mapping[str, str]] | None = None,
    unit: str = "months",
    endpoint: str = marked("survival"),
    key: str = "nomogram",
    log2: Collection[str] = (),
) -> Figure:
    """Points, a ruler per variable, total points, and survival at each time.

    ``titles`` and ``value_titles`` spell variables and factor levels for people; variables in
    ``log2`` entered as logarithms and are labelled by the values themselves.
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
    spans = rows_of(ruler=order, x=[min(r.at) for r in rulers], end=[max(r.at) for r in rulers])
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


def lay_rulers(nomogram: Nomogram, words: Words) -> list[Ruler]:
    """Points, a ruler per variable, total points, survival at each time."""
    top = float(pretty(0.0, nomogram.largest_total, 10)[-1])
    points = np.arange(0, 101, 10)
    total = pretty(0.0, nomogram.largest_total, 10)
    rulers = [Ruler(say("Points"), points.tolist(), [f"{p:g}" for p in points])]
    rulers += [
        Ruler(words.axis(axis), axis.points.tolist(), words.labels(axis)) for axis in nomogram.axes
    ]
    rulers.append(
        Ruler(say("Total points"), (total / top * 100).tolist(), [f"{t:g}" for t in total])
    )
    for time in nomogram.times:
        reached = _reached(nomogram, time, top)
        rulers.append(Ruler(words.horizon(time),
                             [at / top * 100 for _, at in reached] or [0.0],
                             [f"{p:g}" for p, _ in reached] or ["–"]))  # fmt: skip
    return rulers


def _reached(nomogram: Nomogram, time: float, top: float) -> list[tuple[float, float]]:
    totals = nomogram.total_for(PROBABILITIES, time)
    return [(p, float(at)) for p, at in zip(PROBABILITIES, totals, strict=True) if 0 <= at <= top]


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


def place_labels(ruler: Ruler) -> list[tuple[float, str, bool]]:
    """Where each label stands, and whether above the ruler; what finds no room is left out."""
    placed = []
    last = {True: -99.0, False: -99.0}
    for k in np.argsort(ruler.at, kind="stable"):
        at, text = ruler.at[k], ruler.labels[k]
        need = max(CLOSEST, 1.05 * breadth(text))
        side = next((side for side in (True, False) if at - last[side] >= need), None)
        if text and side is not None:
            placed.append((at, text, side))
            last[side] = at
    return placed


def _rows(nomogram: Nomogram, words: Words) -> list[tuple[str, str, float]]:
    rows = [
        (words.axis(axis), value, float(points))
        for axis in nomogram.axes
        for value, points in zip(words.values(axis), axis.points, strict=True)
    ]
    for time in nomogram.times:
        reached = _reached(nomogram, time, nomogram.largest_total)
        rows += [(words.horizon(time), number(p), total) for p, total in reached]
    return rows
