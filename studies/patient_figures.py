"""What of a figure is for everybody, where its marks are patients (decision 0006).

The drawing stays; specification, table and what a screen reader says of each mark are the numbers,
and go only to those who may take rows of every patient shown (``access.takes_rows``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from studies.figures.figure import Figure
from studies.registry import Shows, patients_shown_in

FEWEST = 5  # a group of fewer is as good as its patients
_SAID = re.compile(r' aria-label="[^"]*"(?= role="graphics-symbol")')


def holds_patients(key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """Whether specification and table go down to a patient, or to a group of too few."""
    shows = patients_shown_in(key)
    if shows is Shows.GROUPS:
        return len(_of_groups(columns, rows)) < len(rows)
    return shows is not None


def figure_without_rows(figure: Figure) -> Figure:
    """As those have it who may not take rows: without specification, the table if it is of groups.

    A figure without patients stays as it is.
    """
    if not holds_patients(figure.key, figure.columns, figure.rows):
        return figure
    rows = _left(figure.key, figure.columns, figure.rows)
    return replace(figure, spec={}, rows=tuple(tuple(row) for row in rows))


def stored_without_rows(key: str, figure: Mapping[str, Any]) -> dict[str, Any]:
    """As ``figure_without_rows``, of one that is kept as JSON with its drawing."""
    if not holds_patients(key, figure["columns"], figure["rows"]):
        return dict(figure)
    rows = _left(key, figure["columns"], figure["rows"])
    svg = {"svg": _SAID.sub("", figure["svg"])} if "svg" in figure else {}
    return {**figure, "rows": [list(row) for row in rows], "spec": {}, **svg}


def drawing_without_rows(key: str, svg: str) -> str:
    """The drawing without what its marks say to a screen reader, where they are patients."""
    return _SAID.sub("", svg) if patients_shown_in(key) is not None else svg


def _left(key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    return [] if patients_shown_in(key) is Shows.ROWS else _of_groups(columns, rows)


def _of_groups(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Lines of groups that are large enough; of a table without ``n`` all of them."""
    if "n" not in columns:
        return list(rows)
    at = list(columns).index("n")
    return [row for row in rows if row[at] is None or row[at] >= FEWEST]
