"""ROC curves, one line per cohort or horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
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
from studies.methods.wording import marked, say


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
        alt.Chart(rows_of(x=curve.false_positive, y=curve.true_positive,
                          order=range(len(list(curve.false_positive))),
                          cohort=[curve.label] * len(list(curve.false_positive))))
        .mark_line(interpolate="linear", strokeWidth=2)
        .encode(
            x=_rate("x", say("False positive rate (1 − specificity)")),
            y=_rate("y", say("True positive rate (sensitivity)")),
            order="order:Q",
            color=alt.Color("cohort:N", scale=scales["color"]),
            strokeDash=alt.StrokeDash("cohort:N", scale=scales["dash"]),
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
    rows = [
        (say(curve.name), x, y)
        for curve in curves
        for x, y in zip(list(curve.false_positive), list(curve.true_positive), strict=True)
    ]
    columns = (marked("curve"), marked("false positive rate"), marked("true positive rate"))
    return make_figure(key, title, caption, chart, columns, rows)


def _rate(field: str, title: str) -> alt.X | alt.Y:
    channel = alt.X if field == "x" else alt.Y
    return channel(
        f"{field}:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=unit_axis(title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f"),
    )
