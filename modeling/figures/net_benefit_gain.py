"""What a marker adds to the net benefit, by threshold, with its paired band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from studies.figures.figure import (
    DOTS,
    HEIGHT,
    QUIET,
    WIDTH,
    Figure,
    line_legend,
    make_figure,
    rows_of,
    style_scales,
    unit_axis,
)
from studies.figures.reading import Said, interval, says, share
from studies.methods.wording import marked, say


def draw_net_benefit_gain(
    gains: Sequence[tuple[str, Mapping[str, Any]]],
    title: str,
    caption: str = "",
    key: str = "net_benefit_gain",
) -> Figure:
    """A line per cohort: ``threshold``, ``value``, ``lower``, ``upper``; empty where unknown."""
    gains = [(say(name), part) for name, part in gains]
    names = [name for name, _ in gains]
    scales = style_scales(names)
    rows = [
        (name, t, v, low, high)
        for name, part in gains
        for t, v, low, high in zip(part["threshold"], part["value"], part["lower"], part["upper"],
                                   strict=True)
        if v is not None
    ]  # fmt: skip
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]),
              axis=unit_axis(say("Threshold probability"), format=".1f",
                             values=[0, 0.2, 0.4, 0.6, 0.8, 1]))  # fmt: skip
    base = alt.Chart(rows_of(
        name=[r[0] for r in rows], x=[r[1] for r in rows], y=[r[2] for r in rows],
        low=[r[3] for r in rows], high=[r[4] for r in rows],
    ))  # fmt: skip
    colour = alt.Color("name:N", sort=names, scale=scales["color"], legend=line_legend())
    chart = alt.layer(
        base.mark_area(opacity=0.1).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        alt.Chart(rows_of(y=[0.0])).mark_rule(strokeDash=DOTS, color=QUIET).encode(y="y:Q"),
        base.mark_line(strokeWidth=2).encode(
            x=x,
            y=alt.Y("y:Q", axis=unit_axis(say("Gain of net benefit"), tickCount=6,
                                          format=".3~f")),
            color=colour, strokeDash=alt.StrokeDash("name:N", sort=names, scale=scales["dash"]),
            tooltip=says(share(say("Threshold probability"), "x"),
                         Said(say("Gain of net benefit"), "y", ".4f"),
                         interval("low", "high", ".4f"), name="name"),
        ),
    ).properties(width=WIDTH, height=HEIGHT - 40)  # fmt: skip
    columns = (marked("cohort"), marked("threshold"), marked("gain"), marked("lower"),
               marked("upper"))  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows)
