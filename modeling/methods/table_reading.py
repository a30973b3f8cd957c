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
from studies.methods.wording import say

FEWEST_ROWS, FEWEST_EVENTS = 20, 10
TAKEN = ("row", "total_points", "probability", "overall")  # names of the results' own columns


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
    ``followed`` holds the outcomes and covariates of every row whose outcomes are known; what is
    missing there is None.
    """

    row: np.ndarray
    outcomes: dict[str, Floats]
    covariates: pd.DataFrame
    followed: pd.DataFrame
    terms: tuple[Term, ...]
    beside: tuple[Term, ...]
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
    grouping: bool = False,
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
    grouping : bool
        Whether a factor may be no covariate; it stands in ``beside`` and in ``followed``.

    Raises
    ------
    DataProblem
        With everything that is wrong, by row and column.
    """
    text, separator = read_cells(content)
    reading = Reading(text)
    wanted = [*(name for name, _ in outcomes), *covariates]
    beside = [name for name in factors if grouping and name in text and name not in wanted]
    _check_names(reading, wanted, list(covariates), [*covariates, *beside], factors, splines)
    reading.refuse_problems()
    gone = text[[*wanted, *beside]].apply(lambda column: column.str.lower().isin(MISSING))
    known = {name: read(reading, name, gone) for name, read in outcomes}
    found = {name: read_covariate(reading, name, gone[name], factors)
             for name in [*covariates, *beside]}  # fmt: skip
    reading.refuse_problems()
    whole = ~gone[wanted].any(axis=1).to_numpy()
    kept = np.flatnonzero(whole)
    table = pd.DataFrame({name: found[name][0][kept] for name in covariates})
    levels = {name: found[name][1] for name in covariates}
    inside = {name: column[kept] for name, column in known.items()}
    if len(kept) < FEWEST_ROWS:
        remedy = "A model of so few patients means nothing: collect more."
        reading.about("", f"{len(kept)} complete rows", f"at least {FEWEST_ROWS}", remedy)
    check(reading, inside)
    _check_covariates(reading, table, levels)
    _check_leaks(reading, table, levels, inside)
    terms = tuple(_term(reading, name, table, levels[name], splines) for name in covariates)
    reading.refuse_problems()
    excluded = tuple(
        Excluded(int(i) + 1, tuple(name for name in wanted if gone[name].iloc[i]))
        for i in np.flatnonzero(~whole)
    )
    reading.notices += _about_rows(len(excluded), whole.size, beside)
    gaps = {
        name: np.where(gone[name].to_numpy(), np.array(None, dtype=object), column)
        for name, (column, _) in found.items()
    }
    return Columns(
        row=kept + 1,
        outcomes=inside,
        covariates=table,
        followed=pd.DataFrame({**known, **gaps})[~gone[list(known)].any(axis=1).to_numpy()],
        terms=terms,
        beside=tuple(Term(name, found[name][1]) for name in beside),
        excluded=excluded,
        notices=tuple(reading.notices),
        separator=separator,
    )


def _about_rows(excluded: int, rows: int, beside: Sequence[str]) -> list[Notice]:
    notices = []
    if beside:
        text = say("{names}: no covariate, told by Kaplan-Meier curves alone",
                   names=", ".join(beside))  # fmt: skip
        notices.append(Notice("beside_the_model", text))
    if excluded:
        said = f"{excluded} of {rows} rows lack a value and are left out (complete case)"
        notices.append(Notice("incomplete_rows", said))
    return notices


def _check_names(
    reading: Reading,
    wanted: list[str],
    covariates: list[str],
    shown: list[str],
    factors: Mapping[str, Sequence[str]],
    splines: Mapping[str, int],
) -> None:
    for name in dict.fromkeys([*wanted, *shown]):
        if name not in reading.text:
            there = ", ".join(reading.text.columns[:30])
            reading.about(name, "no such column", f"one of {there}", "Correct the name.")
        if reading.text.columns.tolist().count(name) > 1:
            reading.about(name, "two columns of this name", "one", "Rename one of them.")
        if name in TAKEN and name in shown:
            reading.about(name, "a name that the results use", "another name", "Rename it.")
        if wanted.count(name) > 1:
            reading.about(name, "a column named twice", "each column once, follow-up and event "
                          "not among the covariates", "Name it once.")  # fmt: skip
    for name in [*factors, *splines]:
        if name not in (shown if name in factors else covariates):
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


def _check_leaks(
    reading: Reading,
    table: pd.DataFrame,
    levels: Mapping[str, tuple[str, ...]],
    outcomes: Mapping[str, Floats],
) -> None:
    """Follow-up among the covariates is refused; what tells every event is a notice (it may be a
    marker that separates, which the fit refuses by name)."""
    for name, outcome in outcomes.items():
        for covariate in table:
            column = table[covariate]
            if len(levels[covariate]) == 2:
                column = column == levels[covariate][1]
            elif levels[covariate]:
                continue
            if len(table) < FEWEST_ROWS or not _same_order(column, outcome):
                continue
            if np.unique(outcome).size > 2:
                reading.about(covariate, f"the order of {name} in every row: follow-up itself",
                              "what was known before", "Leave this column out.")  # fmt: skip
                continue
            text = say("{covariate} tells {name} in every row: is it the outcome under another "
                       "name?", covariate=covariate, name=name)  # fmt: skip
            reading.notices.append(Notice("outcome_again", text))


def _same_order(column: pd.Series, outcome: Floats) -> bool:
    """Whether one is a rising or falling function of the other."""
    rank, other = (np.unique(v, return_inverse=True)[1] for v in (column.to_numpy(), outcome))
    return bool((rank == other).all() or (rank == other.max() - other).all())


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
