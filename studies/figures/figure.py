"""What every figure is: one specification, the table behind it, and the shared look."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import altair as alt
import numpy as np

from studies.colours import GRID, INK, PAPER, QUIET, SERIES, series
from studies.methods.wording import Wording, english, marked, say

WIDTH, HEIGHT = 330, 290
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
LONG_DASH, DOTS = [7, 3], [2, 3]
# Units of time: within a sentence, and over an axis.
TIMES = {
    "days": (marked("days"), marked("Days")),
    "months": (marked("months"), marked("Months")),
    "years": (marked("years"), marked("Years")),
}

# Colour, dash and shape always go together: a figure reads without colour.
COLOURS, MORE_COLOURS = SERIES[:7], SERIES
DASHES: tuple[list[int], ...] = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [12, 4], [4, 2], [1, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
MORE_SHAPES = (*SHAPES, "arrow")


@dataclass(frozen=True)
class Figure:
    """A figure as data: Vega-Lite specification and its table twin.

    ``columns`` and ``rows`` are English whatever the language of the picture; ``words`` holds how
    a page shows those that have another word there.
    """

    key: str
    title: str
    caption: str
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    wide: bool = False
    notes: tuple[str, ...] = field(default=())
    words: dict[str, str] = field(default_factory=dict)

    @property
    def heads(self) -> tuple[str, ...]:
        """The columns' names in the language of the picture."""
        return tuple(self.words.get(column, column) for column in self.columns)

    @property
    def cells(self) -> tuple[tuple[Any, ...], ...]:
        """The rows in the language of the picture."""
        if not self.words:
            return self.rows
        return tuple(tuple(self._cell(cell) for cell in row) for row in self.rows)

    def _cell(self, cell: Any) -> Any:
        return self.words.get(cell, cell) if isinstance(cell, str) else cell

    @property
    def digest(self) -> str:
        """Of all that is drawn."""
        return hashlib.sha256(json.dumps(self.spec, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """As JSON; without ``words`` where there are none, as in everything that is published."""
        content = asdict(self)
        return content if self.words else {k: v for k, v in content.items() if k != "words"}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Figure:
        tupled = {"columns": tuple(content["columns"]), "notes": tuple(content.get("notes", ()))}
        rows = tuple(tuple(row) for row in content["rows"])
        return cls(**{**content, **tupled, "rows": rows})


def make_figure(
    key: str,
    title: str,
    caption: str,
    chart: alt.TopLevelMixin,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    wide: bool = False,
    titled: bool = True,
) -> Figure:
    """A chart in the shared look, with the table of what it shows.

    Title, caption and names of columns may be any text that is marked somewhere; what is drawn is
    in the language of now.
    ``titled``: the title stands in the picture too, not only above it on the page.
    """
    title, caption = say(title).here(), say(caption).here()
    spec = plain(dress(chart, title if titled else "").to_dict(validate=False))
    heads, given = tuple(say(column) for column in columns), tuple(tuple(row) for row in rows)
    said = {english(text): text.here() for row in (heads, *given) for text in row
            if isinstance(text, Wording) and text.here() != text}  # fmt: skip
    table = tuple(tuple(plain(english(cell)) for cell in row) for row in given)
    names = tuple(english(head) for head in heads)
    return Figure(key, title, caption, spec, names, table, wide, words=said)


def dress(chart: Any, title: str) -> Any:
    """Title, fonts, axes and legend shared by all figures, put on the chart itself.

    Asking it for one property after the other would copy all of it each time.
    """
    if title:
        chart.title = alt.TitleParams(
            title, anchor="start", fontSize=14, fontWeight="bold", offset=10, color=INK
        )
    chart.padding = {"left": 4, "right": 12, "top": 4, "bottom": 4}
    chart.config = _look()
    return chart


@cache
def _look() -> alt.Config:
    look = (
        alt.Chart()
        .configure(font=FONT, background=PAPER)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", titleColor=INK,
            labelColor=INK, gridColor=GRID, domainColor=QUIET, tickColor=QUIET, titlePadding=8,
            labelOverlap=True,
            labelFlush=False,
        )
        .configure_legend(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK,
            titleColor=INK, symbolSize=90, labelLimit=380, symbolStrokeWidth=2, orient="bottom",
            direction="vertical", title=None, offset=12, rowPadding=3,
        )
        .configure_title(fontSize=13, color=INK, anchor="start", fontWeight="normal", offset=6)
        .configure_header(labelFontSize=12, labelColor=INK, titleFontSize=12)
    )  # fmt: skip
    config: alt.Config = look.config
    return config


def style_scales(names: Sequence[str]) -> dict[str, alt.Scale]:
    """Colour, dash and shape per name, in the given order."""
    index = [k % len(COLOURS) for k in range(len(names))]
    return {
        "color": alt.Scale(domain=list(names), range=series(names)),
        "dash": alt.Scale(domain=list(names), range=[DASHES[k] for k in index]),
        "shape": alt.Scale(domain=list(names), range=[SHAPES[k] for k in index]),
    }


def line_legend() -> alt.Legend:
    """Of lines, where bands of the same colours are drawn pale."""
    return alt.Legend(symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2)


def rows_of(**columns: Any) -> alt.Data:
    """Inline data from columns; numbers that do not exist become null."""
    lists = {name: list(values) for name, values in columns.items()}
    length = max((len(values) for values in lists.values()), default=0)
    records = tuple({name: plain(lists[name][k]) for name in lists} for k in range(length))
    # A check of each value against the schema takes most of the time.
    with alt.utils.schemapi.debug_mode(False):
        return alt.Data(values=records)  # type: ignore[arg-type]  # a tuple is not copied again


def colour_of(names: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=series(names))


def shape_of(names: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=_turns(MORE_SHAPES, names))


def _turns(choices: Sequence[str], names: Sequence[str]) -> list[str]:
    return [choices[k % len(choices)] for k in range(len(names))]


def time_axis(unit: str, **options: Any) -> alt.Axis:
    """Follow-up in ``unit``."""
    return unit_axis(time_title(unit), **options)


def time_title(unit: str) -> str:
    """A wording is the title as it stands."""
    if unit in TIMES:
        return say(TIMES[unit][1])
    return unit if isinstance(unit, Wording) else say(unit.capitalize())


def unit_axis(title: str, **options: Any) -> alt.Axis:
    return alt.Axis(title=title, **options)


def plain(value: Any) -> Any:
    """JSON's own types, words in the language of now: no NumPy, no NaN, numbers at six digits."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Wording):
        return value.here()
    if isinstance(value, float):
        return None if not np.isfinite(value) else float(f"{value:.6g}")
    return value


def number(value: float | None, digits: int = 2) -> str:
    """A number for people; a dash for what could not be estimated."""
    if value is None or not np.isfinite(value):
        return "–"
    told = f"{value:.{digits}f}"
    return (told if float(told) else told.lstrip("-")).replace("-", "−")


def with_interval(value: float | None, lower: float | None, upper: float | None) -> str:
    if value is None or not np.isfinite(value):
        return say("not estimable")
    if lower is None or upper is None or not np.isfinite([lower, upper]).all():
        return say("{value} (interval not estimable)", value=number(value))
    return f"{number(value)} ({number(lower)}–{number(upper)})"


def p_text(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
