"""Two frozen tables: who came and went, and which values changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

SHOWN = 500


@dataclass(frozen=True)
class ValueChange:
    """One value of one row that is another now; None where it is missing."""

    key: tuple[str, ...]
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class TableComparison:
    """Rows and columns on one side only, and values that changed in the rows of both."""

    rows_in: tuple[tuple[str, ...], ...]
    rows_out: tuple[tuple[str, ...], ...]
    columns_in: tuple[str, ...]
    columns_out: tuple[str, ...]
    rows_of_both: int
    changed: int
    by_column: dict[str, int]
    changes: tuple[ValueChange, ...]


def compare_tables(
    before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str]
) -> TableComparison:
    """What became of the rows and values of a table.

    Parameters
    ----------
    before, after : DataFrame
        With the columns of ``key``, which name a row once.
    key : sequence of str

    Returns
    -------
    TableComparison
        ``changes`` holds the first 500; ``by_column`` counts all. Two missing values are equal;
        numbers are compared exactly.
    """
    one, other = before.set_index(list(key)).sort_index(), after.set_index(list(key)).sort_index()
    both = one.index.intersection(other.index)
    shared = [name for name in one.columns if name in other.columns]
    old, new = one.loc[both, shared], other.loc[both, shared]
    differs = ~((old == new) | (old.isna() & new.isna()))
    changes = [
        ValueChange(_named(both[i]), shared[j], _plain(old.iat[i, j]), _plain(new.iat[i, j]))
        for i, j in zip(*differs.to_numpy().nonzero(), strict=True)
    ]
    counts = differs.sum()
    return TableComparison(
        tuple(_named(k) for k in other.index.difference(one.index)),
        tuple(_named(k) for k in one.index.difference(other.index)),
        tuple(sorted(set(other.columns) - set(one.columns))),
        tuple(sorted(set(one.columns) - set(other.columns))),
        len(both),
        len(changes),
        {str(name): int(n) for name, n in counts[counts > 0].items()},
        tuple(changes[:SHOWN]),
    )


def _named(key: Any) -> tuple[str, ...]:
    return tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    return (
        value.item() if hasattr(value, "item") else value if isinstance(value, str) else str(value)
    )
