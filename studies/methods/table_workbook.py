"""A spreadsheet (.xlsx), opened only after its archive proved harmless."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

import openpyxl

from .problems import DataProblem, refuse
from .table_lines import (
    Question,
    SpreadsheetDate,
    SpreadsheetNumber,
    Table,
    TableOptions,
    UndecidedError,
    check_length,
    check_width,
    trimmed,
)
from .wording import say

SHEET_OF_PATIENTS = "patients"
LARGEST_SHEET = 400 * 2**20
LARGEST_TEXTS = 64 * 2**20
LARGEST_PART = 2 * 2**20
LARGEST_DIRECTORY = 2**20
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_NO_RESULT = re.compile(rb"(</f>|<f[^<>]*/>)\s*(<v\s*/>\s*|<v>\s*</v>\s*)?</c>")


def open_workbook(data: bytes, options: TableOptions) -> Table:
    """The sheet of patients of a workbook.

    Raises
    ------
    DataProblem
        Not a workbook, one made to harm, or one of formulas without results.
    UndecidedError
        Several sheets might be meant.
    """
    check_archive(data)
    book = _load(data)
    sheet = _sheet(book, options.sheet)
    first = next(_rows(book[sheet]), (1, []))
    if not first[1]:
        raise refuse(
            "file",
            say("sheet {sheet!r} is empty", sheet=sheet),
            "a header and patients",
            "Fill it.",
        )
    total, read = max(1, book[sheet].max_row or 1), [0]

    def lines() -> Iterator[tuple[int, list[str]]]:
        rows = _rows(book[sheet])
        next(rows, None)
        for row, cells in rows:
            check_length(row)
            read[0] = row
            yield row, [*cells, *[""] * (len(header) - len(cells))]

    header = [str(cell) for cell in first[1]]
    return Table(header, lines, lambda: min(1.0, read[0] / total), {"sheet": sheet})


def check_archive(data: bytes) -> None:
    """Refuse what is no workbook, and what would unpack to more than a table holds.

    Raises
    ------
    DataProblem
    """
    _check_directory(data)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _no_workbook(say("a damaged archive")) from error
    parts = archive.infolist()
    if "xl/workbook.xml" not in archive.namelist():
        raise _no_workbook(say("a zip archive without a workbook"))
    for part in parts:
        if part.filename.endswith((".xml", ".rels")) and part.file_size > _largest(part.filename):
            raise refuse(
                "file",
                say(
                    "{filename} unpacks to {file_size:,.0f} MB",
                    filename=part.filename,
                    file_size=part.file_size / 2**20,
                ),
                say("at most {largest:,.0f} MB", largest=_largest(part.filename) / 2**20),
                "Save the table as CSV.",
            )
    if sum(part.file_size for part in parts if _SHEET.fullmatch(part.filename)) > LARGEST_SHEET:
        raise _no_workbook(say("sheets that unpack to more than a table holds"))
    try:
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                _check_part(archive, part)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise _no_workbook(say("a damaged or locked archive")) from error
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]
        raise _no_workbook(say("a damaged archive")) from error


def _check_directory(data: bytes) -> None:
    """The list of an archive's parts has a bounded length itself."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 2**16 - 22))
    if at < 0 or len(data) < at + 22:
        raise _no_workbook(say("a damaged archive"))
    (size,) = struct.unpack_from("<L", data, at + 12)
    if size > LARGEST_DIRECTORY or data[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise _no_workbook(say("an archive of very many parts"))


def _largest(name: str) -> int:
    if _SHEET.fullmatch(name):
        return LARGEST_SHEET
    return LARGEST_TEXTS if name == "xl/sharedStrings.xml" else LARGEST_PART


def _no_workbook(found: str) -> DataProblem:
    return refuse(
        "file", found, "a workbook (.xlsx)", "Save the table as .xlsx or as 'CSV UTF-8' anew."
    )


class _RootReached(Exception):
    """The part begins as it may."""


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """No document type (that is where entities multiply), and every formula has a result."""
    with archive.open(part) as handle:
        _check_prologue(handle, part.filename)
    if not _SHEET.fullmatch(part.filename):
        return
    with archive.open(part) as handle:
        rest = b""
        while chunk := handle.read(2**20):
            if _NO_RESULT.search(rest + chunk):
                raise refuse(
                    part.filename,
                    say("formulas without their results"),
                    "values",
                    "Open the file in a spreadsheet and save it, or paste the values.",
                )
            rest = chunk[-256:]


def _check_prologue(handle: Any, name: str) -> None:
    def refuse_type(*_: Any) -> None:
        raise refuse(name, say("a document type with entities"), "plain XML", "Save the file anew.")

    def reached(*_: Any) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_type
    parser.StartElementHandler = reached
    try:
        while chunk := handle.read(2**16):
            parser.Parse(chunk)
    except _RootReached:
        return
    except expat.ExpatError as error:
        raise _no_workbook(say("{name} is not XML", name=name)) from error


def _load(data: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of extensions that hold no values
        try:
            return openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=True, keep_links=False
            )
        except (KeyError, ValueError, TypeError, AttributeError, SyntaxError, OSError) as error:
            raise _no_workbook(say("a workbook that does not open")) from error


def _sheet(book: Any, asked: str) -> str:
    visible = [name for name in book.sheetnames if getattr(book[name], "sheet_state", "") in
               ("visible", "")]  # fmt: skip
    visible = [name for name in visible if hasattr(book[name], "iter_rows")]
    if asked in visible:
        return asked
    if SHEET_OF_PATIENTS in visible:
        return SHEET_OF_PATIENTS
    filled = {name: cells for name in visible[:50] if (cells := _first(book[name]))}
    if not filled:
        raise refuse("file", say("no sheet with cells"), "a header and patients", "Fill a sheet.")
    if len(filled) > 1:
        choices = tuple(
            (name, f"{name}: {', '.join(cells)[:80]}") for name, cells in filled.items()
        )
        raise UndecidedError(Question("sheet", say("Which sheet holds the patients?"), choices))
    return next(iter(filled))


def _first(sheet: Any) -> list[str]:
    return next((cells for _, cells in _rows(sheet)), [])


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, from wherever the sheet says its cells are."""
    sheet.reset_dimensions()
    try:
        for row, values in enumerate(sheet.iter_rows(values_only=True), 1):
            check_width(len(values), row)
            cells = trimmed([_text(value) for value in values])
            if cells:
                yield row, cells
    except (KeyError, TypeError, IndexError, SyntaxError, OverflowError, zipfile.BadZipFile) as bad:
        raise _no_workbook(say("a sheet that does not read")) from bad


def _text(value: Any) -> str:
    """A cell as one would type it; what the spreadsheet keeps as date or number stays marked."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        at_midnight = value.time() == time()
        return SpreadsheetDate(value.date().isoformat() if at_midnight else value.isoformat())
    if isinstance(value, date):
        return SpreadsheetDate(value.isoformat())
    if isinstance(value, int):
        return SpreadsheetNumber(value)
    if isinstance(value, float):
        return SpreadsheetNumber(repr(value).removesuffix(".0"))
    return str(value).strip()
