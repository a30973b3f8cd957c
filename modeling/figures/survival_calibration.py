"""Calibration of survival at a horizon: groups, corrected for optimism, the smooth curve, and
where the predictions lie."""

from __future__ import annotations

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.corrected_indexes import CorrectedGroups
from modeling.methods.smooth_calibration import SmoothCalibration
from modeling.methods.survival_calibration import SurvivalCalibration
from studies.figures.figure import (
    COLOURS,
    DOTS,
    INK,
    LONG_DASH,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    unit_axis,
)
from studies.methods.wording import marked, say

APPARENT = marked("groups, apparent (95 % CI)")
CORRECTED, SMOOTH = marked("groups, corrected"), marked("smooth, apparent")
BINS = 40


def draw_survival_calibration(
    apparent: SurvivalCalibration,
    corrected: CorrectedGroups | None,
    smooth: SmoothCalibration | None,
    predicted: ArrayLike,
    title: str,
    caption: str = "",
    key: str = "calibration",
) -> Figure:
    """Observed on predicted survival, with a histogram of the predictions below.

    ``predicted`` are all patients' S(horizon).
    """
    names = [APPARENT, *([CORRECTED] if corrected else []), *([SMOOTH] if smooth else [])]
    colours = dict(zip((APPARENT, CORRECTED, SMOOTH), COLOURS, strict=False))
    drawn = {APPARENT: "circle", CORRECTED: "cross", SMOOTH: "stroke"}
    said = [say(name) for name in names]
    scale = alt.Scale(domain=said, range=[colours[name] for name in names])
    shapes = alt.Scale(domain=said, range=[drawn[name] for name in names])
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(None, labels=False))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(say("Observed survival")))
    kind = {"color": alt.Color("kind:N", scale=scale, sort=said),
            "shape": alt.Shape("kind:N", scale=shapes, sort=said)}  # fmt: skip
    layers: list[alt.Chart] = [
        alt.Chart(rows_of(x=[0, 1], y=[0, 1])).mark_line(
            strokeDash=DOTS, strokeWidth=1, color=QUIET).encode(x=x, y=y)
    ]  # fmt: skip
    if smooth:
        layers += _smooth(smooth, x, y)
    groups = apparent.groups
    base = alt.Chart(rows_of(x=[g.predicted for g in groups], y=[g.observed for g in groups],
                             low=[g.lower for g in groups], high=[g.upper for g in groups],
                             kind=[say(APPARENT)] * len(groups)))  # fmt: skip
    layers += [
        base.mark_rule(strokeWidth=1.2, color=COLOURS[0]).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"
        ),
        base.mark_point(filled=True, size=65, opacity=1).encode(x=x, y=y, **kind),
    ]
    if corrected:
        layers.append(
            alt.Chart(rows_of(x=corrected.predicted, y=corrected.corrected,
                              kind=[say(CORRECTED)] * len(corrected.n)))
            .mark_point(size=75, opacity=1, strokeWidth=2, filled=True).encode(x=x, y=y, **kind)
        )  # fmt: skip
    if smooth:  # its entry in the legend
        layers.append(
            alt.Chart(rows_of(x=[-1.0], y=[-1.0], kind=[say(SMOOTH)]))
            .mark_point(clip=True).encode(x=x, y=y, **kind)
        )  # fmt: skip
    top = alt.layer(*layers).properties(width=WIDTH, height=WIDTH)
    chart = alt.vconcat(top, _histogram(np.asarray(predicted, dtype=float)), spacing=4)
    return make_figure(key, title, caption, chart, _columns(), _rows(apparent, corrected))


def _smooth(smooth: SmoothCalibration, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    data = alt.Chart(rows_of(x=1 - smooth.grid, y=1 - smooth.observed, low=1 - smooth.upper,
                             high=1 - smooth.lower))  # fmt: skip
    return [
        data.mark_area(opacity=0.14, color=COLOURS[2], clip=True).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"
        ),
        data.mark_line(strokeWidth=2, strokeDash=LONG_DASH, color=COLOURS[2], clip=True).encode(
            x=x, y=y
        ),
    ]


def _histogram(predicted: np.ndarray) -> alt.Chart:
    counts, edges = np.histogram(predicted, bins=BINS, range=(0, 1))
    return (
        alt.Chart(rows_of(low=edges[:-1], high=edges[1:], n=counts))
        .mark_bar(color=INK, opacity=0.55)
        .encode(
            x=alt.X("low:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(say("Predicted survival")),
                    bin="binned"),
            x2="high:Q",
            y=alt.Y("n:Q", axis=unit_axis(say("Patients"), tickCount=2, grid=False)),
        )
        .properties(width=WIDTH, height=52)
    )  # fmt: skip


def _axis(title: str | None, labels: bool = True) -> alt.Axis:
    return alt.Axis(title=title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f", labels=labels)


def _columns() -> tuple[str, ...]:
    return (
        "n", marked("predicted survival"), marked("observed survival"), marked("lower"),
        marked("upper"), marked("corrected"),
    )  # fmt: skip


def _rows(
    apparent: SurvivalCalibration, corrected: CorrectedGroups | None
) -> list[tuple[float | int | None, ...]]:
    fixed = corrected.corrected.tolist() if corrected else []
    same = len(fixed) == len(apparent.groups)
    return [
        (g.n, g.predicted, g.observed, g.lower, g.upper, fixed[k] if same else None)
        for k, g in enumerate(apparent.groups)
    ]
