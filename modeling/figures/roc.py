"""ROC curves, one line per cohort or horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from studies.figures.figure import (
    DOTS,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    unit_axis,
    with_interval,
)
from studies.figures.reading import says, share, word
from studies.methods.wording import marked, say

NEARLY = 1e-9


@dataclass(frozen=True)
class RocBand:
    """Interval of the true positive rate at each false positive rate."""

    false_positive: ArrayLike
    lower: ArrayLike
    upper: ArrayLike


@dataclass(frozen=True)
class RocCurve:
    """Points from strict to lenient threshold, with the area and its interval."""

    name: str
    false_positive: ArrayLike
    true_positive: ArrayLike
    auc: float
    lower: float | None
    upper: float | None
    n: int
    band: RocBand | None = None
    threshold: Sequence[str] | None = None  # of each point, in words

    @property
    def label(self) -> str:
        return say(
            "{name}: {auc}, n {n}",
            name=say(self.name), auc=with_interval(self.auc, self.lower, self.upper), n=self.n,
        )  # fmt: skip


def draw_roc(
    curves: Sequence[RocCurve],
    title: str = marked("ROC of the Rad-Score"),
    caption: str = "",
    key: str = "roc",
) -> Figure:
    """True against false positive rate with its band; the legend holds AUC, 95 % CI and n."""
    scales = style_scales([curve.label for curve in curves])
    lines = [
        alt.Chart(_points(curve))
        .mark_line(interpolate="linear", strokeWidth=2)
        .encode(
            x=_rate("x", say("False positive rate (1 − specificity)")),
            y=_rate("y", say("True positive rate (sensitivity)")),
            order="order:Q",
            color=alt.Color("cohort:N", scale=scales["color"]),
            strokeDash=alt.StrokeDash("cohort:N", scale=scales["dash"]),
            tooltip=_told(curve),
        )
        for curve in curves
    ]  # fmt: skip
    chance = alt.Chart(rows_of(x=[0, 1], y=[0, 1])).mark_line(
        strokeDash=DOTS, strokeWidth=1, color=QUIET
    ).encode(x="x:Q", y="y:Q")  # fmt: skip
    bands = [
        alt.Chart(rows_of(x=curve.band.false_positive, low=curve.band.lower,
                          high=curve.band.upper))
        .mark_area(opacity=0.08, color=scales["color"].range[k])
        .encode(x="x:Q", y=alt.Y("low:Q"), y2="high:Q")
        for k, curve in enumerate(curves) if curve.band is not None
    ]  # fmt: skip
    chart = alt.layer(*bands, chance, *lines).properties(width=WIDTH, height=WIDTH)
    told = any(curve.threshold for curve in curves)
    rows = [row if told else row[:3] for curve in curves for row in _rows(curve)]
    columns = (marked("curve"), marked("false positive rate"), marked("true positive rate"),
               *([marked("threshold")] if told else []))  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows)


def thresholds_told(score: ArrayLike, step: float = 0.05) -> list[str]:
    """For each point of a ROC curve a round threshold that gives it, or those it lies between.

    Round ones alone, since the scores themselves are of patients. ``score`` is from 0 to 1; the
    points go from strict to lenient, as ``roc_points`` has them.
    """
    known = np.unique(np.asarray(score, dtype=float))[::-1]
    below = np.floor(known / step + NEARLY) * step
    above = below[0] + step
    told = [f"{above:.2f}" if above < 1 + NEARLY else "> 1.00"]
    for at, following in zip(below, [*known[1:], -np.inf], strict=True):
        told.append(f"{at:.2f}" if at > following + NEARLY else f"{at:.2f}–{at + step:.2f}")
    return told


def _points(curve: RocCurve) -> alt.Data:
    x, y = (np.asarray(rate, dtype=float) for rate in (curve.false_positive, curve.true_positive))
    threshold = {"threshold": curve.threshold} if curve.threshold else {}
    return rows_of(x=x, y=y, order=range(x.size), cohort=[curve.label] * x.size,
                   specificity=1 - x, **threshold)  # fmt: skip


def _told(curve: RocCurve) -> alt.TooltipValue:
    parts = [share(say("Sensitivity"), "y"), share(say("Specificity"), "specificity")]
    if curve.threshold:
        parts.insert(0, word(say("Threshold"), "threshold"))
    return says(*parts, name="cohort")


def _rows(curve: RocCurve) -> list[tuple]:
    x, y = list(curve.false_positive), list(curve.true_positive)
    words = curve.threshold or [None] * len(x)
    return list(zip([say(curve.name)] * len(x), x, y, words, strict=True))


def _rate(field: str, title: str) -> alt.X | alt.Y:
    channel = alt.X if field == "x" else alt.Y
    return channel(
        f"{field}:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=unit_axis(title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f"),
    )
