"""Estimates with intervals, one row each, against a line that means nothing found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from studies.figures.figure import (
    DOTS,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    unit_axis,
)
from studies.figures.reading import INTERVAL, SHARE, Said, interval, says, share, whole
from studies.methods.wording import marked, say


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; ``group`` is told by colour and shape."""

    label: str
    group: str
    value: float
    lower: float | None
    upper: float | None
    n: int


def draw_estimates(
    rows: Sequence[Estimate],
    title: str,
    caption: str,
    axis: str,
    key: str,
    reference: float,
    domain: tuple[float, float] | None = None,
    whiskers: str = INTERVAL,
) -> Figure:
    """Dots with whiskers; rows in the given order, groups told apart by colour and shape.

    ``whiskers``: what they reach over.
    """
    groups = list(dict.fromkeys(say(row.group) for row in rows))
    labels = list(dict.fromkeys(say(row.label) for row in rows))
    scales = style_scales(groups)
    base = alt.Chart(rows_of(
        label=[say(r.label) for r in rows], group=[say(r.group) for r in rows],
        value=[r.value for r in rows], lower=[r.lower for r in rows],
        upper=[r.upper for r in rows], n=[r.n for r in rows],
        named=[f"{say(r.label).here()} · {say(r.group).here()}" if len(groups) > 1 else say(r.label)
               for r in rows],
    ))  # fmt: skip
    ends = [reference, *(v for r in rows for v in (r.value, r.lower, r.upper) if v is not None)]
    scale = alt.Scale(
        domain=list(domain or (min(ends), max(ends))), zero=False, nice=domain is None
    )
    y = alt.Y(
        "label:N",
        sort=labels,
        axis=unit_axis(None, domain=False, ticks=False, labelLimit=340, grid=False),
    )
    offset = alt.YOffset("group:N", sort=groups, scale=alt.Scale(paddingOuter=0.6))
    colour = alt.Color("group:N", scale=scales["color"], sort=groups)
    whisker = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("lower:Q", scale=scale, axis=unit_axis(say(axis), tickCount=5)), x2="upper:Q",
        y=y, yOffset=offset, color=colour,
    )  # fmt: skip
    dot = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=alt.X("value:Q", scale=scale), y=y, yOffset=offset, color=colour,
        shape=alt.Shape("group:N", scale=scales["shape"], sort=groups),
        tooltip=says(Said(say(axis), "value", SHARE), interval("lower", "upper", label=whiskers),
                     whole("n", "n"), name="named"),
    )  # fmt: skip
    nothing = alt.Chart(rows_of(x=[reference])).mark_rule(
        strokeDash=DOTS, color=QUIET
    ).encode(x=alt.X("x:Q", scale=scale))  # fmt: skip
    height = len(labels) * max(24, 10 * len(groups) + 8)
    chart = alt.layer(nothing, whisker, dot).properties(width=WIDTH - 90, height=height)
    table = [(say(r.label), say(r.group), r.n, r.value, r.lower, r.upper) for r in rows]
    columns = (marked("row"), marked("group"), "n", marked("estimate"), marked("lower"),
               marked("upper"))  # fmt: skip
    return make_figure(key, title, caption, chart, columns, table)


@dataclass(frozen=True)
class CurvePoint:
    """A size and the mean at it, with the SD between draws."""

    n: int
    mean: float
    sd: float | None


def draw_learning_curve(points: Sequence[CurvePoint], caption: str) -> Figure:
    """Out-of-fold AUC by number of patients, whiskers of one SD between draws."""
    spread = [0.0 if p.sd is None else p.sd for p in points]
    base = alt.Chart(rows_of(
        n=[p.n for p in points], mean=[p.mean for p in points], sd=[p.sd for p in points],
        lower=[p.mean - s for p, s in zip(points, spread, strict=True)],
        upper=[min(1.0, p.mean + s) for p, s in zip(points, spread, strict=True)],
    ))  # fmt: skip
    lowest = min([0.45, *(p.mean - s for p, s in zip(points, spread, strict=True))])
    scale = alt.Scale(domain=[max(0.0, lowest), 1.0], zero=False, nice=False)
    colour = alt.value(style_scales(["curve"])["color"].range[0])
    x = alt.X(
        "n:Q",
        axis=unit_axis(say("patients of training"), tickCount=5, format="d"),
        scale=alt.Scale(zero=False),
    )
    line = base.mark_line(strokeWidth=2).encode(
        x=x, y=alt.Y("mean:Q", scale=scale, axis=unit_axis(say("AUC, out of fold"), format=".1f")),
        color=colour,
        tooltip=says(whole(say("patients of training"), "n"),
                     share(say("AUC, out of fold"), "mean"),
                     share(say("SD between draws"), "sd")),
    )  # fmt: skip
    whisker = base.mark_rule(strokeWidth=1.5).encode(
        x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q", color=colour
    )
    dot = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, y=alt.Y("mean:Q", scale=scale), color=colour
    )
    chart = alt.layer(whisker, line, dot).properties(width=WIDTH, height=220)
    rows = [(p.n, p.mean, p.sd) for p in points]
    return make_figure(
        "learning_curve",
        marked("More patients, better score?"),
        caption,
        chart,
        (marked("patients"), "AUC", marked("SD between draws")),
        rows,
    )
