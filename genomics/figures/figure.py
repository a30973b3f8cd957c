"""What every figure here is: one specification, the table behind it, and the shared look."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import vl_convert

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, QUIET, GRID, PALE = "#17222b", "#55616b", "#e6e8e4", "#f6f6f3"
HOT, COLD, BETWEEN = "#b4472a", "#2c6a9b", "#9aa3a8"
# Colour and shape go together: a figure reads without colour.
COLOURS = ("#14506b", "#b4472a", "#4d8a6a", "#9a6a14", "#7d4a86", "#55616b", "#2c6a9b", "#c58a3d")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke", "arrow")
MOST_NAMES = len(COLOURS)


@dataclass(frozen=True)
class Figure:
    """The specification and its table twin."""

    key: str
    title: str
    caption: str
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

    def png(self) -> bytes:
        return bytes(vl_convert.vegalite_to_png(self.spec, scale=2.0))

    def csv(self) -> str:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in self.rows])
        return stream.getvalue()


def make_figure(
    key: str,
    title: str,
    caption: str,
    chart: alt.TopLevelMixin,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> Figure:
    """A chart in the shared look, with the table of what it shows."""
    table = tuple(tuple(plain(cell) for cell in row) for row in rows)
    return Figure(key, title, caption, plain(dressed(chart).to_dict()), tuple(columns), table)


def dressed(chart: Any) -> Any:
    return (
        chart.properties(padding={"left": 4, "right": 12, "top": 4, "bottom": 4})
        .configure(font=FONT, background="#ffffff")
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", titleColor=INK,
            labelColor=INK, gridColor=GRID, domainColor=QUIET, tickColor=QUIET, titlePadding=8,
            labelLimit=260,
        )
        .configure_legend(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK,
            titleColor=INK, labelLimit=220, symbolSize=80,
        )
        .configure_title(fontSize=13, color=INK, anchor="start", fontWeight="normal", offset=6)
        .configure_header(labelFontSize=12, labelColor=INK, titleFontSize=12)
    )  # fmt: skip


def values(**columns: Any) -> alt.InlineData:
    """Inline data from columns; numbers that do not exist become null."""
    lists = {name: list(column) for name, column in columns.items()}
    length = max((len(column) for column in lists.values()), default=0)
    return alt.InlineData(
        values=[{n: plain(c[k]) for n, c in lists.items()} for k in range(length)]
    )


def plain(value: Any) -> Any:
    """JSON's own types: no NumPy, no NaN, numbers at six digits."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if not np.isfinite(value) else float(f"{value:.6g}")
    return value


def colour_of(names: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=[COLOURS[k % MOST_NAMES] for k in range(len(names))])


def shape_of(names: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=[SHAPES[k % MOST_NAMES] for k in range(len(names))])


def label_colour(label: str) -> str:
    """Of a phenotype."""
    return {"hot": HOT, "cold": COLD}.get(label, BETWEEN)


def label_rank(label: str) -> int:
    return {"hot": 0, "cold": 2}.get(label, 1)
