"""Slides against response: the share of responders per group, and one marker against the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from studies.figures.figure import (
    COLOURS,
    HEIGHT,
    INK,
    SHAPES,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    unit_axis,
)
from studies.figures.reading import Said, interval, says, word
from studies.methods.wording import marked, say


@dataclass(frozen=True)
class ResponseShare:
    """Responders of a group with the exact interval of their share."""

    reading: str
    group: str
    responders: int
    n: int
    lower: float
    upper: float

    @property
    def share(self) -> float:
        return self.responders / self.n

    @property
    def label(self) -> str:
        return say("{reading}, {group}", reading=say(self.reading), group=say(self.group))


def draw_response_shares(groups: Sequence[ResponseShare], title: str, caption: str) -> Figure:
    """Share of responders per group with its exact 95 % interval."""
    names = [group.label for group in groups]
    data = rows_of(
        name=names,
        share=[group.share for group in groups],
        lower=[group.lower for group in groups],
        upper=[group.upper for group in groups],
        told=[f"{group.responders}/{group.n}" for group in groups],
        group=[say(group.group) for group in groups],
    )
    y = alt.Y("name:N", sort=names, axis=unit_axis(None, labelLimit=180, grid=False))
    across = WIDTH - 90  # names on the left and counts on the right want room, too
    share = alt.Scale(domain=[0, 1])
    kinds = list(dict.fromkeys(say(group.group) for group in groups))
    colour = alt.Color(
        "group:N", legend=None, scale=alt.Scale(domain=kinds, range=list(COLOURS[: len(kinds)]))
    )
    base = alt.Chart(data)
    bars = base.mark_bar(size=14, opacity=0.75).encode(
        x=alt.X("share:Q", scale=share, axis=unit_axis(say("Responders (CR or PR)"), format=".0%")),
        y=y,
        color=colour,
        tooltip=says(Said(say("Responders (CR or PR)"), "share", ".1%"),
                     interval("lower", "upper", ".1%"), word(say("responders"), "told"),
                     name="name"),
    )  # fmt: skip
    rules = base.mark_rule(strokeWidth=1.5, color=INK).encode(x="lower:Q", x2="upper:Q", y=y)
    counts = base.mark_text(align="right", fontSize=12, color=INK).encode(
        x=alt.value(across + 44), y=y, text="told:N"
    )
    chart = alt.layer(bars, rules, counts).properties(width=across, height=26 * len(groups))
    rows = [
        (say(g.reading), say(g.group), g.responders, g.n, g.share, g.lower, g.upper) for g in groups
    ]
    columns = (marked("reading"), marked("group"), marked("responders"), "n", marked("share"),
               marked("lower"), marked("upper"))  # fmt: skip
    return make_figure("response_by_immunoscore", title, caption, chart, columns, rows)


def draw_markers(
    cd3: Sequence[float],
    cd8: Sequence[float],
    response: Sequence[str],
    title: str,
    caption: str,
) -> Figure:
    """CD3 against CD8, mean cells/mm² over the regions measured, each patient a point."""
    known = (marked("responder"), marked("non-responder"), marked("not assessed"))
    kinds = [say(kind) for kind in known if kind in response]
    response = [say(kind) for kind in response]
    scale = {"domain": kinds}
    data = rows_of(cd3=cd3, cd8=cd8, response=response)

    def axis(name: str, label: str) -> dict[str, object]:
        return {
            "shorthand": f"{name}:Q",
            "scale": alt.Scale(type="log", nice=True),
            "axis": unit_axis(say("{marker}, cells/mm²", marker=label), format="~s", tickCount=5),
        }

    chart = (
        alt.Chart(data)
        .mark_point(size=42, opacity=0.8, filled=False, strokeWidth=1.6)
        .encode(
            x=alt.X(**axis("cd3", "CD3")),
            y=alt.Y(**axis("cd8", "CD8")),
            color=alt.Color(
                "response:N", scale=alt.Scale(**scale, range=list(COLOURS[: len(kinds)]))
            ),
            shape=alt.Shape(
                "response:N", scale=alt.Scale(**scale, range=list(SHAPES[: len(kinds)]))
            ),
            tooltip=says(
                *(
                    Said(say("{marker}, cells/mm²", marker=name), name.lower())
                    for name in ("CD3", "CD8")
                ),
                name="response",
            ),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )
    rows = list(zip(cd3, cd8, response, strict=True))
    columns = (
        say("{marker}, cells/mm²", marker="CD3"), say("{marker}, cells/mm²", marker="CD8"),
        marked("response"),
    )  # fmt: skip
    return make_figure("cd3_against_cd8", title, caption, chart, columns, rows)
