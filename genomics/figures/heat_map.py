"""Cell abundances × patients ordered by cluster, with what is known of the patients above."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from genomics.figures.labels import COLD, HOT, PALE, label_colour, label_rank
from studies.colours import MEANING, PAPER, RESPONSES, STRIPS
from studies.colours import UNKNOWN as UNKNOWN_COLOUR
from studies.figures.figure import Figure, make_figure, plain
from studies.figures.reading import Said, says, word
from studies.methods.wording import marked, say, say_number

CELLS = "abundances"  # name of the data in the specification
CLIP = 2.5  # SD at which the colour saturates
ROW, WIDTH = 17, 690  # with its labels it can be read across a page
LABELS = 150  # room for names in fonts wider than the one measured
UNKNOWN = marked("unknown")


def draw_heat_map(
    z: pd.DataFrame,
    labels: pd.DataFrame,
    drive: dict[str, float],
    about: pd.DataFrame | None = None,
) -> Figure:
    """Abundances in SD of training: cell types by drive, patients by label, then by the core.

    Parameters
    ----------
    z : table, patients × cell types
    labels : table by patient with ``label`` and ``core``
    drive : share of the distance between hot and cold per cell type
    about : table by patient of words (cohort, site, response), a strip each
    """
    order = labels.sort_values(["core"], ascending=False).sort_values(
        "label", key=lambda column: column.map(label_rank), kind="stable"
    )
    cells = sorted(drive, key=lambda cell: -drive[cell])
    table = z.loc[order.index, cells]
    known = pd.DataFrame(index=order.index) if about is None else about.reindex(order.index)
    below = [] if known.empty else [_strips(known)]
    parts = [_runs(order), _cells(cells, len(table)), *below]
    chart = alt.vconcat(*parts, spacing=6).resolve_scale(color="independent")
    groups = list(dict.fromkeys(order["label"]))
    rows = [
        (
            say(cell),
            drive[cell],
            *(_mean(table.loc[order["label"] == group, cell]) for group in groups),
        )
        for cell in cells
    ]
    names = tuple(
        say(
            "mean z, {group} (n {n})",
            group=say(group),
            n=int((order["label"] == group).sum()),
        )
        for group in groups
    )
    figure = make_figure(
        "heat-map",
        marked("Cell abundances"),
        say(
            "Cell types in order of their share of the distance between the clusters, patients by "
            "label and then by the mean of the immune core. Colour: SD of the development cohort, "
            "saturated at {clip}.",
            clip=CLIP,
        ),
        chart,
        (marked("cell type"), marked("drive"), *names),
        rows,
        titled=False,
    )
    figure.spec["datasets"] = {
        **figure.spec.get("datasets", {}),
        CELLS: _values(table, order["label"]),
    }
    return figure


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def _x(n: int, axis: Any = None) -> alt.X:
    return alt.X("from:Q", axis=axis, scale=alt.Scale(domain=[0, max(1, n)], nice=False))


def _names() -> alt.Axis:
    return alt.Axis(title=None, ticks=False, domain=False, minExtent=LABELS)


def _runs(order: pd.DataFrame) -> alt.LayerChart:
    """Runs of equal labels above the columns."""
    groups = list(dict.fromkeys(order["label"]))
    ends = np.cumsum([(order["label"] == group).sum() for group in groups]).tolist()
    runs = [
        {"label": say(group), "from": start, "to": end,
         "text": say("{group} ({n})", group=say(group), n=end - start)}
        for group, start, end in zip(groups, [0, *ends[:-1]], ends, strict=True)
    ]  # fmt: skip
    shown = [say(group) for group in groups]
    base = alt.Chart(alt.InlineData(values=runs)).encode(x=_x(len(order)), x2="to:Q")
    colours = [label_colour(group) for group in groups]
    colour = alt.Color(
        "label:N", scale=alt.Scale(domain=shown, range=colours), sort=shown, legend=None
    )
    words = alt.Chart(alt.InlineData(values=runs)).mark_text(
        align="left", dx=4, color=PAPER, fontSize=12, fontWeight="bold"
    )
    bars = base.mark_rect(stroke=PAPER, strokeWidth=1).encode(color=colour)
    texts = words.encode(x=_x(len(order)), text="text:N")
    return alt.layer(bars, texts).properties(width=WIDTH, height=ROW)


def _strips(known: pd.DataFrame) -> alt.Chart:
    """A strip for each thing known of the patients, one legend under all."""
    names, colours, rows = [], [], []
    for number, strip in enumerate(known):
        words = [w.replace("_", " ") if isinstance(w, str) and w else "" for w in known[strip]]
        mine = sorted(set(words) - {""}, key=_rank_of_word)
        names += [_named(strip, word) for word in mine]
        colours += [_colour_of_word(word, number, k) for k, word in enumerate(mine)]
        rows += [
            {"from": k, "to": k + 1, "row": say(strip),
             "what": _named(strip, word) if word else say(UNKNOWN)}
            for k, word in enumerate(words)
        ]  # fmt: skip
    if any(row["what"] == say(UNKNOWN) for row in rows):
        names, colours = [*names, say(UNKNOWN)], [*colours, UNKNOWN_COLOUR]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        columns=4,
        columnPadding=36,
        symbolType="square",
        labelLimit=240,
    )  # fmt: skip
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect()
        .encode(
            x=_x(len(known)),
            x2="to:Q",
            y=alt.Y(
                "row:N",
                sort=[say(strip) for strip in known],
                axis=_names(),
            ),
            color=alt.Color(
                "what:N", scale=alt.Scale(domain=names, range=colours), sort=names, legend=legend
            ),
        )
        .properties(width=WIDTH, height=ROW * known.shape[1])
    )


def _named(strip: str, word: str) -> str:
    return say("{strip}: {word}", strip=say(strip), word=say(word))


def _rank_of_word(word: str) -> tuple[int, str]:
    """Responses from the best to the worst, everything else by name."""
    return list(RESPONSES).index(word) if word in RESPONSES else len(RESPONSES), word


def _colour_of_word(word: str, strip: int, place: int) -> str:
    """Of a family of its own for each strip, so that one colour says one thing."""
    family = STRIPS[strip % len(STRIPS)]
    return RESPONSES.get(word) or MEANING.get(word) or family[place % len(family)]


def _values(table: pd.DataFrame, labels: pd.Series) -> list[dict[str, Any]]:
    """Put into the specification after it was checked: thousands of rows check slowly."""
    values = np.round(table.to_numpy(dtype=float), 2)
    clipped, said = np.clip(values, -CLIP, CLIP), [say(label).here() for label in labels]
    return [
        {
            "from": column,
            "to": column + 1,
            "cell": plain(say(cell)),
            "z": plain(float(clipped[column, row])),
            "sd": plain(float(values[column, row])),
            "label": said[column],
        }
        for row, cell in enumerate(table.columns)
        for column in range(len(table))
    ]


def _cells(cells: list[str], n_patients: int) -> alt.Chart:
    title = say_number("{number} patient", "{number} patients", n_patients)
    axis = alt.Axis(title=title, labels=False, ticks=False, grid=False)
    return (
        alt.Chart(alt.NamedData(CELLS))
        .mark_rect()
        .encode(
            x=_x(n_patients, axis),
            x2="to:Q",
            y=alt.Y(
                "cell:N",
                sort=[say(cell) for cell in cells],
                axis=_names(),
            ),
            color=alt.Color(
                "z:Q",
                scale=alt.Scale(
                    domain=[-CLIP, 0, CLIP], range=[COLD, PALE, HOT], interpolate="rgb"
                ),
                legend=alt.Legend(title=say("SD of training"), orient="right", gradientLength=120),
            ),
            tooltip=says(
                Said(say("SD of training"), "sd", "+.2f"), word(say("label"), "label"), name="cell"
            ),
        )
        .properties(width=WIDTH, height=ROW * len(cells))
    )
