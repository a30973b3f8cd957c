"""Predicted against observed, for probabilities and for survival at a horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from modeling.figures.figure import (
    DOTS,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    unit_axis,
)


@dataclass(frozen=True)
class CalibrationPoint:
    """Patients of like prediction in one cohort."""

    cohort: str
    predicted: float
    observed: float
    lower: float
    upper: float
    n: int


def draw_calibration(
    points: Sequence[CalibrationPoint],
    title: str,
    caption: str = "",
    quantity: str = "survival",
    key: str = "calibration",
) -> Figure:
    """Groups with 95 % CI about the diagonal; cohorts told apart by shape and dash."""
    cohorts = list(dict.fromkeys(point.cohort for point in points))
    scales = style_scales(cohorts)
    base = alt.Chart(rows_of(
        cohort=[p.cohort for p in points], x=[p.predicted for p in points],
        y=[p.observed for p in points], lower=[p.lower for p in points],
        upper=[p.upper for p in points],
    ))  # fmt: skip
    x = alt.X("x:Q", scale=_unit(), axis=_axis(f"Predicted {quantity}"))
    colour = alt.Color("cohort:N", scale=scales["color"], sort=cohorts)
    bars = base.mark_rule(strokeWidth=1.2, opacity=0.7).encode(
        x=x, y=alt.Y("lower:Q", scale=_unit(), axis=_axis(f"Observed {quantity}")), y2="upper:Q",
        color=colour,
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=1.5).encode(
        x=x, y=alt.Y("y:Q", scale=_unit()), color=colour,
        strokeDash=alt.StrokeDash("cohort:N", scale=scales["dash"], sort=cohorts),
    )  # fmt: skip
    dots = base.mark_point(filled=True, size=65, opacity=1).encode(
        x=x, y=alt.Y("y:Q", scale=_unit()), color=colour,
        shape=alt.Shape("cohort:N", scale=scales["shape"], sort=cohorts),
    )  # fmt: skip
    ideal = alt.Chart(rows_of(x=[0, 1], y=[0, 1])).mark_line(
        strokeDash=DOTS, strokeWidth=1, color=QUIET
    ).encode(x="x:Q", y="y:Q")  # fmt: skip
    chart = alt.layer(ideal, bars, lines, dots).properties(width=WIDTH, height=WIDTH)
    rows = [(p.cohort, p.n, p.predicted, p.observed, p.lower, p.upper) for p in points]
    return make_figure(key, title, caption, chart,
                       ("cohort", "n", f"predicted {quantity}", f"observed {quantity}", "lower",
                        "upper"), rows)  # fmt: skip


def _unit() -> alt.Scale:
    return alt.Scale(domain=[0, 1])


def _axis(title: str) -> alt.Axis:
    return unit_axis(title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f")
