"""Components before and after the correction of batches."""

from __future__ import annotations

import altair as alt
import pandas as pd

from genomics.figures.scatter import scatter
from studies.figures.figure import Figure, make_figure
from studies.methods.wording import marked, say


def draw_correction(table: pd.DataFrame) -> Figure:
    """The first two components before and after, by batch and by cohort."""
    charts = []
    for group in ("batch", "cohort"):
        pair = [
            scatter(
                table[f"{when}_1"], table[f"{when}_2"], table[group].str.replace("_", " ").tolist(),
                ("PC1", "PC2"), say(group), table["label"], height=220,
            ).properties(title=say(when))
            for when in (marked("before"), marked("after"))
        ]  # fmt: skip
        charts.append(alt.hconcat(*pair, spacing=24))
    chart = alt.vconcat(*charts, spacing=20).resolve_scale(color="independent", shape="independent")
    columns = ["label", "batch", "cohort", "before_1", "before_2", "after_1", "after_2"]
    return make_figure(
        "correction",
        marked("Before and after the correction"),
        marked("Principal components of the 1,000 most variable genes, over all specimens."),
        chart,
        (
            marked("specimen"), marked("batch"), marked("cohort"), marked("PC1 before"),
            marked("PC2 before"), marked("PC1 after"), marked("PC2 after"),
        ),
        table[columns].itertuples(index=False),
        titled=False,
    )  # fmt: skip
