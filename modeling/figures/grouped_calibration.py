"""Observed on predicted: groups, what is left of them after optimism, a smooth curve, and where
the predictions lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

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
from studies.figures.reading import SHARE, Said, interval, says, share, whole
from studies.methods.wording import marked, say

APPARENT = marked("groups, apparent (95 % CI)")
CORRECTED, SMOOTH = marked("groups, corrected"), marked("smooth, apparent")
BINS = 40


@dataclass(frozen=True)
class CalibrationGroup:
    """Patients of like prediction; None where not estimable."""

    n: int
    predicted: float
    observed: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class CorrectedPoints:
    """The groups less their optimism."""

    predicted: ArrayLike
    observed: ArrayLike


@dataclass(frozen=True)
class CalibrationCurve:
    """A smooth curve with its band."""

    predicted: ArrayLike
    observed: ArrayLike
    lower: ArrayLike
    upper: ArrayLike


def draw_grouped_calibration(
    groups: Sequence[CalibrationGroup],
    corrected: CorrectedPoints | None,
    smooth: CalibrationCurve | None,
    predicted: ArrayLike,
    quantity: str,
    title: str,
    caption: str = "",
    key: str = "calibration",
) -> Figure:
    """Observed on predicted ``quantity``, with a histogram of the predictions below.

    ``predicted`` are all patients'.
    """
    names = [APPARENT, *([CORRECTED] if corrected else []), *([SMOOTH] if smooth else [])]
    colours = dict(zip((APPARENT, CORRECTED, SMOOTH), COLOURS, strict=False))
    drawn = {APPARENT: "circle", CORRECTED: "cross", SMOOTH: "stroke"}
    said = [say(name) for name in names]
    scale = alt.Scale(domain=said, range=[colours[name] for name in names])
    shapes = alt.Scale(domain=said, range=[drawn[name] for name in names])
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(None, labels=False))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]),
              axis=_axis(say("Observed {quantity}", quantity=say(quantity))))  # fmt: skip
    kind = {"color": alt.Color("kind:N", scale=scale, sort=said),
            "shape": alt.Shape("kind:N", scale=shapes, sort=said)}  # fmt: skip
    told = [share(say("Predicted {quantity}", quantity=say(quantity)), "x"),
            share(say("Observed {quantity}", quantity=say(quantity)), "y")]  # fmt: skip
    layers: list[alt.Chart] = [
        alt.Chart(rows_of(x=[0, 1], y=[0, 1])).mark_line(
            strokeDash=DOTS, strokeWidth=1, color=QUIET).encode(x=x, y=y)
    ]  # fmt: skip
    if smooth:
        layers += _smooth(smooth, x, y, told)
    layers += _groups(groups, x, y, kind, told)
    if corrected:
        layers.append(
            alt.Chart(rows_of(x=corrected.predicted, y=corrected.observed,
                              kind=[say(CORRECTED)] * np.size(corrected.predicted)))
            .mark_point(size=75, opacity=1, strokeWidth=2, filled=True)
            .encode(x=x, y=y, **kind, tooltip=says(*told, name="kind"))
        )  # fmt: skip
    if smooth:  # its entry in the legend
        layers.append(
            alt.Chart(rows_of(x=[-1.0], y=[-1.0], kind=[say(SMOOTH)]))
            .mark_point(clip=True).encode(x=x, y=y, **kind)
        )  # fmt: skip
    top = alt.layer(*layers).properties(width=WIDTH, height=WIDTH)
    below = _histogram(np.asarray(predicted, dtype=float), quantity)
    chart = alt.vconcat(top, below, spacing=4)
    return make_figure(key, title, caption, chart, _columns(quantity), _rows(groups, corrected))


def _groups(
    groups: Sequence[CalibrationGroup],
    x: alt.X,
    y: alt.Y,
    kind: dict[str, alt.SchemaBase],
    told: Sequence[Said],
) -> list[alt.Chart]:
    base = alt.Chart(rows_of(x=[g.predicted for g in groups], y=[g.observed for g in groups],
                             low=[g.lower for g in groups], high=[g.upper for g in groups],
                             kind=[say(APPARENT)] * len(groups),
                             n=[g.n for g in groups]))  # fmt: skip
    return [
        base.mark_rule(strokeWidth=1.2, color=COLOURS[0]).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"
        ),
        base.mark_point(filled=True, size=65, opacity=1).encode(
            x=x,
            y=y,
            **kind,
            tooltip=says(*told, interval("low", "high"), whole("n", "n"), name="kind"),
        ),
    ]


def _smooth(smooth: CalibrationCurve, x: alt.X, y: alt.Y, told: Sequence[Said]) -> list[alt.Chart]:
    data = alt.Chart(rows_of(x=smooth.predicted, y=smooth.observed, low=smooth.lower,
                             high=smooth.upper))  # fmt: skip
    return [
        data.mark_area(opacity=0.14, color=COLOURS[2], clip=True).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"
        ),
        data.mark_line(strokeWidth=2, strokeDash=LONG_DASH, color=COLOURS[2], clip=True).encode(
            x=x, y=y, tooltip=says(*told, interval("low", "high"), called=say(SMOOTH))
        ),
    ]


def _histogram(predicted: np.ndarray, quantity: str) -> alt.Chart:
    counts, edges = np.histogram(predicted, bins=BINS, range=(0, 1))
    title = say("Predicted {quantity}", quantity=say(quantity))
    return (
        alt.Chart(rows_of(low=edges[:-1], high=edges[1:], n=counts))
        .mark_bar(color=INK, opacity=0.55)
        .encode(
            x=alt.X("low:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(title), bin="binned"),
            x2="high:Q",
            y=alt.Y("n:Q", axis=unit_axis(say("Patients"), tickCount=2, grid=False)),
            tooltip=says(Said(title, "low", SHARE, "high"), whole(say("Patients"), "n")),
        )
        .properties(width=WIDTH, height=52)
    )


def _axis(title: str | None, labels: bool = True) -> alt.Axis:
    return alt.Axis(title=title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f", labels=labels)


def _columns(quantity: str) -> tuple[str, ...]:
    return (
        "n", say("predicted {quantity}", quantity=say(quantity)),
        say("observed {quantity}", quantity=say(quantity)), marked("lower"), marked("upper"),
        marked("corrected"),
    )  # fmt: skip


def _rows(
    groups: Sequence[CalibrationGroup], corrected: CorrectedPoints | None
) -> list[tuple[float | int | None, ...]]:
    fixed = np.asarray(corrected.observed, dtype=float).tolist() if corrected else []
    same = len(fixed) == len(groups)
    return [
        (g.n, g.predicted, g.observed, g.lower, g.upper, fixed[k] if same else None)
        for k, g in enumerate(groups)
    ]
