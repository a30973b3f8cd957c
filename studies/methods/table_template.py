"""A table to fill in: CSV, or a workbook with lists and checks for every column."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from .dictionary import KEY_COLUMNS, VariableSpec
from .table_workbook import SHEET_OF_PATIENTS

LAST_ROW = 10_000
_HEAD = Font(bold=True)
_NEEDED = PatternFill("solid", fgColor="FFE9ECEF")


def write_template(
    specs: Sequence[VariableSpec],
    cohorts: Iterable[str],
    sites: Iterable[str],
    dictionary: tuple[Sequence[str], Iterable[Sequence[Any]]],
    number: int,
) -> bytes:
    """A workbook for one dictionary version.

    Sheet ``patients`` has a column per variable, text where a spreadsheet would change what is
    typed, lists for codes, ranges for numbers; ``lists`` holds the codes; ``dictionary`` says what
    each column means.

    Parameters
    ----------
    specs : sequence of VariableSpec
    cohorts, sites : iterable of str
        What these key columns may hold.
    dictionary : (sequence of str, iterable of sequence)
        Columns and lines of the dictionary as a table.
    number : int
        Version of the dictionary, kept in the workbook's properties.
    """
    book = Workbook()
    book.properties.title = f"dictionary {number}"
    sheet = book.active
    sheet.title = SHEET_OF_PATIENTS
    lists = book.create_sheet("lists")
    choices: dict[str, list[str]] = {"site": sorted(sites), "cohort": sorted(cohorts)}
    choices |= {s.name: [*s.codes, *s.missing_codes] for s in specs if s.type == "category"}
    needed = {*KEY_COLUMNS, *(s.name for s in specs if "import" in s.required_for)}
    by_name = {spec.name: spec for spec in specs}
    for at, name in enumerate([*KEY_COLUMNS, *by_name], 1):
        _column(sheet, at, name, by_name.get(name), name in needed)
        if choices.get(name):
            _list(sheet, lists, at, name, choices[name], strict=name in by_name)
    sheet.freeze_panes = "B2"
    _explain(book, dictionary)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _column(sheet: Any, at: int, name: str, spec: VariableSpec | None, needed: bool) -> None:
    letter = get_column_letter(at)
    head = sheet.cell(1, at, name)
    head.font = _HEAD
    if needed:
        head.fill = _NEEDED
    width = sheet.column_dimensions[letter]
    width.width = max(12, min(30, len(name) + 3))
    if spec is None or spec.type != "number":
        width.number_format = "@"
    if spec is None:
        return
    if spec.type == "number":
        _range(sheet, letter, spec)
    elif spec.type == "date":
        hint = DataValidation(showInputMessage=True, allow_blank=True)
        hint.promptTitle, hint.prompt = spec.label[:32], "YYYY-MM-DD, YYYY-MM or YYYY"
        _add(sheet, hint, letter)


def _range(sheet: Any, letter: str, spec: VariableSpec) -> None:
    """A warning, not a wall: missing-codes and ``<0.5`` may stand there, too."""
    low = -1e300 if spec.minimum is None else spec.minimum
    high = 1e300 if spec.maximum is None else spec.maximum
    check = DataValidation(
        type="decimal", operator="between", formula1=str(low), formula2=str(high), allow_blank=True
    )
    check.errorStyle, check.showErrorMessage, check.showInputMessage = "warning", True, True
    check.promptTitle = spec.label[:32]
    check.prompt = f"{low:g} to {high:g} {spec.unit}"[:255] if spec.unit else f"{low:g} to {high:g}"
    check.error = f"A number from {low:g} to {high:g}, a number with <, or a missing-code."[:255]
    _add(sheet, check, letter)


def _list(sheet: Any, lists: Any, at: int, name: str, choices: Sequence[str], strict: bool) -> None:
    letter = get_column_letter(at)
    lists.cell(1, at, name).font = _HEAD
    for row, choice in enumerate(choices, 2):
        lists.cell(row, at, choice).number_format = "@"
    reference = f"lists!${letter}$2:${letter}${len(choices) + 1}"
    check = DataValidation(type="list", formula1=reference, allow_blank=True)
    check.errorStyle = "stop" if strict else "warning"
    check.showErrorMessage = True
    check.error = "Choose one of the list."
    _add(sheet, check, letter)


def _add(sheet: Any, check: DataValidation, letter: str) -> None:
    check.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(check)


def _explain(book: Workbook, dictionary: tuple[Sequence[str], Iterable[Sequence[Any]]]) -> None:
    columns, lines = dictionary
    sheet = book.create_sheet("dictionary")
    sheet.append(list(columns))
    for line in lines:
        sheet.append([harmless_cell(cell) for cell in line])
    for head in sheet[1]:
        head.font = _HEAD
    sheet.freeze_panes = "B2"


def harmless_cell(value: Any) -> Any:
    """In a workbook a text is typed as text: no apostrophe is needed, but no formula is made."""
    return value if value is not None else ""
