"""A table with a binary outcome as somebody hands it in: everything read, every problem listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modeling.methods.analysis_cells import Reading, read_events
from modeling.methods.design_matrix import Term
from modeling.methods.survival_table import Flags, Floats
from modeling.methods.table_reading import FEWEST_EVENTS, Excluded, read_columns
from studies.methods.problems import Notice


@dataclass(frozen=True)
class OutcomeTable:
    """Complete rows in the table's order; ``row`` is their number in the table (from 1)."""

    row: np.ndarray
    outcome: Flags
    covariates: pd.DataFrame
    terms: tuple[Term, ...]
    excluded: tuple[Excluded, ...]
    notices: tuple[Notice, ...]
    separator: str = ","


def read_outcome_table(
    content: bytes,
    outcome: str,
    covariates: Sequence[str],
    factors: Mapping[str, Sequence[str]] | None = None,
    splines: Mapping[str, int] | None = None,
) -> OutcomeTable:
    """Complete cases of a CSV table (comma, semicolon or tab), columns that are not named ignored.

    Parameters
    ----------
    content : bytes
        The file, UTF-8.
    outcome : str
        Column of the outcome (0/1 or TRUE/FALSE), 1 where it happened.
    covariates, factors, splines
        As in :func:`modeling.methods.analysis_table.read_analysis_table`.

    Raises
    ------
    DataProblem
        With everything that is wrong, by row and column: one class only, too few of either.
    """

    def check(reading: Reading, known: dict[str, Floats]) -> None:
        _check_classes(reading, outcome, known[outcome] == 1)

    outcomes = ((outcome, read_events),)
    found = read_columns(content, outcomes, covariates, factors or {}, splines or {}, check)
    return OutcomeTable(
        found.row, found.outcomes[outcome] == 1, found.covariates, found.terms, found.excluded,
        found.notices, found.separator,
    )  # fmt: skip


def _check_classes(reading: Reading, name: str, outcome: Flags) -> None:
    ones = int(outcome.sum())
    fewer = min(ones, outcome.size - ones)
    if fewer >= FEWEST_EVENTS or not outcome.size:
        return
    said = f"{ones} of {outcome.size} rows with the outcome"
    if not fewer:
        said = f"one class only: the outcome is {int(outcome[0])} in every row"
    reading.about(name, said, f"at least {FEWEST_EVENTS} rows with it and as many without",
                  "Choose another outcome or cohort, or check its coding.")  # fmt: skip
