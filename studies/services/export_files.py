"""The rows of an export as a file: CSV, or a workbook with what is said of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from studies.methods.table_workbook import SHEET_OF_PATIENTS


def write_csv(handle: Any, header: list[str], rows: Iterable[list[Any]], sheets: Any) -> int:
    """UTF-8 with a mark, decimal points and ISO dates whatever the country."""
    text = io.TextIOWrapper(handle, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(header)
    number = 0
    for row in rows:
        writer.writerow(row)
        number += 1
    text.detach()
    return number


def write_xlsx(handle: Any, header: list[str], rows: Iterable[list[Any]], sheets: Any) -> int:
    book = Workbook(write_only=True)
    number = _sheet(book, SHEET_OF_PATIENTS, [header], rows)
    for name, lines in sheets:
        _sheet(book, name, [], lines)
    book.save(handle)
    return number


def _sheet(book: Any, name: str, first: list[Any], rows: Iterable[list[Any]]) -> int:
    sheet = book.create_sheet(name)
    cell: Callable[[Any], Any] = lambda value: _typed(sheet, value)  # noqa: E731
    for row in first:
        sheet.append([cell(value) for value in row])
    number = 0
    for row in rows:
        sheet.append([cell(value) for value in row])
        number += 1
    return number


def _typed(sheet: Any, value: Any) -> Any:
    """Text is text: nothing that begins with = becomes a formula."""
    if not isinstance(value, str):
        return value
    if value == "":
        return None
    cell = WriteOnlyCell(sheet, value)
    cell.data_type, cell.number_format = "s", "@"
    return cell
