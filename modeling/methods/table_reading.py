"""A CSV file as somebody hands it in, read column by column; every problem is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modeling.methods.analysis_cells import MISSING, Reading, read_cells, read_covariate
from modeling.methods.design_matrix import Term
from modeling.methods.splines import place_knots
from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem, Notice

FEWEST_ROWS, FEWEST_EVENTS = 20, 10


@dataclass(frozen=True)
class Excluded:
    """A row left out because columns are missing; ``row`` counts data rows from 1."""

    row: int
    missing: tuple[str, ...]


Read = Callable[[Reading, str, pd.DataFrame], Floats]


@dataclass(frozen=True)
class Columns:
    """Complete rows of the columns that were asked for, in the table's order.

    ``row`` is their number in the table (from 1); ``outcomes`` holds a column of numbers each.
    """

    row: np.ndarray
    outcomes: dict[str, Floats]
    covariates: pd.DataFrame
    terms: tuple[Term, ...]
    excluded: tuple[Excluded, ...]
    notices: tuple[Notice, ...]
    separator: str


def read_columns(
    content: bytes,
    outcomes: Sequence[tuple[str, Read]],
    covariates: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    splines: Mapping[str, int],
    check: Callable[[Reading, dict[str, Floats]], None],
) -> Columns:
    """Complete cases of a CSV table (comma, semicolon or tab), columns that are not named ignored.

    Parameters
    ----------
    content : bytes
        The file, UTF-8.
    outcomes : sequence of (column, how it is read)
    covariates, factors, splines
        As in :func:`modeling.methods.analysis_table.read_analysis_table`.
    check : callable (reading, outcomes of the complete rows)
        Adds what is wrong with the outcomes as a whole.

    Raises
    ------
    DataProblem
        With everything that is wrong, by row and column.
    """
    text, separator = read_cells(content)
    reading = Reading(text)
    wanted = [*(name for name, _ in outcomes), *covariates]
    _check_names(reading, wanted, list(covariates), factors, splines)
    reading.refuse_problems()
    gone = text[wanted].apply(lambda column: column.str.lower().isin(MISSING))
    known = {name: read(reading, name, gone) for name, read in outcomes}
    values, levels = {}, {}
    for name in covariates:
        values[name], levels[name] = read_covariate(reading, name, gone[name], factors)
    reading.refuse_problems()
    whole = ~gone.any(axis=1).to_numpy()
    kept = np.flatnonzero(whole)
    table = pd.DataFrame({name: column[kept] for name, column in values.items()})
    inside = {name: column[kept] for name, column in known.items()}
    if len(kept) < FEWEST_ROWS:
        remedy = "A model of so few patients means nothing: collect more."
        reading.about("", f"{len(kept)} complete rows", f"at least {FEWEST_ROWS}", remedy)
    check(reading, inside)
    _check_covariates(reading, table, levels)
    terms = tuple(_term(reading, name, table, levels[name], splines) for name in covariates)
    reading.refuse_problems()
    excluded = tuple(
        Excluded(int(i) + 1, tuple(name for name in wanted if gone[name].iloc[i]))
        for i in np.flatnonzero(~whole)
    )
    if excluded:
        said = f"{len(excluded)} of {whole.size} rows lack a value and are left out (complete case)"
        reading.notices.append(Notice("incomplete_rows", said))
    return Columns(kept + 1, inside, table, terms, excluded, tuple(reading.notices), separator)


def _check_names(
    reading: Reading,
    wanted: list[str],
    covariates: list[str],
    factors: Mapping[str, Sequence[str]],
    splines: Mapping[str, int],
) -> None:
    for name in dict.fromkeys(wanted):
        if name not in reading.text:
            there = ", ".join(reading.text.columns[:30])
            reading.about(name, "no such column", f"one of {there}", "Correct the name.")
        if wanted.count(name) > 1:
            reading.about(name, "a column named twice", "each column once, follow-up and event "
                          "not among the covariates", "Name it once.")  # fmt: skip
    for name in [*factors, *splines]:
        if name not in covariates:
            reading.about(name, "a factor or spline that is no covariate", "one of the covariates",
                          "Add it to the covariates or leave it out.")  # fmt: skip
    for name, levels in factors.items():
        if len(set(levels)) != len(levels) or len(levels) < 2:
            reading.about(name, f"the levels {', '.join(levels)}", "two or more different levels",
                          "Correct the list of levels.")  # fmt: skip
    if not covariates:
        reading.about("", "no covariate", "one at least", "Name the covariates.")


def _check_covariates(
    reading: Reading, table: pd.DataFrame, levels: Mapping[str, tuple[str, ...]]
) -> None:
    for name, known in levels.items():
        if known:
            _check_levels(reading, name, known, table[name])
        elif len(table) and np.ptp(table[name].to_numpy(float)) == 0:
            reading.about(name, "the same value in every row", "at least two values",
                          "Leave this column out.")  # fmt: skip


def _check_levels(reading: Reading, name: str, levels: tuple[str, ...], column: pd.Series) -> None:
    counts = column.value_counts()
    for level in levels:
        if not counts.get(level, 0):
            reading.about(name, f"no complete row of level {level}", "rows at every level",
                          "Leave the level out of the list, or join it with another.")  # fmt: skip
    if counts.size == 1 and len(levels) == 1:
        reading.about(name, "the same value in every row", "at least two values",
                      "Leave this column out.")  # fmt: skip


def _term(
    reading: Reading,
    name: str,
    table: pd.DataFrame,
    levels: tuple[str, ...],
    splines: Mapping[str, int],
) -> Term:
    if name not in splines or not len(table):
        return Term(name, levels)
    if levels:
        reading.about(name, "a spline of a factor", "a numeric column", "Leave the spline out.")
        return Term(name, levels)
    try:
        return Term(name, (), place_knots(table[name].to_numpy(float), splines[name]))
    except DataProblem as refusal:
        for problem in refusal.problems:
            reading.about(name, problem.found, problem.expected, problem.remedy)
        return Term(name)
