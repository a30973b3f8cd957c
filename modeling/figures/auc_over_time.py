"""The time-dependent AUC along follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from modeling.methods.time_dependent_auc import TimeDependentAuc
from studies.figures.figure import (
    COLOURS,
    DASHES,
    DOTS,
    HEIGHT,
    QUIET,
    WIDTH,
    Figure,
    line_legend,
    make_figure,
    rows_of,
    time_axis,
    time_title,
    unit_axis,
)
from studies.figures.reading import Said, interval, says, share, whole
from studies.methods.wording import marked, say


@dataclass(frozen=True)
class AucOverTime:
    """One model's (or cohort's) AUC at several times."""

    name: str
    points: Sequence[TimeDependentAuc]


def draw_auc_over_time(
    curves: Sequence[AucOverTime],
    title: str = marked("AUC over time"),
    caption: str = "",
    unit: str = "months",
    key: str = "auc",
) -> Figure:
    """AUC(t) with its 95 % band; what is not estimable is left out."""
    names = [say(curve.name) for curve in curves]
    known = [(say(curve.name), p, *p.interval()) for curve in curves for p in curve.points
             if p.estimable]  # fmt: skip
    lowest = min([0.4, *(low for *_, low, _ in known if np.isfinite(low))])
    scale = alt.Scale(domain=[np.floor(lowest * 10) / 10, 1], nice=False)
    data = rows_of(
        curve=[name for name, *_ in known], x=[p.horizon for _, p, *_ in known],
        y=[p.auc for _, p, *_ in known], low=[low for *_, low, _ in known],
        high=[high for *_, high in known],
        cases=[p.cases for _, p, *_ in known], controls=[p.controls for _, p, *_ in known],
    )  # fmt: skip
    x = alt.X("x:Q", scale=alt.Scale(zero=False, nice=True),
              axis=time_axis(unit, tickCount=5))  # fmt: skip
    y = alt.Y("y:Q", scale=scale, axis=unit_axis("AUC(t)", format=".1f", tickCount=6))
    base = alt.Chart(data)
    colour = alt.Color("curve:N", sort=names, scale=alt.Scale(
        domain=names, range=[COLOURS[k % len(COLOURS)] for k in range(len(names))]),
        legend=None if len(names) == 1 else line_legend())  # fmt: skip
    dash = alt.StrokeDash("curve:N", sort=names, scale=alt.Scale(
        domain=names, range=[DASHES[k % len(DASHES)] for k in range(len(names))]),
        legend=None if len(names) == 1 else line_legend())  # fmt: skip
    chance = alt.Chart(rows_of(y=[0.5])).mark_rule(strokeDash=DOTS, color=QUIET).encode(y="y:Q")
    chart = alt.layer(
        base.mark_area(opacity=0.15, clip=True).encode(
            x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q",
            color=colour,
        ),
        chance,
        base.mark_line(strokeWidth=2, clip=True).encode(
            x=x, y=y, color=colour, strokeDash=dash,
            tooltip=says(Said(time_title(unit), "x"), share("AUC(t)", "y"),
                         interval("low", "high"), whole(say("cases"), "cases"),
                         whole(say("controls"), "controls"), name="curve"),
        ),
    ).properties(width=WIDTH, height=HEIGHT - 40)  # fmt: skip
    rows = [(name, p.horizon, p.auc, low, high, p.cases, p.controls)
            for name, p, low, high in known]  # fmt: skip
    columns = (marked("curve"), unit, "AUC(t)", marked("lower"), marked("upper"), marked("cases"),
               marked("controls"))  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows)
