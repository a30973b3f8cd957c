"""A figure of nobody, for the page that shows every part."""

from __future__ import annotations

import altair as alt

from studies.figures.figure import (
    Figure,
    make_figure,
    rows_of,
    style_scales,
    time_axis,
    unit_axis,
)
from studies.figures.reading import says, share, whole
from studies.methods.wording import marked, say

SHARES = {marked("hot"): (1.0, 0.92, 0.85, 0.79), marked("cold"): (1.0, 0.81, 0.66, 0.58)}
MONTHS = (0, 6, 12, 18)


def draw_example() -> Figure:
    """Two lines told apart by colour, dash and shape."""
    rows = [(say(name), month, share) for name, shares in SHARES.items()
            for month, share in zip(MONTHS, shares, strict=True)]  # fmt: skip
    names, months, shares = zip(*rows, strict=True)
    order = list(dict.fromkeys(names))
    scales = style_scales(order)
    x = alt.X("month:Q", axis=time_axis("months", tickCount=4))
    y = alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=unit_axis(say("Share"), tickCount=5))
    colour = alt.Color("name:N", sort=order, scale=scales["color"])
    base = alt.Chart(rows_of(name=names, month=months, share=shares)).encode(x=x, y=y, color=colour)
    chart = alt.layer(
        base.mark_line(strokeWidth=2).encode(
            strokeDash=alt.StrokeDash("name:N", sort=order, scale=scales["dash"]),
            tooltip=says(whole(say("Months"), "month"), share(say("Share"), "share"), name="name"),
        ),
        base.mark_point(filled=True, size=60, opacity=1).encode(
            shape=alt.Shape("name:N", sort=order, scale=scales["shape"]),
        ),
    ).properties(width=330, height=180)
    return make_figure(
        "example", marked("A figure"),
        marked("Its caption says what is drawn, of whom, and what the lines or bars mean."),
        chart, (marked("phenotype"), marked("months"), marked("share")), rows, titled=False,
    )  # fmt: skip
