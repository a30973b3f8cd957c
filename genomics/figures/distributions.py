"""Distributions of chosen cell types in each cluster."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from genomics.figures.labels import label_colour, label_rank
from studies.colours import PAPER
from studies.figures.figure import Figure, make_figure, rows_of
from studies.figures.reading import Said, interval, says, word
from studies.methods.wording import marked, say

WIDTH, HEIGHT = 118, 190
PER_ROW = 6


def draw_distributions(
    z: pd.DataFrame, labels: pd.Series, cells: Sequence[str], others: pd.DataFrame | None = None
) -> Figure:
    """Boxes of abundance by label: median, quartiles, whiskers to 1.5 interquartile ranges.

    Parameters
    ----------
    z : table, patients × cell types, SD of training
    labels : label by patient
    cells : the cell types shown, in order
    others : table, patients × further scores in the same unit (stroma), shown after them
    """
    table = z[list(cells)] if others is None else z[list(cells)].join(others)
    groups = sorted(labels.unique(), key=label_rank)
    shown = [say(group) for group in groups]
    long = table.assign(label=labels).melt("label", var_name="cell", value_name="z").dropna()
    names = list(table.columns)
    drawn = rows_of(
        cell=long["cell"].map(say).tolist(), label=long["label"].map(say).tolist(), z=long["z"]
    )
    chart = (
        alt.Chart(drawn)
        .mark_boxplot(size=26, outliers={"size": 10, "opacity": 0.6}, median={"color": PAPER})
        .encode(
            x=alt.X("label:N", sort=shown, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("z:Q", title=say("SD of training")),
            color=alt.Color(
                "label:N",
                scale=alt.Scale(domain=shown, range=[label_colour(g) for g in groups]),
                legend=None,
            ),
            tooltip=says(
                word(say("label"), "label"),
                Said(say("median"), "mid_box_z", ".2f"),
                interval("lower_box_z", "upper_box_z", ".2f", marked("quartiles")),
                name="cell",
            ),
            facet=alt.Facet(
                "cell:N", columns=PER_ROW, sort=[say(n) for n in names], title=None, spacing=14
            ),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    quarters = long.groupby(["cell", "label"])["z"].describe()
    rows = [
        (say(cell), say(group), int(q["count"]), q["mean"], q["25%"], q["50%"], q["75%"])
        for cell in names
        for group in groups
        if (cell, group) in quarters.index
        for q in [quarters.loc[(cell, group)]]
    ]
    columns = (
        marked("cell type"), marked("label"), "n", marked("mean"), marked("lower quartile"),
        marked("median"), marked("upper quartile"),
    )  # fmt: skip
    return make_figure(
        "distributions",
        marked("Cell types by label"),
        marked(
            "Boxes: quartiles and median; whiskers to the farthest value within 1.5 interquartile "
            "ranges; dots beyond. The labels were found from these abundances, so no test is shown."
        ),
        chart,
        columns,
        rows,
        titled=False,
    )
