"""What the LASSO keeps as its penalty falls, and the cross-validated deviance that chooses."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np

from modeling.methods.lasso_choice import CrossValidatedLasso
from studies.figures.figure import (
    COLOURS,
    DASHES,
    DOTS,
    HEIGHT,
    INK,
    LONG_DASH,
    QUIET,
    Figure,
    make_figure,
    rows_of,
    unit_axis,
)
from studies.figures.reading import NUMBER, Said, interval, says
from studies.methods.wording import marked, say

PANEL = 300


def draw_lasso_path(
    lasso: CrossValidatedLasso,
    title: str = marked("LASSO path"),
    caption: str = "",
    titles: Mapping[str, str] | None = None,
    scale: np.ndarray | None = None,
    key: str = "lasso_path",
) -> Figure:
    """Coefficients against log λ, and the cross-validated deviance with its standard error.

    ``scale`` (columns' SD) makes coefficients comparable; lines at λ.min and λ.1se.
    """
    path = lasso.path
    size = np.ones(len(path.names)) if scale is None else np.asarray(scale, dtype=float)
    beta, at = path.coefficients * size, np.log(path.penalty)
    names = [say((titles or {}).get(name, name)) for name in path.names]
    x = alt.X("x:Q", scale=alt.Scale(zero=False, nice=False), axis=unit_axis("log λ", tickCount=6))
    coefficient = say("Coefficient") if scale is None else say("Coefficient per SD")
    lines = alt.Chart(rows_of(
        x=np.repeat(at, len(names)), y=beta.ravel(), name=names * at.size,
    )).mark_line(strokeWidth=1.8).encode(
        x=x,
        y=alt.Y("y:Q", axis=unit_axis(coefficient, tickCount=6)),
        color=alt.Color("name:N", sort=names, scale=alt.Scale(
            domain=names, range=[COLOURS[k % len(COLOURS)] for k in range(len(names))]),
            legend=alt.Legend(columns=3, symbolType="stroke")),
        strokeDash=alt.StrokeDash("name:N", sort=names, scale=alt.Scale(
            domain=names, range=[DASHES[(k + k // len(COLOURS)) % len(DASHES)]
                                 for k in range(len(names))])),
        tooltip=says(Said("log λ", "x"), Said(coefficient, "y"), name="name"),
    )  # fmt: skip
    zero = alt.Chart(rows_of(y=[0.0])).mark_rule(strokeDash=DOTS, color=QUIET).encode(y="y:Q")
    chosen = _chosen(lasso)
    left = alt.layer(zero, lines, *chosen).properties(width=PANEL, height=HEIGHT - 40)
    chart = alt.hconcat(left, _deviance(lasso, at, x, chosen), spacing=30)
    rows = [
        (float(penalty), float(deviance), *row)
        for penalty, deviance, row in zip(path.penalty, lasso.deviance, beta.tolist(), strict=True)
    ]
    return make_figure(
        key, title, caption, chart, ("lambda", marked("deviance"), *names), rows, wide=True
    )


def _chosen(lasso: CrossValidatedLasso) -> list[alt.Chart]:
    at = [np.log(choice.penalty) for choice in (lasso.minimum, lasso.one_std_error)]
    marks = alt.Chart(rows_of(x=at, text=["λ.min", "λ.1se"]))
    return [
        marks.mark_rule(strokeDash=LONG_DASH, color=INK, strokeWidth=1).encode(x="x:Q"),
        *(
            alt.Chart(rows_of(x=[where], text=[name]))
            .mark_text(align="left", baseline="top", dx=3, dy=14 * k, fontSize=11, color=INK)
            .encode(x="x:Q", y=alt.value(0), text="text:N")
            for k, (where, name) in enumerate(zip(at, ("λ.min", "λ.1se"), strict=True))
        ),
    ]


def _deviance(
    lasso: CrossValidatedLasso, at: np.ndarray, x: alt.X, chosen: list[alt.Chart]
) -> alt.LayerChart:
    data = alt.Chart(rows_of(x=at, y=lasso.deviance, low=lasso.deviance - lasso.std_error,
                             high=lasso.deviance + lasso.std_error))  # fmt: skip
    y = alt.Y("y:Q", scale=alt.Scale(zero=False),
              axis=unit_axis(say("Cross-validated deviance"), tickCount=6,
                             format="~f"))  # fmt: skip
    return alt.layer(
        data.mark_rule(color=QUIET, strokeWidth=1, opacity=0.6).encode(
            x=x, y=alt.Y("low:Q", scale=alt.Scale(zero=False)), y2="high:Q"
        ),
        data.mark_point(filled=True, size=18, opacity=1, color=COLOURS[0]).encode(
            x=x,
            y=y,
            tooltip=says(
                Said("log λ", "x"),
                Said(say("Cross-validated deviance"), "y"),
                interval("low", "high", NUMBER, marked("one standard error")),
            ),
        ),
        *chosen,
    ).properties(width=PANEL, height=HEIGHT - 40)
