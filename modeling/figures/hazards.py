"""Scaled Schoenfeld residuals: does an effect drift over time."""

from __future__ import annotations

import altair as alt
import numpy as np

from modeling.methods.cox_residuals import SchoenfeldResiduals
from modeling.methods.splines import place_knots, spline_basis
from studies.figures.figure import (
    COLOURS,
    LONG_DASH,
    QUIET,
    Figure,
    make_figure,
    rows_of,
    time_axis,
    time_title,
    unit_axis,
)
from studies.figures.reading import Said, says
from studies.methods.problems import DataProblem
from studies.methods.wording import marked, say

PANEL, ACROSS, KNOTS = 190, 3, 4


def draw_hazards(
    residuals: SchoenfeldResiduals,
    coefficients: np.ndarray,
    p_values: dict[str, float] | None = None,
    title: str = marked("Proportional hazards"),
    caption: str = "",
    unit: str = "months",
    key: str = "proportional_hazards",
) -> Figure:
    """Per coefficient: residuals about β(t), a smooth curve, the constant effect of the model."""
    panels = [
        _panel(residuals, k, float(coefficients[k]), (p_values or {}).get(name), unit)
        for k, name in enumerate(residuals.names)
    ]
    lines = [alt.hconcat(*panels[k : k + ACROSS], spacing=22)
             for k in range(0, len(panels), ACROSS)]  # fmt: skip
    chart = alt.vconcat(*lines, spacing=20)
    rows = [
        (float(time), *row)
        for time, row in zip(residuals.time, residuals.scaled.tolist(), strict=True)
    ]
    return make_figure(key, title, caption, chart, (unit, *residuals.names), rows, wide=True)


def _panel(
    residuals: SchoenfeldResiduals, k: int, effect: float, p_value: float | None, unit: str
) -> alt.LayerChart:
    time, value = residuals.time, residuals.scaled[:, k]
    low, high = np.quantile(value, [0.01, 0.99])
    scale = alt.Scale(domain=[float(min(low, effect)), float(max(high, effect))], nice=True)
    x = alt.X("x:Q", axis=time_axis(unit, tickCount=4))
    y = alt.Y("y:Q", scale=scale, axis=unit_axis("β(t)", tickCount=5))
    heading = say(residuals.names[k])
    if p_value is not None:
        heading = say("{name}   p {p}", name=heading, p=_p(p_value))
    layers = [
        alt.Chart(rows_of(x=time, y=value)).mark_point(
            filled=True, size=10, opacity=0.35, color=COLOURS[0], clip=True).encode(
                x=x, y=y, tooltip=says(Said(time_title(unit), "x"), Said("β(t)", "y"),
                                       called=say(residuals.names[k]))),
        alt.Chart(rows_of(y=[effect])).mark_rule(strokeDash=LONG_DASH, color=QUIET).encode(y="y:Q"),
    ]  # fmt: skip
    smooth = _smooth(residuals.transformed, time, value)
    if smooth is not None:
        layers.append(
            alt.Chart(rows_of(x=smooth[0], y=smooth[1]))
            .mark_line(strokeWidth=2, color=COLOURS[1], clip=True).encode(x=x, y=y)
        )  # fmt: skip
    title = alt.TitleParams(heading, anchor="start", fontSize=12, fontWeight="normal", offset=4)
    return alt.layer(*layers, title=title).properties(width=PANEL, height=PANEL * 0.72)


def _smooth(
    axis: np.ndarray, time: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """A restricted cubic spline on g(t), drawn on time."""
    try:
        knots = place_knots(axis, KNOTS)
    except DataProblem:
        return None
    basis = np.column_stack([np.ones(axis.size), spline_basis(axis, knots)])
    fitted = basis @ np.linalg.lstsq(basis, value, rcond=None)[0]
    kept = np.unique(np.linspace(0, time.size - 1, 80).astype(int))
    return time[kept], fitted[kept]


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
