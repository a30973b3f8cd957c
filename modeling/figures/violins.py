"""Distributions of a score between groups: density, quartiles, every patient a point."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from scipy.stats import gaussian_kde

from studies.figures.figure import (
    COLOURS,
    HEIGHT,
    INK,
    WIDTH,
    Figure,
    make_figure,
    plain,
    rows_of,
    unit_axis,
)
from studies.figures.reading import STILL, interval, says, share, whole
from studies.methods.wording import english, marked, say

HALF, FEWEST, STEPS = 0.36, 5, 60


@dataclass(frozen=True)
class Violin:
    """One group's values."""

    name: str
    values: Sequence[float]


def draw_violins(
    groups: Sequence[Violin],
    title: str,
    caption: str = "",
    axis: str = "Rad-Score",
    test: str = "",
    key: str = "violins",
    domain: tuple[float, float] = (0.0, 1.0),
) -> Figure:
    """Mirrored densities (from five values on), a box from quartile to quartile, the points."""
    labels = [say("{group} (n {n})", group=say(group.name), n=len(group.values))
              for group in groups]  # fmt: skip
    scale = alt.Scale(domain=[-0.6, len(groups) - 0.4], nice=False)
    across = alt.X(
        "x:Q", scale=scale,
        axis=unit_axis(None, values=list(range(len(groups))), grid=False, labelAngle=0,
                       labelLimit=160, labelExpr=f"{json.dumps(plain(labels))}[datum.value]"),
    )  # fmt: skip
    y = alt.Y("y:Q", scale=alt.Scale(domain=list(domain)), axis=unit_axis(say(axis), tickCount=6))
    layers = [
        part
        for k, group in enumerate(groups)
        for part in _violin(k, group, across, scale, y, say(axis))
    ]
    if test:
        layers.append(
            alt.Chart(rows_of(x=[(len(groups) - 1) / 2], y=[domain[1]], text=[say(test)]))
            .mark_text(baseline="bottom", dy=-4, fontSize=12, color=INK)
            .encode(x=across, y=y, text="text:N")
        )
    chart = alt.layer(*layers, usermeta=STILL).properties(width=WIDTH, height=HEIGHT - 40)
    rows = [(say(group.name), float(value)) for group in groups for value in sorted(group.values)]
    return make_figure(key, title, caption, chart, (marked("group"), english(axis).lower()), rows)


def _violin(
    k: int, group: Violin, across: alt.X, scale: alt.Scale, y: alt.Y, axis: str
) -> list[alt.Chart]:
    values = np.asarray(group.values, dtype=float)
    if values.size == 0:
        return []
    colour, name = COLOURS[k % len(COLOURS)], say(group.name)
    parts = []
    if values.size >= FEWEST and np.ptp(values) > 0:
        at = np.linspace(values.min(), values.max(), STEPS)
        density = gaussian_kde(values)(at)
        half = HALF * density / density.max()
        parts.append(
            alt.Chart(rows_of(y=at, low=k - half, high=k + half))
            .mark_area(orient="horizontal", opacity=0.22, color=colour)
            .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y)
        )
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    parts.append(
        alt.Chart(rows_of(x=[k], low=[low], high=[high]))
        .mark_rule(strokeWidth=7, opacity=0.5, color=colour)
        .encode(x=across, y=alt.Y("low:Q"), y2="high:Q")
    )
    spread = (np.argsort(np.argsort(values)) * 0.618034) % 1 - 0.5
    parts.append(
        alt.Chart(rows_of(x=k + 0.3 * spread, y=values))
        .mark_point(filled=True, size=14, opacity=0.6, color=colour)
        .encode(x=across, y=y, tooltip=says(share(axis, "y"), called=name))
    )
    parts.append(
        alt.Chart(rows_of(x=[k], y=[middle], low=[low], high=[high], n=[values.size]))
        .mark_point(filled=True, size=70, opacity=1, color=INK, shape="diamond")
        .encode(
            x=across,
            y=y,
            tooltip=says(
                share(say("median"), "y"),
                interval("low", "high", label=marked("quartiles")),
                whole("n", "n"),
                called=name,
            ),
        )
    )
    return parts
