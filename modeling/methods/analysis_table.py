"""A table as somebody hands it in: follow-up, events and covariates read, every problem listed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from modeling.methods.design_matrix import Term
from modeling.methods.splines import place_knots
from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say

MISSING = {"", "na", "n/a", "nan", "null", "none", "."}
EVENT = {"1": True, "true": True, "t": True, "0": False, "false": False, "f": False}
MOST_LEVELS = 20  # a text column with more values is an identifier, not a factor
MOSTLY_NUMBERS = 0.5  # above this share a column is numeric and its words are problems
MOST_LISTED = 50  # rows per kind of problem
FEWEST_ROWS, FEWEST_EVENTS = 20, 10
LARGEST = 1e100  # a number beyond this is a slip, and its square is no number


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


@dataclass
class _Reading:
    """What was found so far; problems are collected, never raised one by one."""

    text: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def wrong(self, column: str, rows: Sequence[int], expected: str, remedy: str) -> None:
        for i in rows[:MOST_LISTED]:
            self.problems.append(
                Problem("Table", f"“{self.text[column].iloc[i]}”", expected, remedy,
                        row=int(i) + 2, column=column)
            )  # fmt: skip
        if len(rows) > MOST_LISTED:
            self.about(column, f"{len(rows) - MOST_LISTED} more rows like these", expected, remedy)

    def about(self, column: str, found: str, expected: str, remedy: str) -> None:
        self.problems.append(Problem("Table", found, expected, remedy, column=column))


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
    text, separator = _read_text(content)
    reading = _Reading(text)
    wanted = [duration, event, *covariates]
    _check_names(reading, wanted, list(covariates), dict(factors or {}), dict(splines or {}))
    if reading.problems:
        raise DataProblem(reading.problems)
    gone = reading.text[wanted].apply(lambda column: column.str.lower().isin(MISSING))
    time, flag = _durations(reading, duration, gone), _events(reading, event, gone)
    columns, levels = {}, {}
    for name in covariates:
        columns[name], levels[name] = _covariate(reading, name, gone[name], factors or {})
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


def _read_text(content: bytes) -> tuple[pd.DataFrame, str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataProblem(
            [
                Problem(
                    "Table",
                    say("bytes that are not UTF-8 (at {start})", start=error.start),
                    "a CSV file in UTF-8",
                    "Save it as “CSV UTF-8”.",
                )
            ]
        ) from None
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    if len(rows) < 2:
        raise DataProblem(
            [
                Problem(
                    "Table",
                    say("{n} lines", n=len(rows)),
                    "a header and rows",
                    "Choose another file.",
                )
            ]
        )
    names = [name.strip() for name in rows[0]]
    ragged = [k + 1 for k, row in enumerate(rows) if len(row) != len(names)]
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    problems = [
        Problem(
            "Table",
            say("{n} cells", n=len(rows[line - 1])),
            say("{n} as in the header", n=len(names)),
            "Quote cells that hold the separator.",
            row=line,
        )
        for line in ragged[:MOST_LISTED]
    ] + [
        Problem("Table", "two columns of this name", "one", "Rename one of them.", column=name)
        for name in twice
    ]
    if problems:
        raise DataProblem(problems)
    return pd.DataFrame(rows[1:], columns=names).map(str.strip), separator


def _check_names(
    reading: _Reading,
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


def _numbers(column: pd.Series) -> Floats:
    """NaN where a cell is no number of ordinary size."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)


def _durations(reading: _Reading, name: str, gone: pd.DataFrame) -> Floats:
    time = _numbers(reading.text[name])
    there = ~gone[name].to_numpy()
    bad = np.flatnonzero(there & ~(np.isfinite(time) & (time >= 0)))
    reading.wrong(name, bad.tolist(), "follow-up as a number, zero or more",
                  "Correct the dates of this row, or empty the cell to leave it out.")  # fmt: skip
    return time


def _events(reading: _Reading, name: str, gone: pd.DataFrame) -> Floats:
    text = reading.text[name].str.lower().str.replace(r"\.0+$", "", regex=True)
    flag = text.map(EVENT)
    there = ~gone[name].to_numpy()
    bad = np.flatnonzero(there & flag.isna().to_numpy())
    reading.wrong(name, bad.tolist(), "0 or 1 (or FALSE, TRUE): 1 where the endpoint happened",
                  "Code the endpoint as 0 and 1.")  # fmt: skip
    return flag.astype("float64").to_numpy()


def _covariate(
    reading: _Reading, name: str, gone: pd.Series, factors: Mapping[str, Sequence[str]]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Values of a column, and its levels when it is a factor."""
    text, there = reading.text[name], ~gone.to_numpy()
    if name in factors:
        return _factor(reading, name, there, tuple(str(level) for level in factors[name]))
    numbers = _numbers(text)
    words = np.flatnonzero(there & ~np.isfinite(numbers))
    if words.size == 0 or words.size < MOSTLY_NUMBERS * there.sum():
        reading.wrong(name, words.tolist(), "a number, as in the other rows",
                      "Correct the cell, or empty it to leave the row out.")  # fmt: skip
        return numbers, ()
    levels = tuple(sorted(set(text[there])))
    if len(levels) > MOST_LEVELS:
        commas = np.isfinite(_numbers(text[there].str.replace(",", ".", n=1))).mean()
        remedy = (
            "Write decimals with a point."
            if commas > MOSTLY_NUMBERS
            else "Leave identifiers out, or join levels."
        )
        reading.about(name, f"{len(levels)} different texts", f"at most {MOST_LEVELS} levels",
                      remedy)  # fmt: skip
        return numbers, ()
    if len(levels) > 1:
        reading.notices.append(
            Notice(
                "taken_as_factor",
                say(
                    "{name} holds words: taken as a factor with the levels {levels}, the first as "
                    "reference (--factor states another order)",
                    name=name,
                    levels=", ".join(levels),
                ),
            )
        )
    return text.to_numpy(dtype=object), levels


def _factor(
    reading: _Reading, name: str, there: Flags, levels: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    text = reading.text[name]
    spelled = {_number_text(level): level for level in levels}
    values = text.map(lambda cell: cell if cell in levels else spelled.get(_number_text(cell)))
    unknown = np.flatnonzero(there & values.isna().to_numpy())
    reading.wrong(name, unknown.tolist(), f"one of {', '.join(levels)}",
                  "Correct the cell or add the level.")  # fmt: skip
    return values.to_numpy(dtype=object), levels


def _number_text(cell: str) -> str:
    """1, 1.0 and 01 are the same level; words stay as they are."""
    try:
        return f"{float(cell):.12g}"
    except ValueError:
        return cell


def _check_kept(
    reading: _Reading,
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
    reading: _Reading, name: str, levels: tuple[str, ...], column: pd.Series, event: Flags
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
    reading: _Reading,
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
