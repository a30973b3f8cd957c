"""From cohort to model: boxes with counts, one column per cohort, who is left out between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from studies.figures.figure import COLOURS, INK, QUIET, Figure, make_figure, rows_of
from studies.methods.wording import marked, say

BOX, ROW = 160, 88


@dataclass(frozen=True)
class AttritionStep:
    """A question, what a patient needs to be in it, and how many of each cohort are."""

    title: str
    counts: Sequence[int]
    needs: str = ""


def draw_attrition(
    cohorts: Sequence[str],
    uses: Sequence[str],
    steps: Sequence[AttritionStep],
    title: str = marked("Study design and attrition"),
    caption: str = "",
    key: str = "attrition",
) -> Figure:
    """The first step is the cohort itself; each later one is asked of it, not of the one before."""
    cells = [
        (c, s, cohort, step, step.counts[c], steps[0].counts[c] - step.counts[c])
        for c, cohort in enumerate(map(say, cohorts))
        for s, step in enumerate(steps)
    ]
    data = rows_of(
        left=[c - 0.45 for c, *_ in cells], right=[c + 0.45 for c, *_ in cells],
        top=[s - 0.28 for _, s, *_ in cells], bottom=[s + 0.28 for _, s, *_ in cells],
        x=[c for c, *_ in cells], y=[s for _, s, *_ in cells],
        title=[say(step.title) for _, _, _, step, _, _ in cells],
        needs=[say(step.needs) for _, _, _, step, _, _ in cells],
        said=[say("n = {n} ({out} left out)", n=n, out=out) if out else say("n = {n}", n=n)
              for *_, n, out in cells],
    )  # fmt: skip
    x_scale = alt.Scale(domain=[-0.5, len(cohorts) - 0.5], nice=False)
    y_scale = alt.Scale(domain=[len(steps) - 0.6, -1.0], nice=False)
    base = alt.Chart(data)
    boxes = base.mark_rect(
        fill="#ffffff", stroke=COLOURS[0], strokeWidth=1.2, cornerRadius=4
    ).encode(
        x=alt.X("left:Q", scale=x_scale, axis=None), x2="right:Q",
        y=alt.Y("top:Q", scale=y_scale, axis=None), y2="bottom:Q",
    )  # fmt: skip
    x, y = alt.X("x:Q", scale=x_scale, axis=None), alt.Y("y:Q", scale=y_scale, axis=None)
    heads = rows_of(
        x=list(range(len(cohorts))),
        y=[-0.72] * len(cohorts),
        name=list(map(say, cohorts)),
        use=list(map(say, uses)),
    )
    chart = alt.layer(
        *_arrows(len(cohorts), len(steps), x_scale, y_scale),
        boxes,
        *(
            base.mark_text(fontSize=size, dy=down, color=ink, limit=BOX - 14).encode(
                x=x, y=y, text=f"{text}:N"
            )
            for text, size, down, ink in (
                ("title", 12, -13, INK), ("needs", 11, 3, QUIET), ("said", 12, 18, INK)
            )
        ),
        alt.Chart(heads).mark_text(fontSize=12, fontWeight="bold", dy=-8, color=INK,
                                   limit=BOX).encode(x=x, y=y, text="name:N"),
        alt.Chart(heads).mark_text(fontSize=12, dy=8, color=QUIET).encode(x=x, y=y, text="use:N"),
    ).properties(width=BOX * len(cohorts), height=ROW * len(steps) + 40)  # fmt: skip
    rows = [
        (cohort, say(step.title), say(step.needs), n, out) for _, _, cohort, step, n, out in cells
    ]
    columns = (
        marked("cohort"), marked("question"), marked("needs"), marked("included"),
        marked("left out"),
    )  # fmt: skip
    return make_figure(key, title, caption, chart, columns, rows, wide=True)


def _arrows(cohorts: int, steps: int, x_scale: alt.Scale, y_scale: alt.Scale) -> list[alt.Chart]:
    if steps < 2:
        return []
    pairs = [(c, s) for c in range(cohorts) for s in range(steps - 1)]
    data = rows_of(x=[c for c, _ in pairs], from_=[s + 0.28 for _, s in pairs],
                   to=[s + 0.72 for _, s in pairs])  # fmt: skip
    line = alt.Chart(data).mark_rule(color=QUIET).encode(
        x=alt.X("x:Q", scale=x_scale, axis=None),
        y=alt.Y("from_:Q", scale=y_scale, axis=None), y2="to:Q",
    )  # fmt: skip
    return [line]
