"""Patients as lines of one tidy table: codes beside their labels, dates or days from baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .cells import escaped
from .dictionary import KEY_COLUMNS, VariableSpec
from .table_columns import LABEL_SUFFIX
from .values import write_value

BASELINE = "treatment_started_on"
DAYS_SUFFIX = "__days"
INEXACT = "inexact"
OUTSIDE = "other (not in the dictionary)"  # the label of a value without a code

Values = Mapping[str, Mapping[str, Any]]


def export_header(specs: Sequence[VariableSpec], dates: bool) -> list[str]:
    """Column names; without ``dates`` a date is a number of days from baseline."""
    names = list(KEY_COLUMNS)
    for spec in specs:
        if spec.type == "date" and not dates:
            names.append(f"{spec.name}{DAYS_SUFFIX}")
        elif spec.type == "category":
            names += [spec.name, f"{spec.name}{LABEL_SUFFIX}"]
        else:
            names.append(spec.name)
    return names


def export_cells(values: Values, specs: Sequence[VariableSpec], dates: bool) -> list[Any]:
    """One patient's cells behind the key columns: numbers as numbers, all else as text.

    Parameters
    ----------
    values : mapping of str to mapping
        Stored values by variable.
    specs : sequence of VariableSpec
    dates : bool
        Calendar dates; else days from the start of treatment, or where the dictionary has none
        from its first date.
    """
    start = None if dates else baseline_of(values, specs)
    cells: list[Any] = []
    for spec in specs:
        value = values.get(spec.name)
        if spec.type == "date" and not dates:
            cells.append(_days(value, start))
            continue
        cells.append(_cell(value))
        if spec.type == "category":
            code = value.get("v") if value else None
            cells.append("" if code is None else escaped(spec.codes.get(str(code), OUTSIDE)))
    return cells


def baseline_of(values: Values, specs: Sequence[VariableSpec]) -> date | None:
    """Day 0 of a patient, when it is known to the day."""
    names = [spec.name for spec in specs if spec.type == "date"]
    if not names:
        return None
    return _exact(values.get(BASELINE if BASELINE in names else names[0]))


def _exact(value: Mapping[str, Any] | None) -> date | None:
    if not value or "v" not in value or value.get("precision", "day") != "day":
        return None
    return date.fromisoformat(value["v"])


def _days(value: Mapping[str, Any] | None, start: date | None) -> Any:
    if not value:
        return ""
    if "missing" in value:
        return escaped(str(value["missing"]))
    day = _exact(value)
    return (day - start).days if day and start else INEXACT


def _cell(value: Mapping[str, Any] | None) -> Any:
    if value and isinstance(value.get("v"), float | int) and not value.get("comparator"):
        number = float(value["v"])
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return escaped(write_value(dict(value) if value else None))
