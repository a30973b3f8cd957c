"""The losses of a fit, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from studies.figures.figure import (
    DOTS,
    INK,
    LONG_DASH,
    QUIET,
    SERIES,
    Figure,
    make_figure,
    rows_of,
    unit_axis,
)
from studies.figures.reading import Said, says, whole
from studies.methods.wording import marked, say


def losses_figure(version: Any) -> Figure | None:
    """Of an extractor's version; nothing where none was trained."""
    return draw_losses(version.losses, version.held_out_losses) if version.losses else None


def draw_losses(training: Sequence[float], held_out: Sequence[float]) -> Figure:
    """Mean squared error of training and held-out cubes; a line marks the epoch that was kept."""
    lines = {say("training"): training, say("held out"): held_out if len(held_out) else []}
    names = [name for name, values in lines.items() if len(values)]
    data = alt.Chart(rows_of(
        epoch=[k + 1 for name in names for k in range(len(lines[name]))],
        loss=[value for name in names for value in lines[name]],
        line=[name for name in names for _ in lines[name]],
    ))  # fmt: skip
    colours = alt.Scale(domain=names, range=[QUIET, SERIES[0]][: len(names)])
    dashes = alt.Scale(domain=names, range=[LONG_DASH, [1, 0]][: len(names)])
    drawn = data.mark_line(strokeWidth=2).encode(
        x=alt.X("epoch:Q", scale=alt.Scale(nice=False),
                axis=unit_axis(say("Epoch"), tickMinStep=1)),
        y=alt.Y("loss:Q", axis=unit_axis(say("Mean squared error"), tickCount=5)),
        color=alt.Color("line:N", sort=names, scale=colours),
        strokeDash=alt.StrokeDash("line:N", sort=names, scale=dashes),
        tooltip=says(whole(say("Epoch"), "epoch"), Said(say("Mean squared error"), "loss"),
                     name="line"),
    )  # fmt: skip
    chart = alt.layer(drawn, *_kept(held_out)).properties(width=380, height=200)
    rows = [(k + 1, loss, held_out[k] if k < len(held_out) else None)
            for k, loss in enumerate(training)]  # fmt: skip
    return make_figure(
        "losses", marked("Loss by epoch"), _caption(held_out), chart,
        (marked("epoch"), marked("training"), marked("held out")), rows, titled=False,
    )  # fmt: skip


def _kept(held_out: Sequence[float]) -> list[alt.Chart]:
    if not len(held_out):
        return []
    best = alt.Chart(rows_of(x=[best_epoch(held_out)], text=[say("kept")]))
    return [
        best.mark_rule(strokeDash=DOTS, color=INK).encode(x="x:Q"),
        best.mark_text(align="left", baseline="top", dx=4, fontSize=12, color=INK).encode(
            x="x:Q", y=alt.value(0), text="text:N"
        ),
    ]


def best_epoch(held_out: Sequence[float]) -> int:
    return min(range(len(held_out)), key=held_out.__getitem__) + 1


def _caption(held_out: Sequence[float]) -> str:
    if not len(held_out):
        return say("Parts of the training cubes. Too few patients to hold any out.")
    return say(
        "Training: parts of the training cubes. Held out: whole cubes of training patients that "
        "no step saw; the weights of epoch {epoch} were kept.",
        epoch=best_epoch(held_out),
    )
