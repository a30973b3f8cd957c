"""Points of specimens: components, sex, depth, agreement, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from studies.figures.figure import colour_of, rows_of, shape_of
from studies.figures.reading import Said, says, word
from studies.methods.wording import marked, say

SIZE = 300
OTHER = marked("not recorded")
LONG = 13  # signs of a name from which two do not stand side by side


def scatter(
    x: Sequence[float | None],
    y: Sequence[float | None],
    group: Sequence[str],
    titles: tuple[str, str],
    legend: str | None = None,
    who: Sequence[str] | None = None,
    read: Sequence[float | None] | None = None,
    **size: Any,
) -> alt.Chart:
    """A point per specimen, group by colour and shape; ``who`` names each where it is read.

    ``read``: y as it is, where it is drawn otherwise.
    """
    names = sorted(set(group) - {OTHER}) + ([OTHER] if OTHER in group else [])
    names = [say(name) for name in names]
    long = max(map(len, names), default=0) > LONG
    named: dict[str, Any] = {} if who is None else {"who": [str(name) for name in who]}
    if read is not None:
        named["read"] = list(read)
    key = None
    if legend is not None:
        key = alt.Legend(title=legend, orient="bottom", columns=1 if long else 2)
    return (
        alt.Chart(rows_of(x=x, y=y, group=[say(name) for name in group], **named))
        .mark_point(filled=True, size=46, opacity=0.75)
        .encode(
            x=alt.X("x:Q", title=titles[0], scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", title=titles[1], scale=alt.Scale(zero=False)),
            color=alt.Color("group:N", scale=colour_of(names), legend=key),
            shape=alt.Shape("group:N", scale=shape_of(names), legend=key),
            tooltip=says(
                Said(titles[0], "x"),
                Said(titles[1], "y" if read is None else "read"),
                *([word(legend, "group")] if legend and who is not None else []),
                name="group" if who is None else "who",
            ),
        )
        .properties(**({"width": SIZE, "height": SIZE - 40} | size))
    )
