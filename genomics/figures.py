"""Figures of the phenotype, as specifications with the table behind them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

CELLS = "abundances"  # name of the data in the specification
CLIP = 2.5  # SD at which the colour saturates
ROW, WIDTH = 17, 780
HOT, COLD, BETWEEN = "#b4472a", "#2c6a9b", "#9aa3a8"
PALE = "#f6f6f3"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK = "#17222b"


@dataclass(frozen=True)
class HeatMap:
    """The specification and its table twin: a row per cell type, a column per label."""

    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def digest(self) -> str:
        """Of all that is drawn."""
        return hashlib.sha256(json.dumps(self.spec, sort_keys=True).encode()).hexdigest()

    def svg(self) -> str:
        """A complete SVG file; it takes a second or two."""
        return str(vl_convert.vegalite_to_svg(self.spec))


def draw_heat_map(z: pd.DataFrame, labels: pd.DataFrame, drive: dict[str, float]) -> HeatMap:
    """Abundances in SD of training: cell types by drive, patients by label, then by the core.

    Parameters
    ----------
    z : table, patients × cell types
    labels : table by patient with ``label`` and ``core``
    drive : share of the distance between hot and cold per cell type
    """
    order = labels.sort_values(["core"], ascending=False).sort_values(
        "label", key=lambda column: column.map(_label_rank), kind="stable"
    )
    cells = sorted(drive, key=lambda cell: -drive[cell])
    table = z.loc[order.index, cells]
    chart = alt.vconcat(_strip(order), _cells(cells, len(table)), spacing=4).resolve_scale(
        color="independent"
    )
    groups = list(dict.fromkeys(order["label"]))
    rows = [
        (cell, drive[cell], *(_mean(table.loc[order["label"] == group, cell]) for group in groups))
        for cell in cells
    ]
    names = tuple(f"mean z, {group} (n {(order['label'] == group).sum()})" for group in groups)
    spec = _dressed(chart)
    spec["datasets"] = {**spec.get("datasets", {}), CELLS: _values(table)}
    return HeatMap(spec, ("cell type", "drive", *names), tuple(rows))


def _label_rank(label: str) -> int:
    return {"hot": 0, "cold": 2}.get(label, 1)


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def _strip(order: pd.DataFrame) -> Any:
    """Runs of equal labels above the columns."""
    groups = list(dict.fromkeys(order["label"]))
    ends = np.cumsum([(order["label"] == group).sum() for group in groups]).tolist()
    runs = [
        {"label": group, "from": start, "to": end, "text": f"{group} ({end - start})"}
        for group, start, end in zip(groups, [0, *ends[:-1]], ends, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=runs)).encode(
        x=alt.X("from:Q", axis=None, scale=alt.Scale(domain=[0, len(order)], nice=False)), x2="to:Q"
    )
    colours = [{"hot": HOT, "cold": COLD}.get(group, BETWEEN) for group in groups]
    colour = alt.Color(
        "label:N", scale=alt.Scale(domain=groups, range=colours), sort=groups, legend=None
    )
    words = alt.Chart(alt.InlineData(values=runs)).mark_text(
        align="left", dx=4, color="#ffffff", fontSize=12, fontWeight="bold"
    )
    bars = base.mark_rect(stroke="#ffffff", strokeWidth=1).encode(color=colour)
    texts = words.encode(
        x=alt.X("from:Q", axis=None, scale=alt.Scale(domain=[0, len(order)], nice=False)),
        text="text:N",
    )
    return alt.layer(bars, texts).properties(width=WIDTH, height=ROW)


def _values(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Put into the specification after it was checked: thousands of rows check slowly."""
    clipped = np.round(np.clip(table.to_numpy(dtype=float), -CLIP, CLIP), 2)
    return [
        {"x": column, "to": column + 1, "cell": cell, "z": float(clipped[column, row])}
        for row, cell in enumerate(table.columns)
        for column in range(len(table))
    ]


def _cells(cells: list[str], n_patients: int) -> alt.Chart:
    return (
        alt.Chart(alt.NamedData(CELLS))
        .mark_rect()
        .encode(
            x=alt.X(
                "x:Q",
                scale=alt.Scale(domain=[0, max(1, n_patients)], nice=False),
                axis=alt.Axis(
                    title=f"{n_patients} patients", labels=False, ticks=False, grid=False
                ),
            ),
            x2="to:Q",
            y=alt.Y("cell:N", sort=cells, axis=alt.Axis(title=None, ticks=False)),
            color=alt.Color(
                "z:Q",
                scale=alt.Scale(
                    domain=[-CLIP, 0, CLIP], range=[COLD, PALE, HOT], interpolate="rgb"
                ),
                legend=alt.Legend(title="SD of training", orient="right", gradientLength=120),
            ),
        )
        .properties(width=WIDTH, height=ROW * len(cells))
    )


def _dressed(chart: alt.VConcatChart) -> dict[str, Any]:
    spec: dict[str, Any] = (
        chart.configure(font=FONT, background="#ffffff")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, labelColor=INK, domain=False)
        .configure_legend(labelFontSize=12, titleFontSize=12, titleFontWeight="normal")
        .to_dict()
    )
    return spec
