"""Predicted against observed, for probabilities and for survival at a horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from studies.figures.figure import (
    DASHES,
    DOTS,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    unit_axis,
)
from studies.figures.reading import SHARE, Said, interval, says, share, whole
from studies.methods.wording import marked, say

BINS = 40


@dataclass(frozen=True)
class CalibrationPoint:
    """Patients of like prediction in one cohort."""

    cohort: str
    predicted: float
    observed: float | None
    lower: float | None
    upper: float | None
    n: int


def draw_calibration(
    points: Sequence[CalibrationPoint],
    title: str,
    caption: str = "",
    quantity: str = marked("survival"),
    key: str = "calibration",
    predicted: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Groups with 95 % CI about the diagonal; cohorts told apart by shape and dash.

    ``predicted`` holds all predictions per cohort, for a histogram below.
    """
    cohorts = list(dict.fromkeys(say(point.cohort) for point in points))
    scales = style_scales(cohorts)
    base = alt.Chart(rows_of(
        cohort=[say(p.cohort) for p in points], x=[p.predicted for p in points],
        y=[p.observed for p in points], lower=[p.lower for p in points],
        upper=[p.upper for p in points], line=[cohorts.index(p.cohort) for p in points],
        n=[p.n for p in points],
    ))  # fmt: skip
    x = alt.X("x:Q", scale=_unit(), axis=_axis(say("Predicted {quantity}", quantity=say(quantity))))
    y = alt.Y("y:Q", scale=_unit(), axis=_axis(say("Observed {quantity}", quantity=say(quantity))))
    dots = base.mark_point(filled=True, size=65, opacity=1).encode(
        x=x, y=y,
        color=alt.Color("cohort:N", scale=scales["color"], sort=cohorts),
        shape=alt.Shape("cohort:N", scale=scales["shape"], sort=cohorts),
        tooltip=says(share(say("Predicted {quantity}", quantity=say(quantity)), "x"),
                     share(say("Observed {quantity}", quantity=say(quantity)), "y"),
                     interval("lower", "upper"), whole("n", "n"), name="cohort"),
    )  # fmt: skip
    lines = [part for k in range(len(cohorts)) for part in _line(base, scales["color"].range[k], k)]
    ideal = alt.Chart(rows_of(x=[0, 1], y=[0, 1])).mark_line(
        strokeDash=DOTS, strokeWidth=1, color=QUIET
    ).encode(x="x:Q", y="y:Q")  # fmt: skip
    chart: Any = alt.layer(ideal, *lines, dots).properties(width=WIDTH, height=WIDTH)
    if predicted:
        predicted = {say(name): values for name, values in predicted.items()}
        chart = alt.vconcat(chart, _histogram(predicted, cohorts, quantity), spacing=6)
    rows = [(say(p.cohort), p.n, p.predicted, p.observed, p.lower, p.upper) for p in points]
    columns = (
        marked("cohort"), "n", say("predicted {quantity}", quantity=say(quantity)),
        say("observed {quantity}", quantity=say(quantity)), marked("lower"), marked("upper"),
    )  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows)


def _line(base: alt.Chart, colour: str, k: int) -> list[alt.Chart]:
    own = base.transform_filter(alt.datum.line == k)
    dash = DASHES[k % len(DASHES)]
    return [
        own.mark_rule(strokeWidth=1.2, opacity=0.7, color=colour).encode(
            x="x:Q", y="lower:Q", y2="upper:Q"
        ),
        own.mark_line(strokeWidth=1.5, color=colour, strokeDash=dash).encode(x="x:Q", y="y:Q"),
    ]


def _histogram(
    predicted: Mapping[str, Sequence[float]], cohorts: Sequence[str], quantity: str
) -> alt.Chart:
    """How many patients have which prediction, cohorts one upon the other."""
    edges = np.linspace(0, 1, BINS + 1)
    known = [name for name in cohorts if name in predicted]
    counts = {name: np.histogram(predicted[name], edges)[0] for name in known}
    data = rows_of(
        low=np.tile(edges[:-1], len(known)), high=np.tile(edges[1:], len(known)),
        n=np.concatenate([counts[name] for name in known]) if known else [],
        cohort=[name for name in known for _ in range(BINS)],
    )  # fmt: skip
    colours = style_scales(cohorts)["color"]
    return (
        alt.Chart(data)
        .mark_bar(opacity=0.75)
        .encode(
            x=alt.X("low:Q", scale=_unit(), bin="binned", axis=_axis(
                say("Predicted {quantity}, all patients", quantity=say(quantity)))),
            x2="high:Q",
            y=alt.Y("n:Q", stack=True, axis=unit_axis(say("Patients"), tickCount=2, grid=False)),
            color=alt.Color("cohort:N", scale=colours, sort=list(cohorts)),
            tooltip=says(Said(say("Predicted {quantity}", quantity=say(quantity)), "low", SHARE,
                              "high"), whole(say("Patients"), "n"), name="cohort"),
        )
        .properties(width=WIDTH, height=52)
    )  # fmt: skip


def _unit() -> alt.Scale:
    return alt.Scale(domain=[0, 1])


def _axis(title: str) -> alt.Axis:
    return unit_axis(title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f")
