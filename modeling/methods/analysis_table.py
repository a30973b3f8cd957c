"""A table as somebody hands it in: follow-up, events and covariates read, every problem listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modeling.methods.analysis_cells import Reading, read_durations, read_events
from modeling.methods.design_matrix import Term
from modeling.methods.survival_table import Flags, Floats
from modeling.methods.table_reading import FEWEST_EVENTS, Excluded, read_columns
from studies.methods.problems import Notice


@dataclass(frozen=True)
class Followed:
    """Rows with follow-up and event; a covariate may be None."""

    duration: Floats
    event: Flags
    covariates: pd.DataFrame


@dataclass(frozen=True)
class AnalysisTable:
    """Complete rows in the table's order; ``row`` is their number in the table (from 1).

    ``followed`` holds every row with follow-up and event, the others' too: duration, event and
    the covariates, None where one is missing. Kaplan-Meier curves are drawn from it, those of
    factors ``beside`` the covariates too.
    """

    row: np.ndarray
    duration: Floats
    event: Flags
    covariates: pd.DataFrame
    terms: tuple[Term, ...]
    excluded: tuple[Excluded, ...]
    notices: tuple[Notice, ...]
    followed: Followed
    beside: tuple[Term, ...] = ()
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
        In order, the first the reference; numbers too become a factor this way. A factor that is
        no covariate stands ``beside`` the model.
    splines : mapping of column to number of knots

    Raises
    ------
    DataProblem
        With everything that is wrong, by row and column.
    """

    def check(reading: Reading, known: dict[str, Floats]) -> None:
        _check_events(reading, known[duration], duration, known[event] == 1, event)

    outcomes = ((duration, read_durations), (event, read_events))
    found = read_columns(content, outcomes, covariates, factors or {}, splines or {}, check, True)
    rows = found.followed
    followed = Followed(
        rows[duration].to_numpy(float), rows[event].to_numpy() == 1,
        rows.drop(columns=[duration, event]),
    )  # fmt: skip
    return AnalysisTable(
        found.row, found.outcomes[duration], found.outcomes[event] == 1, found.covariates,
        found.terms, found.excluded, found.notices, followed, found.beside, found.separator,
    )  # fmt: skip


def _check_events(
    reading: Reading, time: Floats, time_name: str, event: Flags, event_name: str
) -> None:
    n, events = event.size, int(event.sum())
    if events < FEWEST_EVENTS:
        said = "no events: everybody is censored" if events == 0 else f"{events} events in {n} rows"
        remedy = "Wait for follow-up, choose another endpoint, or check its coding."
        reading.about(event_name, said, f"at least {FEWEST_EVENTS} events", remedy)
    if events >= FEWEST_EVENTS and np.unique(time[event]).size == 1:
        reading.about(time_name, "all events at one time", "events at two times or more",
                      "Check the follow-up; of one time take a logistic model.")  # fmt: skip
