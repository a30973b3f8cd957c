"""Numeric effects as they bend: log hazard ratio on the variable, a panel each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from studies.figures.figure import (
    COLOURS,
    DOTS,
    QUIET,
    Figure,
    make_figure,
    p_text,
    rows_of,
    unit_axis,
)
from studies.figures.reading import Said, interval, says, share
from studies.methods.wording import marked, say

PANEL, ACROSS = 200, 3


def draw_spline_effects(
    effects: Sequence[Mapping[str, Any]],
    titles: Mapping[str, str],
    title: str = marked("Effects as splines"),
    caption: str = "",
    key: str = "splines",
) -> Figure:
    """Restricted cubic splines with 95 % bands, against the median; p of the bend above each.

    ``effects`` are stored ones: name, grid, log_ratio, lower, upper, curvature.
    """
    panels = [_panel(effect, titles.get(effect["name"], effect["name"])) for effect in effects]
    lines = [alt.hconcat(*panels[k : k + ACROSS], spacing=22)
             for k in range(0, len(panels), ACROSS)]  # fmt: skip
    rows = [
        (say(effect["name"]), *row)
        for effect in effects
        for row in zip(effect["grid"], effect["log_ratio"], effect["lower"], effect["upper"],
                       strict=True)
    ]  # fmt: skip
    columns = (marked("variable"), marked("value"), marked("log hazard ratio"), marked("lower"),
               marked("upper"))  # fmt: skip
    return make_figure(key, title, caption, alt.vconcat(*lines, spacing=20), columns, rows, True)


def _panel(effect: Mapping[str, Any], name: str) -> alt.LayerChart:
    data = alt.Chart(rows_of(x=effect["grid"], y=effect["log_ratio"], low=effect["lower"],
                             high=effect["upper"]))  # fmt: skip
    x = alt.X(
        "x:Q", scale=alt.Scale(zero=False, nice=False), axis=unit_axis(say(name), tickCount=4)
    )
    ends = np.array([effect["lower"], effect["upper"]], dtype=float)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[float(max(ends.min(), -4)), float(min(ends.max(), 4))],
                                     nice=True),
              axis=unit_axis(say("log hazard ratio"), tickCount=5))  # fmt: skip
    heading = say("not straight: {p}", p=p_text(effect["curvature"]["p_value"]))
    return alt.layer(
        alt.Chart(rows_of(y=[0.0])).mark_rule(strokeDash=DOTS, color=QUIET).encode(y=y),
        data.mark_area(opacity=0.15, color=COLOURS[0], clip=True).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"),
        data.mark_line(strokeWidth=2, color=COLOURS[0], clip=True).encode(
            x=x, y=y,
            tooltip=says(Said(say(name), "x"), share(say("log hazard ratio"), "y"),
                         interval("low", "high"))),
        title=alt.TitleParams(heading, anchor="start", fontSize=12, fontWeight="normal", offset=4),
    ).properties(width=PANEL, height=PANEL * 0.72)  # fmt: skip
