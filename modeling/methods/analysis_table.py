"""A table as somebody hands it in: follow-up, events and covariates read, every problem listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modeling.methods.analysis_cells import (
    MISSING,
    Reading,
    read_cells,
    read_covariate,
    read_durations,
    read_events,
)
from modeling.methods.design_matrix import Term
from modeling.methods.splines import place_knots
from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import DataProblem, Notice

FEWEST_ROWS, FEWEST_EVENTS = 20, 10


@dataclass(frozen=True)
class Excluded:
    """A row left out because columns are missing; ``row`` counts data rows from 1."""

    row: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class AnalysisTable:
    """Complete rows in the table's order; ``row`` is their number in the table (from 1)."""

    row: np.ndarray
    duration: Floats
    event: Flags
    covariates: pd.DataFrame
    terms: tuple[Term, ...]
    excluded: tuple[Excluded, ...]
    notices: tuple[Notice, ...]
    separator: str = ","


def read_analysis_table(
    content: bytes,
    duration: str,
    event: str,
    covariates: Sequence[str],
    factors: Mapping[str, Sequence[str]] | None = None,
    splines: Mapping[str, int] | None = None,
) -> AnalysisTable:
    """Complete cases of a CSV table (comma, semicolon or tab), columns that are not named ignored.

    Parameters
    ----------
    content : bytes
        The file, UTF-8.
    duration, event : str
        Columns of follow-up (zero or more) and of the endpoint (0/1 or TRUE/FALSE).
    covariates : sequence of str
        In the order of the model. A column of numbers is numeric; one of words is a factor with
        its levels in alphabetical order, and a notice says so.
    factors : mapping of column to levels
        In order, the first the reference; numbers too become a factor this way.
    splines : mapping of column to number of knots

    Raises
    ------
    DataProblem
        With everything that is wrong, by row and column.
    """
    text, separator = read_cells(content)
    reading = Reading(text)
    wanted = [duration, event, *covariates]
    _check_names(reading, wanted, list(covariates), dict(factors or {}), dict(splines or {}))
    if reading.problems:
        raise DataProblem(reading.problems)
    gone = reading.text[wanted].apply(lambda column: column.str.lower().isin(MISSING))
    time, flag = read_durations(reading, duration, gone), read_events(reading, event, gone)
    columns, levels = {}, {}
    for name in covariates:
        columns[name], levels[name] = read_covariate(reading, name, gone[name], factors or {})
    if reading.problems:
        raise DataProblem(reading.problems)
    whole = ~gone.any(axis=1).to_numpy()
    kept = np.flatnonzero(whole)
    table = pd.DataFrame({name: column[kept] for name, column in columns.items()})
    _check_kept(reading, table, levels, flag[kept] == 1, event, time[kept], duration)
    terms = tuple(_term(reading, name, table, levels[name], splines or {}) for name in covariates)
    if reading.problems:
        raise DataProblem(reading.problems)
    excluded = tuple(
        Excluded(int(i) + 1, tuple(name for name in wanted if gone[name].iloc[i]))
        for i in np.flatnonzero(~whole)
    )
    if excluded:
        text = f"{len(excluded)} of {whole.size} rows lack a value and are left out (complete case)"
        reading.notices.append(Notice("incomplete_rows", text))
    return AnalysisTable(
        kept + 1,
        time[kept],
        flag[kept] == 1,
        table,
        terms,
        excluded,
        tuple(reading.notices),
        separator,
    )


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


def _check_kept(
    reading: Reading,
    table: pd.DataFrame,
    levels: Mapping[str, tuple[str, ...]],
    event: Flags,
    event_name: str,
    time: Floats,
    time_name: str,
) -> None:
    n, events = len(table), int(event.sum())
    if n < FEWEST_ROWS:
        remedy = "A prognostic model of so few patients means nothing: collect more."
        reading.about("", f"{n} complete rows", f"at least {FEWEST_ROWS}", remedy)
    if events < FEWEST_EVENTS:
        said = "no events: everybody is censored" if events == 0 else f"{events} events in {n} rows"
        remedy = "Wait for follow-up, choose another endpoint, or check its coding."
        reading.about(event_name, said, f"at least {FEWEST_EVENTS} events", remedy)
    if events >= FEWEST_EVENTS and np.unique(time[event]).size == 1:
        reading.about(time_name, "all events at one time", "events at two times or more",
                      "Check the follow-up; of one time take a logistic model.")  # fmt: skip
    for name, known in levels.items():
        if known:
            _check_levels(reading, name, known, table[name], event)
        elif n and np.ptp(table[name].to_numpy(float)) == 0:
            reading.about(name, "the same value in every row", "at least two values",
                          "Leave this column out.")  # fmt: skip


def _check_levels(
    reading: Reading, name: str, levels: tuple[str, ...], column: pd.Series, event: Flags
) -> None:
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
