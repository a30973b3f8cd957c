"""Hazard ratios of many columns in several groups, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from modeling.methods.univariable_cox import UnivariableCox
from studies.colours import PAPER
from studies.figures.figure import COLOURS, INK, Figure, make_figure, p_text, rows_of
from studies.figures.reading import Said, interval, says, word
from studies.methods.wording import marked, say

ROW, PANEL = 17, 190
LABELS = 150  # room for names in fonts wider than the one measured


def draw_subpopulations(
    groups: Mapping[str, Sequence[UnivariableCox]],
    title: str,
    caption: str,
    key: str = "subpopulations",
    level: float = 0.05,
) -> Figure:
    """A panel per group; filled points are below ``level`` after adjustment."""
    order = [say(one.name) for one in next(iter(groups.values()))]
    panels = [
        _panel(name, found, order, level, axis=k == 0)
        for k, (name, found) in enumerate(groups.items())
    ]
    columns = (
        marked("group"), marked("column"), "n", marked("events"), marked("hazard ratio"),
        marked("lower"), marked("upper"), "p", marked("adjusted p"),
    )  # fmt: skip
    rows = [
        (say(name), say(one.name), one.n, one.events, one.hazard_ratio, one.lower, one.upper,
         one.p_value, one.adjusted)
        for name, found in groups.items()
        for one in found
    ]  # fmt: skip
    chart = alt.hconcat(*panels, spacing=14)
    return make_figure(key, title, caption, chart, columns, rows, wide=True)


def _p(value: float) -> str:
    return p_text(value).removeprefix("p").removeprefix(" =").strip()


def _panel(
    name: str, found: Sequence[UnivariableCox], order: list[str], level: float, axis: bool
) -> alt.LayerChart:
    known = [one for one in found if not one.reason]
    n = max((one.n for one in found), default=0)
    events = max((one.events for one in found), default=0)
    data = rows_of(
        column=[say(one.name) for one in known],
        ratio=[one.hazard_ratio for one in known],
        low=[max(one.lower, 0.1) for one in known],
        high=[min(one.upper, 10.0) for one in known],
        clear=["yes" if one.adjusted < level else "no" for one in known],
        true=[one.hazard_ratio for one in known], lower=[one.lower for one in known],
        upper=[one.upper for one in known], p=[_p(one.p_value) for one in known],
        adjusted=[_p(one.adjusted) for one in known],
    ) if known else alt.Data(values=[])  # fmt: skip
    y = alt.Y(
        "column:N", sort=order, scale=alt.Scale(domain=order),
        axis=alt.Axis(title=None, labels=axis, ticks=False, domain=False, labelLimit=220,
                      minExtent=LABELS if axis else 0),
    )  # fmt: skip
    scale = alt.Scale(type="log", domain=[0.25, 4], clamp=True)
    x = alt.X("ratio:Q", scale=scale,
              axis=alt.Axis(title=say("Hazard ratio per SD"),
                            values=[0.25, 0.5, 1, 2, 4]))  # fmt: skip
    one_line = alt.Chart(alt.Data(values=[{"x": 1}])).mark_rule(color=INK, strokeDash=[2, 3])
    lines = alt.Chart(data).mark_rule(color=COLOURS[0], strokeWidth=1.5, clip=True)
    points = alt.Chart(data).mark_point(
        size=42, filled=False, color=COLOURS[0], clip=True, opacity=1
    )
    return alt.layer(
        one_line.encode(x=alt.X("x:Q", scale=scale)),
        lines.encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y),
        points.encode(
            x=x, y=y,
            fill=alt.Fill("clear:N", legend=None,
                          scale=alt.Scale(domain=["yes", "no"], range=[COLOURS[1], PAPER])),
            tooltip=says(Said(say("Hazard ratio per SD"), "true", ".2f"),
                         interval("lower", "upper", ".2f"), word("p", "p"),
                         word(say("adjusted p"), "adjusted"), name="column"),
        ),
    ).properties(width=PANEL, height=ROW * len(order),
                 title=alt.TitleParams(
                     say("{name}: {events}/{n} events", name=say(name), events=events, n=n),
                     fontSize=12, anchor="start", fontWeight="normal", frame="group"))  # fmt: skip
