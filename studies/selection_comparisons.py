"""What the page of two selections side by side shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _

from studies import registry
from studies.glance_page import (
    EVERYBODY,
    HEIGHT,
    SELECTED,
    WIDTH,
    CurveView,
    curve_of,
    last_month,
    month_ticks,
    range_said,
)
from studies.methods.problems import refuse
from studies.methods.selection import NUMBER, SURVIVAL, Column, Mask
from studies.methods.selection_comparison import Described, Difference, compare_selections
from studies.methods.wording import marked, say
from studies.models import Study
from studies.selections import Selection, selection_of

REST = marked("everybody else")


@dataclass(frozen=True)
class Groups:
    """Two groups that share nobody; ``shared`` patients stood in both and are in neither."""

    one: Mask
    other: Mask
    other_name: str
    shared: int
    chosen_by: frozenset[str]


@dataclass(frozen=True)
class Row:
    """A column of the comparison as text; ``levels`` are lines of their own."""

    difference: Difference
    one: str
    other: str
    levels: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Curves:
    column: Column
    curves: list[CurveView]
    ticks: list[tuple[float, str]]
    difference: Difference


def comparison_context(
    user: Any, study: Study, pairs: Sequence[tuple[str, str]], other: str = ""
) -> dict[str, Any]:
    """The selection of ``pairs`` beside the rest, or beside the selection of ``other``.

    Raises
    ------
    DataProblem
        A condition that cannot be applied, or a group without anybody.
    """
    selection = selection_of(user, study, pairs)
    groups = groups_of(user, study, selection, other)
    rows = differences(selection, groups)
    return {
        "selection": selection,
        "groups": groups,
        "size": int(groups.one.sum()),
        "other_size": int(groups.other.sum()),
        "rows": [_row(row) for row in rows],
        "tests": sum(row.test is not None for row in rows),
        "survival": _survival(rows, groups),
        "back": f"{reverse('studies:glance', args=[study.uid])}?{selection.address}",
        "here": reverse("studies:glance", args=[study.uid]),
        "width": WIDTH,
        "height": HEIGHT,
    }


def groups_of(user: Any, study: Study, selection: Selection, other: str = "") -> Groups:
    """Who is compared with whom.

    Raises
    ------
    DataProblem
        A group has nobody.
    """
    mine, chosen = selection.mask, {c.column for c in selection.conditions}
    if other:
        second = selection_of(user, study, other)
        theirs, name = second.mask, "; ".join(second.said) or EVERYBODY
        chosen |= {c.column for c in second.conditions}
    else:
        theirs, name = ~mine, REST
    both = mine & theirs
    found = Groups(mine & ~both, theirs & ~both, name, int(both.sum()), frozenset(chosen))
    for said, mask in ((_("the selection"), found.one), (name, found.other)):
        if not mask.any():
            raise refuse(
                said,
                say("nobody"),
                "patients in both groups",
                "Choose a selection that some patients meet and others do not.",
            )
    return found


def differences(selection: Selection, groups: Groups) -> list[Difference]:
    return compare_selections(
        selection.table.columns, groups.one, groups.other, groups.chosen_by,
        _log_rank, _median, registry.method("benjamini_hochberg"),
    )  # fmt: skip


def _log_rank(months: Any, event: Any, group: Any) -> float:
    return float(registry.method("log_rank")(months, event, group).p_value)


def _median(months: Any, event: Any) -> float:
    return float(registry.method("kaplan_meier")(months, event).median[0])


def _survival(rows: list[Difference], groups: Groups) -> list[Curves]:
    found = []
    for row in rows:
        if row.column.kind != SURVIVAL:
            continue
        last = last_month(row.column, [groups.one, groups.other])
        named = ((groups.one, SELECTED), (groups.other, groups.other_name))
        curves = [curve_of(row.column, mask, name, last) for mask, name in named]
        drawn = [curve for curve in curves if curve]
        if drawn:
            found.append(Curves(row.column, drawn, month_ticks(last), row))
    return found


def _row(row: Difference) -> Row:
    one, other = (described(row.column, part) for part in (row.one, row.other))
    levels = []
    if row.column.kind not in (NUMBER, SURVIVAL):
        levels = [
            (label, _share(row.one, place), _share(row.other, place))
            for place, (_, label) in enumerate(row.column.levels)
            if row.one.counts[place] or row.other.counts[place]
        ]
    return Row(row, one, other, levels)


def described(column: Column, part: Described) -> str:
    """``61 (54 to 68)``, or ``median 18.2 months, 40 events``; nothing for a category."""
    if part.n == 0:
        return "–"
    if column.kind == NUMBER and part.quartiles is not None:
        low, middle, high = part.quartiles
        return range_said(low, middle, high)
    if column.kind == SURVIVAL:
        reached = (
            _("not reached")
            if np.isnan(part.median)
            else _("{median:.1f} months").format(median=part.median)
        )
        return _("median {reached}, {events} events").format(reached=reached, events=part.events)
    return ""


def _share(part: Described, place: int) -> str:
    count = part.counts[place]
    return f"{count} ({count / part.n:.0%})" if part.n else "–"
