"""Cumulative incidence with its band, one line per group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from studies.figures.figure import (
    COLOURS,
    HEIGHT,
    INK,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    time_axis,
    time_title,
    unit_axis,
)
from studies.figures.reading import Said, interval, says, share
from studies.methods.wording import marked, say


@dataclass(frozen=True)
class IncidenceCurve:
    """Steps of one group; ``events`` of the cause asked for, ``others`` of the competing one."""

    name: str
    time: ArrayLike
    incidence: ArrayLike
    lower: ArrayLike
    upper: ArrayLike
    last_follow_up: float
    n: int
    events: int
    others: int

    @property
    def label(self) -> str:
        return say(
            "{name}: {events}/{n} progressed, {others} died first",
            name=say(self.name), events=self.events, n=self.n, others=self.others,
        )  # fmt: skip

    def steps(self) -> tuple[np.ndarray, ...]:
        """From 0 to the end of follow-up."""
        columns = [np.asarray(part, dtype=float) for part in
                   (self.time, self.incidence, self.lower, self.upper)]  # fmt: skip
        first = [np.r_[0.0, part] for part in columns]
        ends = [self.last_follow_up, *(part[-1] for part in first[1:])]
        return tuple(np.r_[part, end] for part, end in zip(first, ends, strict=True))


def draw_cumulative_incidence(
    curves: Sequence[IncidenceCurve],
    title: str,
    caption: str = "",
    test: str = "",
    key: str = "cumulative_incidence",
    unit: str = "months",
) -> Figure:
    """Aalen-Johansen curves with 95 % bands; ``test`` stands inside."""
    names = [curve.label for curve in curves]
    scales = style_scales(names)
    x = alt.X("x:Q", scale=alt.Scale(nice=False, zero=True),
              axis=time_axis(unit, tickCount=6))  # fmt: skip
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]),
              axis=unit_axis(say("Cumulative incidence"), format=".2f",
                             values=[0, 0.25, 0.5, 0.75, 1]))  # fmt: skip
    told = says(Said(time_title(unit), "x"), share(say("Cumulative incidence"), "y"),
                interval("low", "high"), name="group")  # fmt: skip
    layers, rows = [], []
    for k, curve in enumerate(curves):
        time, value, low, high = curve.steps()
        own = COLOURS[k % len(COLOURS)]
        layers.append(
            alt.Chart(rows_of(x=time, low=low, high=high))
            .mark_area(interpolate="step-after", opacity=0.13, color=own)
            .encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
        )
        layers.append(
            alt.Chart(rows_of(x=time, y=value, group=[curve.label] * time.size, low=low,
                              high=high))
            .mark_line(interpolate="step-after", strokeWidth=2)
            .encode(x=x, y=y, color=alt.Color("group:N", scale=scales["color"]),
                    strokeDash=alt.StrokeDash("group:N", scale=scales["dash"]), tooltip=told)
        )  # fmt: skip
        rows += list(zip([say(curve.name)] * time.size, time, value, low, high, strict=True))
    if test:
        layers.append(
            alt.Chart(rows_of(x=[0.0], y=[0.99], text=[say(test)]))
            .mark_text(align="left", baseline="top", dx=6, fontSize=12, color=INK)
            .encode(x="x:Q", y="y:Q", text="text:N")
        )
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT - 40)
    columns = (marked("group"), unit, marked("incidence"), marked("lower"), marked("upper"))
    return make_figure(key, title, caption, chart, columns, rows)
