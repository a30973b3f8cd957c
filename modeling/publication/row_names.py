"""How a row of a report's table is called: by its first cell, with more words where it repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modeling.publication.words import cell_text

Rows = Sequence[Sequence[Any]]


def naming_columns(rows: Rows) -> list[int]:
    """Columns that name a row: the first, and words in every row; of words alone, the first."""
    size = len(rows[0]) if rows else 0
    worded = [k for k in range(size) if all(_is_word(row[k]) for row in rows)]
    named = sorted({0, *worded})
    return [0] if len(named) == size else named


def row_names(rows: Rows) -> list[str]:
    """Of every row; the first cell alone where no two rows share it."""
    first = [_first(row[0]) for row in rows]
    if len(set(first)) == len(first):
        return first
    return [", ".join([_first(row[0]), *(cell_text(row[k]) for k in naming_columns(rows) if k)])
            for row in rows]  # fmt: skip


def _first(cell: Any) -> str:
    return str(cell["value"] if isinstance(cell, dict) else cell)


def _is_word(cell: Any) -> bool:
    return isinstance(cell, str) and cell[:1].isalpha()
