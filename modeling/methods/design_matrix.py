"""Columns of a table as a model reads them: numbers as they are, factors as indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modeling.methods.splines import spline_basis
from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say


@dataclass(frozen=True)
class Term:
    """One variable: numeric, bent by a spline (``knots``), or a factor (``levels``).

    The first level is the reference.
    """

    name: str
    levels: tuple[str, ...] = ()
    knots: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        if self.levels:
            return tuple(f"{self.name}{level}" for level in self.levels[1:])
        return tuple(self.name + "'" * bend for bend in range(max(1, len(self.knots) - 1)))


@dataclass(frozen=True)
class Design:
    """A model matrix with the terms that made it; rows in the table's order."""

    matrix: Floats
    terms: tuple[Term, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column for term in self.terms for column in term.columns)

    @property
    def groups(self) -> dict[str, list[str]]:
        return {term.name: list(term.columns) for term in self.terms}


def build_design(
    table: pd.DataFrame, columns: Sequence[str], factors: Mapping[str, Sequence[str]] | None = None
) -> Design:
    """Model matrix of ``columns``, treatment coded, without an intercept.

    Parameters
    ----------
    table : DataFrame, (n rows)
        Complete cases of the columns.
    columns : sequence of str
        In the order of the model.
    factors : mapping of column to its levels
        In order; the first level is the reference. Other columns are numeric.

    Raises
    ------
    DataProblem
        On an absent column, a missing value, a word in a numeric column or an unknown level.
    """
    levels = {name: tuple(str(v) for v in order) for name, order in (factors or {}).items()}
    terms = tuple(Term(name, levels.get(name, ())) for name in columns)
    return apply_design(table, terms)


def apply_design(table: pd.DataFrame, terms: Sequence[Term]) -> Design:
    """The same columns for other rows, with the levels fixed before."""
    problems: list[Problem] = []
    blocks = [_block(table, term, problems) for term in terms]
    if problems:
        raise DataProblem(problems)
    matrix = np.column_stack(blocks) if blocks else np.empty((len(table), 0))
    return Design(matrix, tuple(terms))


def _block(table: pd.DataFrame, term: Term, problems: list[Problem]) -> Floats:
    if term.name not in table:
        problems.append(
            Problem(
                say("Table"),
                say("no such column"),
                say("a column {name}", name=term.name),
                "Add the column or leave it out.",
                column=term.name,
            )
        )
        return np.empty((len(table), 0))
    return _factor(table, term, problems) if term.levels else _number(table, term, problems)


def _number(table: pd.DataFrame, term: Term, problems: list[Problem]) -> Floats:
    column = pd.to_numeric(table[term.name], errors="coerce").to_numpy(float)
    missing = int((~np.isfinite(column)).sum())
    if missing:
        problems.append(
            Problem(
                say("Table"),
                say("{missing} rows without a number", missing=missing),
                "a number in each row",
                "Leave these rows out, or impute first.",
                column=term.name,
            )
        )
    return spline_basis(column, term.knots) if term.knots else column[:, None]


def _factor(table: pd.DataFrame, term: Term, problems: list[Problem]) -> Floats:
    text = table[term.name].map(as_level).to_numpy(dtype=object)
    unknown = sorted({str(v) for v in text if v not in term.levels})
    if unknown:
        problems.append(
            Problem(
                say("Table"),
                say("the level(s) {unknown}", unknown=", ".join(unknown)),
                say("one of {levels}", levels=", ".join(term.levels)),
                "Correct the value or add the level.",
                column=term.name,
            )
        )
    return np.column_stack([(text == level).astype(float) for level in term.levels[1:]])


def as_level(value: object) -> str:
    """A factor's level as text: whole numbers without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
