"""Marker genes beside the densities of their proteins."""

from __future__ import annotations

import altair as alt
import pandas as pd

from genomics.figures.scatter import scatter
from studies.figures.figure import Figure, make_figure
from studies.methods.wording import marked, say

LEAST = 1.0  # cells per mm² at which the axis begins


def draw_agreement(table: pd.DataFrame, found: pd.DataFrame) -> Figure:
    """A panel per marker and region: RNA against density.

    Parameters
    ----------
    table : table, a row per patient, marker and region: patient, marker, region, rna, density
    found : table, a row per marker and region: marker, region, n, rho, low, high
    """
    charts = []
    for row in found.itertuples(index=False):
        mine = table[(table["marker"] == row.marker) & (table["region"] == row.region)]
        said = say(
            "{marker}, {region}: ρ {rho}, n {n}", marker=row.marker,
            region=say(row.region.replace("_", " ")),
            rho=f"{row.rho:.2f}".replace("-", "−"), n=row.n,
        )  # fmt: skip
        axes = (say("{marker} RNA, mean log2(CPM + 1)", marker=row.marker), say("Cells per mm²"))
        charts.append(
            scatter(
                mine["rna"], mine["density"].clip(lower=LEAST), [row.marker] * len(mine),
                axes, who=mine["patient"], read=mine["density"], width=250, height=200,
            )
            .encode(y=alt.Y("y:Q", title=axes[1], scale=alt.Scale(type="log")))
            .properties(title=said)
        )  # fmt: skip
    return make_figure(
        "agreement",
        marked("RNA and protein"),
        marked(
            "Marker genes of the RNA specimen against the density of stained cells, patients with "
            "both. Densities under 1 are drawn at 1. ρ: Spearman's correlation."
        ),
        alt.concat(*charts, columns=2, spacing=24),
        (marked("patient"), marked("marker"), marked("region"), "RNA", marked("cells per mm²")),
        table[["patient", "marker", "region", "rna", "density"]].itertuples(index=False),
        titled=False,
    )
