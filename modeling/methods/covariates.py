"""Covariates of a regression, checked before the fit: gaps, constants, collinear columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

NOTHING_NEW = 1e-9  # share of a column that the others do not explain


def check_columns(
    x: ArrayLike, names: Sequence[str] | None, rows: int
) -> tuple[Floats, tuple[str, ...]]:
    """Covariates as a float matrix with a name per column, or refused.

    Parameters
    ----------
    x : array, shape (rows, p) or (rows,)
    names : sequence of str or None
    rows : int

    Raises
    ------
    DataProblem
        On another shape, or missing values (each column is named).
    """
    columns = np.asarray(x, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    labels = tuple(names or (f"x{j + 1}" for j in range(columns.shape[1])))
    if columns.ndim != 2 or columns.shape != (rows, len(labels)):
        raise refuse(
            say("Covariates"),
            say("a table of {shape}", shape=columns.shape),
            f"({rows}, {len(labels)})",
            "Give one row per patient and one name per column.",
        )
    gaps = (~np.isfinite(columns)).sum(axis=0)
    problems = [
        Problem(
            say("Covariates"),
            say("{count} missing values", count=count),
            "a number in every row",
            "Leave these rows out, or impute first.",
            column=name,
        )
        for name, count in zip(labels, gaps.tolist(), strict=True)
        if count
    ]
    if problems:
        raise DataProblem(problems)
    return columns, labels


def check_estimable(columns: Floats, names: tuple[str, ...], events: int) -> None:
    """Refuse constant columns, more columns than ``events`` carry, and collinear columns.

    Parameters
    ----------
    columns : array, shape (n, p)
    names : tuple of p str
    events : int
        Events, or patients of the rarer class.

    Raises
    ------
    DataProblem
        With each column named, a collinear one with those it is made of.
    """
    constant = [name for name, column in zip(names, columns.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise DataProblem([_constant(name) for name in constant])
    if columns.shape[1] >= events:
        raise DataProblem([too_many_columns(columns.shape[1], events)])
    dependent = find_dependent_columns(columns, names)
    if dependent:
        raise DataProblem([dependent_column(name, others) for name, others in dependent.items()])


def find_dependent_columns(columns: Floats, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Columns that those before them make up, with which ones (no p-value, no judgement).

    Parameters
    ----------
    columns : array, shape (n, p)
    names : tuple of p str
    """
    scale = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    length = np.sqrt(len(columns))
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    found = {}
    for j, name in enumerate(names):
        rest = scaled[:, j]
        for _ in range(2):  # once more: what rounding left behind
            rest = rest - basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > NOTHING_NEW * length:
            basis, kept = np.column_stack([basis, rest / size]), [*kept, j]
            continue
        share = np.linalg.lstsq(scaled[:, kept], scaled[:, j], rcond=None)[0]
        found[name] = tuple(names[k] for k, b in zip(kept, share, strict=True) if abs(b) > 1e-6)
    return found


def own_spread(columns: Floats) -> Floats:
    """SD of what each column has of its own: its residual on all the others, shape (p,).

    Parameters
    ----------
    columns : array, shape (n, p)
        None constant, none a linear combination of others.
    """
    spread = columns.std(axis=0)
    triangle = np.linalg.qr((columns - columns.mean(axis=0)) / spread, mode="r")
    shares = np.linalg.inv(triangle / np.sqrt(len(columns)))
    own: Floats = spread / np.linalg.norm(shares, axis=1)
    return own


def too_many_columns(columns: int, events: int) -> Problem:
    """What is said of as many columns as events, or more."""
    return Problem(
        say("Covariates"),
        say("{shape} columns for {events} events", shape=columns, events=events),
        "fewer columns than events",
        "Leave columns out or wait for events.",
    )


def _constant(name: str) -> Problem:
    return Problem(say("Covariates"), say("the same value in every row"), "at least two values",
                   "Leave this column out.", column=name)  # fmt: skip


def dependent_column(name: str, others: tuple[str, ...]) -> Problem:
    """What is said of a column that ``others`` make up."""
    return Problem(
        say("Covariates"),
        say("{name} is a linear combination of {others}", name=name, others=", ".join(others)),
        "columns that each add something (collinear columns share one effect)",
        "Leave one of them out.",
        column=name,
    )
