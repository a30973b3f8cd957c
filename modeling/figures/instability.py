"""How much a patient's prediction moves when the model is fitted on other patients."""

from __future__ import annotations

import altair as alt
import numpy as np

from modeling.methods.corrected_indexes import Instability
from studies.figures.figure import (
    COLOURS,
    DOTS,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    unit_axis,
)
from studies.figures.reading import says, share
from studies.methods.wording import marked, say

MOST_POINTS = 2500
OWN = marked("Predicted {quantity}, the model")
THEIRS = marked("Predicted {quantity}, resamples")


def draw_instability(
    found: Instability,
    title: str = marked("Instability of predictions"),
    caption: str = "",
    key: str = "instability",
    quantity: str = marked("survival"),
) -> Figure:
    """Predictions of resamples' models on the model's own: points, and the middle 95 % of them."""
    order = np.argsort(found.predicted)
    own = found.predicted[order]
    low, middle, high = np.nanquantile(found.resampled[:, order], [0.025, 0.5, 0.975], axis=0)
    dots = _points(found)
    across, up = (say(text, quantity=say(quantity)) for text in (OWN, THEIRS))
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(across))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]), axis=_axis(up))
    band = _smoothed(own, low), _smoothed(own, high)
    chart = alt.layer(
        alt.Chart(rows_of(x=dots[0], y=dots[1])).mark_point(
            filled=True, size=5, opacity=0.18, color=COLOURS[0]).encode(
                x=x, y=y, tooltip=says(share(across, "x"), share(up, "y"))),
        alt.Chart(rows_of(x=[0, 1], y=[0, 1])).mark_line(
            strokeDash=DOTS, strokeWidth=1, color=QUIET).encode(x="x:Q", y="y:Q"),
        *(alt.Chart(rows_of(x=own, y=edge)).mark_line(strokeWidth=1.8, color=COLOURS[1]).encode(
            x="x:Q", y="y:Q") for edge in band),
    ).properties(width=WIDTH, height=WIDTH)  # fmt: skip
    error = found.mean_absolute_error[order]
    rows = list(zip(own.tolist(), low.tolist(), middle.tolist(), high.tolist(), error.tolist(),
                    strict=True))  # fmt: skip
    columns = (say("predicted {quantity}", quantity=say(quantity)), "2.5 %", marked("median"),
               "97.5 %", marked("mean absolute error"))  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows)


def _points(found: Instability) -> tuple[np.ndarray, np.ndarray]:
    """Evenly taken, so that the picture stays light."""
    resamples, n = found.resampled.shape
    step = max(1, resamples * n // MOST_POINTS)
    own = np.tile(found.predicted, resamples)[::step]
    theirs = found.resampled.ravel()[::step]
    known = np.isfinite(theirs)
    return own[known], theirs[known]


def _smoothed(own: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Running mean over neighbours in prediction."""
    width = max(3, own.size // 20)
    kernel = np.ones(width) / width
    padded = np.pad(edge, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, kernel, mode="valid")


def _axis(title: str) -> alt.Axis:
    return unit_axis(title, values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f")
