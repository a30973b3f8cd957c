"""Table 1: what the cohorts are like, every number with its denominator, missing ones shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase

import pandas as pd
from scipy import stats

from .problems import Notice, refuse
from .table_one_lines import (
    Column,
    GroupRows,
    Line,
    Median,
    Survival,
    category_lines,
    number_lines,
    survival_lines,
)
from .wording import marked, say

SUMMARY_RULE = marked(
    "Numbers are mean ± SD where the skewness is at most 1 in absolute value in every cohort of 8 "
    "or more, else median [first; third quartile]."
)
TEST_RULE = marked(
    "Tests: Welch's t-test or analysis of variance beside means, Wilcoxon's or Kruskal-Wallis's "
    "beside medians; chi-squared without correction where every expected count is 5 or more, else "
    "Fisher's exact test (two levels or two cohorts) or 20,000 resampled tables; log-rank for "
    "survival."
)
MEDIAN_RULE = marked(
    "Median survival: when the Kaplan-Meier curve first falls to 0.5 or below; where it rests at "
    "exactly 0.5, the middle of that stretch, as R's survfit has it."
)
DIFFERENCE_RULE = marked("Standardised difference: the largest over all pairs of cohorts.")


@dataclass(frozen=True)
class TableOne:
    """Groups with their sizes, the lines, and the rules by which they were made."""

    groups: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]
    rules: tuple[str, ...]
    notices: tuple[Notice, ...] = field(default=())

    @property
    def marks(self) -> dict[str, str]:
        """The tests that were made, each with the letter that stands for it."""
        names = dict.fromkeys(line.test for line in self.lines if line.test)
        return dict(zip(names, ascii_lowercase, strict=False))


def describe_groups(
    table: pd.DataFrame,
    columns: Sequence[Column],
    groups: Sequence[str],
    median: Median | None = None,
    log_rank: Survival | None = None,
) -> TableOne:
    """One column per group, one line per number, level or missing value.

    Parameters
    ----------
    table : DataFrame
        A row per patient and group; ``group``, and the columns by name. Missing is NaN or None.
        A survival variable has ``<name>_duration`` (months) and ``<name>_event`` (0 or 1).
    columns : sequence of Column
    groups : sequence of str
        The groups in order; each must have a row.
    median : callable, optional
        ``(duration, event)`` to median, lower and upper limit; needed for survival.
    log_rank : callable, optional
        ``(duration, event, group)`` to a p-value.

    Returns
    -------
    TableOne
        Denominators are those with a value, printed in every cell that has a share. p-values are
        given as computed, adjusted by Benjamini and Hochberg over the whole table beside.

    Raises
    ------
    DataProblem
        A group without a row.
    """
    empty = [group for group in groups if not (table["group"] == group).any()]
    if empty or not groups:
        raise refuse(
            "groups", ", ".join(empty) or say("none"), "groups with patients", "Choose others."
        )
    parts = GroupRows(table, groups)
    lines: list[Line] = []
    for column in columns:
        if column.kind == "number":
            lines += number_lines(column, parts)
        elif column.kind == "category":
            lines += category_lines(column, parts)
        elif median is not None:
            lines += survival_lines(column, parts, median, log_rank)
    lines = _adjusted(lines)
    tests = sum(line.p_value is not None for line in lines)
    rules = (
        SUMMARY_RULE,
        TEST_RULE,
        say(
            "{tests} tests: p-values are as computed; beside them those adjusted for the "
            "{tests} by Benjamini and Hochberg. A difference between cohorts is described, "
            "not inferred from p.",
            tests=tests,
        ),
        DIFFERENCE_RULE,
        *([MEDIAN_RULE] if median and any(c.kind == "survival" for c in columns) else []),
    )
    sized = tuple(zip(groups, parts.sizes, strict=True))
    return TableOne(sized, tuple(lines), rules, tuple(_shared(table)))


def _adjusted(lines: Sequence[Line]) -> list[Line]:
    tested = [number for number, line in enumerate(lines) if line.p_value is not None]
    if not tested:
        return list(lines)
    adjusted = stats.false_discovery_control([lines[number].p_value for number in tested])
    by_line = dict(zip(tested, adjusted, strict=True))
    return [
        replace(line, adjusted=float(by_line[number])) if number in by_line else line
        for number, line in enumerate(lines)
    ]


def _shared(table: pd.DataFrame) -> list[Notice]:
    """The tests take groups for independent; they are not when they share patients."""
    if "patient_id" not in table:
        return []
    twice = int((table.groupby("patient_id")["group"].nunique() > 1).sum())
    if not twice:
        return []
    text = say(
        "{twice} patients stand in two cohorts; the tests take cohorts for independent.",
        twice=twice,
    )
    return [Notice("cohorts_overlap", text)]
