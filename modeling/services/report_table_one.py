"""Table 1 in the report: every baseline variable by cohort, of the frozen rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from modeling.services.cohort_snapshot import TABLE_ONE
from modeling.services.report_content import Cell, Section, cohort_order, cohort_title
from modeling.services.report_sources import number
from studies.methods.table_one import TableOne
from studies.methods.table_one_lines import Column, Line
from studies.models import Study
from studies.table_one import describe_rows, table_one_columns


def table_one_table(
    section: Section, study: Study, frozen: pd.DataFrame, source: dict[str, Any]
) -> None:
    """Nothing where the frozen table is of before Table 1 was frozen with it."""
    columns = [column for column in table_one_columns(study) if _held(column, frozen)]
    if not columns:
        return
    names = sorted(set(frozen["cohort"]), key=cohort_order)
    kept = frozen.rename(columns=lambda name: name.removeprefix(TABLE_ONE))
    kept = kept.loc[:, ~kept.columns.duplicated(keep="last")]
    rows = kept.assign(group=kept["cohort"].map(cohort_title))
    made = describe_rows(rows, columns, [cohort_title(name) for name in names])
    section.table(
        "table-1",
        "Table 1: the cohorts, variable by variable",
        ("Variable", *(name for name, _ in made.groups), "p", "Test", "Adjusted p", "SMD"),
        [_patients(made, source), *(_row(line, made, source) for line in made.lines)],
        " ".join(
            (*(str(rule) for rule in made.rules), "SMD: standardised difference.", _tests(made))
        ),
    )


def _held(column: Column, frozen: pd.DataFrame) -> bool:
    end = "_duration" if column.kind == "survival" else ""
    return f"{TABLE_ONE}{column.name}{end}" in frozen


def _patients(made: TableOne, source: dict[str, Any]) -> list[Cell]:
    sizes: list[Cell] = [number(n, source, digits=0) for _, n in made.groups]
    return ["Patients", *sizes, "", "", "", ""]


def _row(line: Line, made: TableOne, source: dict[str, Any]) -> list[Cell]:
    """A level stands under its variable; p names its test by a letter."""
    label = line.label if line.statistic_text else f"\u2003{line.label}"
    if line.statistic_text:
        label = f"{label}, {line.statistic_text}"
    p, adjusted = (
        "" if value is None else number(value, source, digits=4)
        for value in (line.p_value, line.adjusted)
    )
    gap = "" if line.difference is None else number(line.difference, source)
    test = made.marks.get(line.test, "")
    return [label, *(cell.text for cell in line.cells), p, test, adjusted, gap]


def _tests(made: TableOne) -> str:
    return " ".join(f"{mark}: {test}." for test, mark in made.marks.items())
