"""AUC of every classifier side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from studies.figures.figure import (
    DOTS,
    QUIET,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    unit_axis,
)
from studies.figures.reading import interval, says, share, whole
from studies.methods.wording import marked, say


@dataclass(frozen=True)
class ClassifierAuc:
    """One classifier in one cohort."""

    classifier: str
    cohort: str
    auc: float
    lower: float | None
    upper: float | None
    n: int


def draw_classifier_comparison(
    results: Sequence[ClassifierAuc],
    title: str = marked("Classifiers on the same folds"),
    caption: str = "",
    key: str = "classifiers",
) -> Figure:
    """Dots with 95 % CI; classifiers in rows, cohorts told apart by shape."""
    cohorts = list(dict.fromkeys(say(result.cohort) for result in results))
    names = list(dict.fromkeys(say(result.classifier) for result in results))
    scales = style_scales(cohorts)
    base = alt.Chart(rows_of(
        classifier=[say(r.classifier) for r in results],
        cohort=[say(r.cohort) for r in results],
        auc=[r.auc for r in results], lower=[r.lower for r in results],
        upper=[r.upper for r in results], n=[r.n for r in results],
    ))  # fmt: skip
    lowest = min([0.4, *(r.auc if r.lower is None else r.lower for r in results)])
    row = alt.Y(
        "classifier:N",
        sort=names,
        scale=alt.Scale(paddingInner=0.25),
        axis=unit_axis(None, domain=False, ticks=False, labelLimit=260, grid=False),
    )
    offset = alt.YOffset("cohort:N", sort=cohorts, scale=alt.Scale(paddingOuter=0.6))
    colour = alt.Color("cohort:N", scale=scales["color"], sort=cohorts)
    scale = alt.Scale(domain=[max(0.0, lowest - 0.02), 1.0], zero=False, nice=False)
    whisker = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("lower:Q", scale=scale, axis=unit_axis(say("AUC (95 % CI)"), format=".1f")),
        x2="upper:Q", y=row, yOffset=offset, color=colour,
    )  # fmt: skip
    dot = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=alt.X("auc:Q", scale=scale), y=row, yOffset=offset, color=colour,
        shape=alt.Shape("cohort:N", scale=scales["shape"], sort=cohorts),
        tooltip=says(share("AUC", "auc"), interval("lower", "upper"), whole("n", "n"),
                     name="classifier"),
    )  # fmt: skip
    chance = alt.Chart(rows_of(x=[0.5])).mark_rule(strokeDash=DOTS, color=QUIET).encode(x="x:Q")
    height = len(names) * max(24, 15 * len(cohorts) + 8)
    chart = alt.layer(chance, whisker, dot).properties(width=WIDTH - 60, height=height)
    rows = [(say(r.classifier), say(r.cohort), r.n, r.auc, r.lower, r.upper) for r in results]
    columns = (marked("classifier"), marked("cohort"), "n", "AUC", marked("lower"), marked("upper"))
    return make_figure(key, title, caption, chart, columns, rows)
