"""Marker genes beside the densities of their proteins."""

from __future__ import annotations

import altair as alt
import pandas as pd

from genomics.figures.scatter import scatter
from studies.figures.figure import Figure, make_figure

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
        region = row.region.replace("_", " ")
        said = f"{row.marker}, {region}: ρ {row.rho:.2f}, n {row.n}".replace("-", "−")
        charts.append(
            scatter(
                mine["rna"], mine["density"].clip(lower=LEAST), [row.marker] * len(mine),
                (f"{row.marker} RNA, mean log2(CPM + 1)", "Cells per mm²"), width=250, height=200,
            )
            .encode(y=alt.Y("y:Q", title="Cells per mm²", scale=alt.Scale(type="log")))
            .properties(title=said)
        )  # fmt: skip
    return make_figure(
        "agreement",
        "RNA and protein",
        "Marker genes of the RNA specimen against the density of stained cells, patients with "
        "both. Densities under 1 are drawn at 1. ρ: Spearman's correlation.",
        alt.concat(*charts, columns=2, spacing=24),
        ("patient", "marker", "region", "RNA", "cells per mm²"),
        table[["patient", "marker", "region", "rna", "density"]].itertuples(index=False),
        titled=False,
    )
