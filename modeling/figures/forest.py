"""Hazard or odds ratios with their intervals, one line per coefficient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from modeling.methods.regression_table import Line
from studies.figures.figure import (
    COLOURS,
    INK,
    LONG_DASH,
    QUIET,
    Figure,
    make_figure,
    number,
    rows_of,
    unit_axis,
)
from studies.figures.reading import says, word
from studies.methods.wording import english, marked, say

ROW, LEFT, PLOT, COLUMN = 25, 250, 300, 190
WIDEST = 50.0  # ratios beyond 1/50 and 50 end in the margin


@dataclass(frozen=True)
class ForestLine:
    """A ratio with its interval; a reference level has none."""

    label: str
    events: int | None
    n: int | None
    ratio: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    reference: bool = False

    @property
    def known(self) -> bool:
        return self.ratio is not None and bool(np.isfinite(self.ratio))

    @property
    def counts(self) -> str:
        return "" if self.n is None else f"{self.events}/{self.n}"

    @property
    def text(self) -> str:
        if self.reference:
            return say("1 (reference)")
        if not self.known:
            return say("not estimable")
        return f"{number(self.ratio)} ({number(self.lower)}–{number(self.upper)})"

    @property
    def p(self) -> str:
        if self.p_value is None or self.reference:
            return ""
        return "<0.001" if self.p_value < 0.001 else f"{self.p_value:.3f}"


def forest_line(line: Line) -> ForestLine:
    """A line of a table of ratios: what all columns together give."""
    label = say(line.term)
    if line.level:
        label = say("{term}: {level}", term=label, level=say(line.level))
    effect = line.together
    values = (effect.ratio, effect.lower, effect.upper, effect.p_value) if effect else (None,) * 4
    return ForestLine(label, line.events, line.n, *values, reference=line.reference)


def draw_forest(
    lines: Sequence[ForestLine],
    title: str = marked("Hazard ratios"),
    caption: str = "",
    ratio: str = marked("Hazard ratio"),
    key: str = "forest",
) -> Figure:
    """Points and 95 % intervals on a log scale; events/n, ratio and p beside them."""
    order = [str(k) for k in range(len(lines))]
    low, high = _domain(lines)
    y = alt.Y("line:N", sort=order, axis=None, scale=alt.Scale(type="point", padding=0.5))
    shown = [k for k, line in enumerate(lines) if line.known and not line.reference]
    data = _data(
        line=[order[k] for k in shown],
        x=[np.clip(lines[k].ratio, low, high) for k in shown],
        low=[np.clip(lines[k].lower, low, high) for k in shown],
        high=[np.clip(lines[k].upper, low, high) for k in shown],
        label=[say(lines[k].label) for k in shown],
        said=[lines[k].text for k in shown],
        counts=[lines[k].counts or None for k in shown],
        p=[lines[k].p or None for k in shown],
    )
    axis = unit_axis(
        say("{ratio} (log scale)", ratio=say(ratio)), values=_ticks(low, high), format="~g"
    )
    x = alt.X("x:Q", scale=alt.Scale(type="log", domain=[low, high]), axis=axis)
    height = ROW * len(lines)
    one = alt.Chart(rows_of(x=[1.0])).mark_rule(strokeDash=LONG_DASH, color=QUIET).encode(x=x)
    base = alt.Chart(data)
    marks = alt.layer(
        one,
        base.mark_rule(strokeWidth=1.6, color=COLOURS[0]).encode(
            y=y, x=alt.X("low:Q", scale=alt.Scale(type="log", domain=[low, high])), x2="high:Q"
        ),
        base.mark_point(filled=True, shape="square", size=64, opacity=1, color=COLOURS[0]).encode(
            y=y,
            x=x,
            tooltip=says(
                word(say("{ratio} (95 % CI)", ratio=say(_family(ratio))), "said"),
                word("p", "p"),
                word(say("Events/n"), "counts"),
                name="label",
            ),
        ),
        _references(lines, order, y, x),
    ).properties(width=PLOT, height=height)
    chart = alt.hconcat(
        _text(order, [say(line.label) for line in lines], y, LEFT, "left", "", height),
        _text(order, [line.counts for line in lines], y, 70, "right", say("Events/n"), height),
        marks,
        _text(order, [line.text for line in lines], y, COLUMN - 40, "left",
              say("{ratio} (95 % CI)", ratio=say(_family(ratio))), height),
        _text(order, [line.p for line in lines], y, 52, "left", "p", height),
        spacing=8,
    )  # fmt: skip
    rows = [(say(line.label), line.n, line.events, line.ratio, line.lower, line.upper,
             line.p_value) for line in lines]  # fmt: skip
    columns = (marked("term"), "n", marked("events"), english(ratio).lower(), marked("lower"),
               marked("upper"), "p")  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows, wide=True)


def _family(ratio: str) -> str:
    """Hazard ratio or odds ratio, whatever it is per."""
    return marked("Odds ratio") if ratio.startswith("Odds") else marked("Hazard ratio")


def _references(lines: Sequence[ForestLine], order: list[str], y: alt.Y, x: alt.X) -> alt.Chart:
    here = [order[k] for k, line in enumerate(lines) if line.reference]
    return (
        alt.Chart(_data(line=here, x=[1.0] * len(here)))
        .mark_point(filled=False, shape="square", size=56, opacity=1, color=COLOURS[0])
        .encode(y=y, x=x)
    )


def _text(
    order: list[str], words: list[str], y: alt.Y, width: int, align: str, heading: str, height: int
) -> alt.Chart:
    side = 0 if align == "left" else width
    return (
        alt.Chart(rows_of(line=order, text=words),
                  title=alt.TitleParams(heading, anchor="start" if align == "left" else "end",
                                        fontSize=12, fontWeight="normal", color=INK, offset=4))
        .mark_text(align=align, fontSize=12, color=INK, baseline="middle", limit=width)
        .encode(y=y, text="text:N", x=alt.value(side))
        .properties(width=width, height=height)
    )  # fmt: skip


def _data(**columns: list) -> alt.Data:
    return rows_of(**columns) if columns["line"] else alt.Data(values=[])


def _domain(lines: Sequence[ForestLine]) -> tuple[float, float]:
    ends = [v for line in lines if line.known for v in (line.lower, line.upper)
            if v is not None and np.isfinite(v) and v > 0]  # fmt: skip
    low, high = min([0.5, *ends]), max([2.0, *ends])
    return max(low / 1.1, 1 / WIDEST), min(high * 1.1, WIDEST)


def _ticks(low: float, high: float) -> list[float]:
    steps = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    return [tick for tick in steps if low <= tick <= high]
