"""Net benefit against the threshold at which one would act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from studies.figures.figure import (
    COLOURS,
    DOTS,
    HEIGHT,
    LONG_DASH,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    unit_axis,
)
from studies.figures.reading import interval, says, share
from studies.methods.wording import marked, say

NONE, ALL = marked("Treat none"), marked("Treat all")


@dataclass(frozen=True)
class NetBenefit:
    """A model's net benefit per threshold; NaN where not estimable."""

    name: str
    threshold: ArrayLike
    net_benefit: ArrayLike
    lower: ArrayLike | None
    upper: ArrayLike | None
    treat_all: ArrayLike


def draw_decision_curve(
    model: NetBenefit, title: str, caption: str = "", key: str = "decision_curve"
) -> Figure:
    """The model with its 95 % band, treat all, treat none."""
    threshold = np.asarray(model.threshold, dtype=float)
    benefit, everyone = (np.asarray(v, dtype=float) for v in (model.net_benefit, model.treat_all))
    names = [say(model.name), say(ALL), say(NONE)]
    known = np.r_[benefit, everyone]
    highest = max([0.05, *known[np.isfinite(known)].tolist()])
    floor, top = -0.25 * highest, 1.08 * highest
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[floor, top], clamp=False),
        axis=unit_axis(say("Net benefit"), format=".1f", tickCount=6),
    )
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]),
              axis=unit_axis(say("Threshold probability"), values=[0, 0.2, 0.4, 0.6, 0.8, 1],
                             format=".1f"))  # fmt: skip
    nothing = np.full(2 * threshold.size, np.nan)
    lower, upper = (nothing[: threshold.size] if end is None else np.asarray(end, dtype=float)
                    for end in (model.lower, model.upper))  # fmt: skip
    lines = alt.Chart(rows_of(
        x=np.tile(threshold, 3), y=np.r_[benefit, everyone, np.zeros(threshold.size)],
        strategy=[name for name in names for _ in threshold],
        low=np.r_[lower, nothing], high=np.r_[upper, nothing],
    )).mark_line(strokeWidth=2, clip=True).encode(
        x=x, y=y,
        color=alt.Color("strategy:N", sort=names,
                        scale=alt.Scale(domain=names, range=[COLOURS[0], COLOURS[3], QUIET])),
        strokeDash=alt.StrokeDash("strategy:N", sort=names,
                                  scale=alt.Scale(domain=names, range=[[1, 0], LONG_DASH, DOTS])),
        tooltip=says(share(say("Threshold probability"), "x"), share(say("Net benefit"), "y"),
                     interval("low", "high"), name="strategy"),
    )  # fmt: skip
    layers: list[alt.Chart] = []
    if model.lower is not None and model.upper is not None:
        low = np.clip(np.asarray(model.lower, dtype=float), floor, top)
        high = np.clip(np.asarray(model.upper, dtype=float), floor, top)
        layers.append(
            alt.Chart(rows_of(x=threshold, low=low, high=high))
            .mark_area(opacity=0.16, color=COLOURS[0], clip=True)
            .encode(x="x:Q", y=alt.Y("low:Q"), y2="high:Q")
        )
    chart = alt.layer(*layers, lines).properties(width=WIDTH, height=HEIGHT - 30)
    return make_figure(key, title, caption, chart, _columns(), _rows(model, threshold, benefit))


def _columns() -> Sequence[str]:
    return (
        marked("threshold"), marked("net benefit"), marked("lower"), marked("upper"),
        marked("treat all"), marked("treat none"),
    )  # fmt: skip


def _rows(model: NetBenefit, threshold: np.ndarray, benefit: np.ndarray) -> list[tuple]:
    empty = np.full(threshold.size, np.nan)
    low = empty if model.lower is None else np.asarray(model.lower, dtype=float)
    high = empty if model.upper is None else np.asarray(model.upper, dtype=float)
    everyone = np.asarray(model.treat_all, dtype=float)
    return [
        (t, b, lo, hi, a, 0.0)
        for t, b, lo, hi, a in zip(threshold, benefit, low, high, everyone, strict=True)
    ]
