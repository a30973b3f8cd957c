"""Quality of a matrix: depth, genes, housekeeping, components, sex."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from genomics.figures.scatter import OTHER, scatter
from studies.colours import ACCENT
from studies.figures.figure import Figure, make_figure, rows_of
from studies.figures.reading import Said, says, whole
from studies.methods.wording import marked, say

WIDTH, HEIGHT = 300, 200
BIN = "bin_maxbins_24_x"  # as Vega-Lite names it
GROUPS = (marked("site"), marked("batch"), marked("cohort"))


def draw_depth(table: pd.DataFrame) -> Figure:
    """Library size, detected genes and housekeeping spread, a bar of specimens each."""
    shown = [
        ("library_size", say("Library size (sum of values)")),
        ("detected", say("Genes above 0")),
        ("housekeeping", say("Housekeeping spread (SD, log2)")),
    ]
    charts = [_histogram(table[name].dropna(), title) for name, title in shown]
    rows = table[["label", *(name for name, _ in shown)]].itertuples(index=False)
    return make_figure(
        "depth",
        marked("Depth and housekeeping"),
        marked(
            "Number of specimens. Housekeeping spread: SD of eleven steady genes around their "
            "medians over the specimens; a specimen far to the right was degraded or is something "
            "else."
        ),
        alt.hconcat(*charts, spacing=24),
        (
            marked("specimen"),
            marked("library size"),
            marked("genes above 0"),
            marked("housekeeping spread"),
        ),
        rows,
        titled=False,
    )


def _histogram(numbers: pd.Series, title: str) -> alt.Chart:
    large = numbers.max() >= 1000 if len(numbers) else False
    axis = alt.Axis(labelOverlap="greedy", labelSeparation=14, format="~s" if large else "~g")
    return (
        alt.Chart(rows_of(x=numbers.tolist()))
        .mark_bar(color=ACCENT)
        .encode(
            x=alt.X("x:Q", bin=alt.Bin(maxbins=24), title=title, axis=axis),
            y=alt.Y("count():Q", title=say("Specimens")),
            tooltip=says(Said(title, BIN, upper=f"{BIN}_end"), whole(say("Specimens"), "__count")),
        )
        .properties(width=WIDTH - 40, height=HEIGHT)
    )


def draw_components(table: pd.DataFrame, explained: Sequence[float]) -> Figure:
    """The first two principal components, once by site, by sequencing batch and by cohort."""
    titles = [f"PC{k + 1} ({share:.0%})" for k, share in enumerate(explained[:2])]
    titles += [f"PC{k + 1}" for k in range(len(titles), 2)]
    charts = [
        scatter(
            table["pc1"], table["pc2"], table[group].fillna(OTHER).str.replace("_", " ").tolist(),
            (titles[0], titles[1]), say(group), table["label"],
        )
        for group in GROUPS
    ]  # fmt: skip
    chart = alt.hconcat(*charts, spacing=24).resolve_scale(color="independent", shape="independent")
    return make_figure(
        "components",
        marked("Principal components"),
        marked(
            "Of the 1,000 most variable genes, log2(CPM + 1). Groups that stand apart by batch or "
            "site are a technical difference before they are a biological one."
        ),
        chart,
        (marked("specimen"), "PC1", "PC2", *GROUPS),
        table[["label", "pc1", "pc2", *GROUPS]].itertuples(index=False),
        titled=False,
    )


def draw_sex(table: pd.DataFrame) -> Figure:
    """XIST against chromosome Y, by recorded sex."""
    known = table.dropna(subset=["xist", "chromosome_y"])
    chart = scatter(
        known["chromosome_y"], known["xist"], known["recorded_sex"].fillna(OTHER).tolist(),
        (say("Chromosome Y, mean log2(CPM + 1)"), "XIST, log2(CPM + 1)"), say("recorded sex"),
        known["label"], width=420,
    )  # fmt: skip
    return make_figure(
        "sex",
        marked("Sex by expression"),
        marked(
            "Women express XIST, men genes of chromosome Y. A point among those of the other sex "
            "may be a swapped specimen; tumours of men may have lost their Y and stand low in both."
        ),
        chart,
        (
            marked("specimen"),
            "XIST",
            marked("chromosome Y"),
            marked("by expression"),
            marked("recorded"),
        ),
        table[["label", "xist", "chromosome_y", "called_sex", "recorded_sex"]].itertuples(
            index=False
        ),
        titled=False,
    )
