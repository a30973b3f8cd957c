"""One cell of a file, read under its variable; what a spreadsheet has rewritten is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from .dates import read_date
from .dictionary import VariableSpec
from .plausible_dates import CHECK_YEAR, impossible_day
from .table_lines import SpreadsheetDate, SpreadsheetNumber, TableOptions
from .values import BadValueError, read_value
from .wording import say

Value = dict[str, Any]

_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
_NARROW = re.compile(r"#{3,}")
_DAY_NUMBER = re.compile(r"[2-6]\d{4}(\.\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d+")
_TURNED_DATE = re.compile(
    r"(?:\d{1,2}[-/ ])?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/ ]\d{1,4}"
    r"|\d{1,2}[-/ ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"((?:<=|>=|<|>)?\s*[+-]?\d+),(\d+)")
_MARKED_THOUSANDS = re.compile(r"(?:<=|>=|<|>)?\s*[+-]?\d{1,3}(?:\.\d{3})+,\d+")
_SPLIT = re.compile(r"(\d{1,4})([-/. ])(\d{1,2})(?:\2(\d{1,4}))?\.?")
_MONTH = re.compile(r"(\d{1,2})[-/.](\d{4})")
_SPELLED = re.compile(r"(\d{1,2})[- ]?([A-Za-z]{3})[a-z]*[- ,]*(\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_DAY = date(1899, 12, 30)
_KEPT = 5_000
ORDERS = {
    "ymd": say("year, month, day"),
    "dmy": say("day, month, year"),
    "mdy": say("month, day, year"),
}


def cell_reader(
    spec: VariableSpec, options: TableOptions, today: date
) -> Callable[[str], Value | BadValueError]:
    """A function from the text of a cell (not blank) to its value, or to what is wrong with it.

    Parameters
    ----------
    spec : VariableSpec
    options : TableOptions
        ``decimal`` and ``date_order`` as a person said.
    today : datetime.date
        Days that cannot be are refused (``plausible_dates``).
    """
    known: dict[tuple[type, str], Value | BadValueError] = {}

    def read(text: str) -> Value | BadValueError:
        key = (type(text), text)
        found = known.get(key)
        if found is None:
            found = _read(text, spec, options, today)
            if len(known) < _KEPT:
                known[key] = found
        return found

    return read


def _read(
    text: str, spec: VariableSpec, options: TableOptions, today: date
) -> Value | BadValueError:
    if text in spec.missing_codes:
        return {"missing": str(text)}
    if wrong := mangled(text):
        return wrong
    try:
        if spec.type == "date":
            return _read_date(text, spec, options, today)
        if isinstance(text, SpreadsheetDate):
            return _turned(text)
        if spec.type == "number":
            return _read_number(text, spec, options)
        if spec.type == "category":
            return _read_code(text, spec)
        if _TURNED_DATE.fullmatch(text):
            return _turned(text)
        return read_value(unescaped(text), spec)
    except BadValueError as wrong:
        return wrong


def mangled(text: str) -> BadValueError | None:
    """What no column may hold: a cell that was too narrow, or an error of a formula."""
    if text[0] != "#":
        return None
    if _NARROW.fullmatch(text):
        expected = say("the value; the column was too narrow when the file was saved")
        return BadValueError(expected, say("Widen the column in the spreadsheet and save again."))
    if text in _ERRORS:
        expected = say("a value, not the error of a formula")
        return BadValueError(expected, say("Mend the formula, or leave the cell blank."))
    return None


def mangled_identifier(text: str) -> BadValueError | None:
    """An identifier that a spreadsheet took for a number or a date."""
    if wrong := mangled(text):
        return wrong
    if isinstance(text, SpreadsheetDate) or _TURNED_DATE.fullmatch(text):
        return _turned(text)
    if _SCIENTIFIC.fullmatch(text):
        expected = say("the identifier in full; the spreadsheet has made a number of it")
        return BadValueError(expected, say("Format the column as text and enter it again."))
    digits = text.removesuffix(".0")
    if len(digits) > 15 and digits.isdigit() and digits.endswith("0" * (len(digits) - 15)):
        expected = say("all digits; a spreadsheet keeps 15 and makes the others 0")
        return BadValueError(expected, say("Format the column as text and enter it again."))
    return None


def harmless(cell: Any) -> Any:
    """A cell of any type as it may stand in a file that a spreadsheet opens; nothing is blank."""
    if isinstance(cell, str):
        return escaped(cell)
    return "" if cell is None else cell


def unescaped(text: str) -> str:
    """The text without the apostrophe that keeps a spreadsheet from running it (see escaped)."""
    return text[1:] if text[0] == "'" and _RUNS.match(text) else text


def escaped(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe; numbers stay numbers."""
    return f"'{text}" if _RUNS.match(text) and not _PLAIN.fullmatch(text) else text


_RUNS = re.compile("'*[=+\\-@\t\r\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
                   "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]")  # fmt: skip
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def _turned(text: str) -> BadValueError:
    return BadValueError(
        say("no date; the spreadsheet may have made one of something like 3-4"),
        say("Format the column as text and enter the value again."),
    )


def _read_number(text: str, spec: VariableSpec, options: TableOptions) -> Value:
    if isinstance(text, SpreadsheetNumber) or options.decimal != "comma":
        return _of_age(read_value(_without_date(text), spec), spec)
    if match := _DECIMAL_COMMA.fullmatch(text):
        return read_value(f"{match[1]}.{match[2]}", spec)
    if "." in text:
        raise BadValueError(
            say("a number with a decimal comma, as the file was said to have"),
            say("Write {text}.", text=text.replace(".", ""))
            if _MARKED_THOUSANDS.fullmatch(text)
            else say("Write a decimal comma, without marks between thousands."),
        )
    return _of_age(read_value(_without_date(text), spec), spec)


def _of_age(value: Value, spec: VariableSpec) -> Value:
    if value.get("v", 0) < 0 and "age" in spec.name.split("_"):
        raise BadValueError(say("an age of 0 or more"), say("Check the value."))
    return value


def _without_date(text: str) -> str:
    if _TURNED_DATE.fullmatch(text):
        raise _turned(text)
    return text


def _read_code(text: str, spec: VariableSpec) -> Value:
    """A code; numbers of a spreadsheet and text say the same code."""
    if text not in spec.codes and text.endswith(".0") and text[:-2] in spec.codes:
        text = text[:-2]
    if text not in spec.codes and (plain := unescaped(text)) in spec.codes:
        text = plain
    if text not in spec.codes and _TURNED_DATE.fullmatch(text):
        raise _turned(text)
    return read_value(str(text), spec)


def _read_date(text: str, spec: VariableSpec, options: TableOptions, today: date) -> Value:
    if _DAY_NUMBER.fullmatch(text):
        day = _FIRST_DAY + timedelta(days=int(float(text)))
        raise BadValueError(
            say(
                "a date; the spreadsheet has made a day number of it ({day}?)", day=day.isoformat()
            ),
            say("Format the column as a date, check it, and save again."),
        )
    written = text if isinstance(text, SpreadsheetDate) else _in_order(text, options.date_order)
    value = read_value(written, spec)
    if expected := impossible_day(read_date(written), today):
        raise BadValueError(expected, CHECK_YEAR)
    return value


def _in_order(text: str, order: str) -> str:
    """``3.4.2024`` as ``2024-04-03`` when the order was said; anything else unchanged."""
    if match := _SPELLED.fullmatch(text):
        day, name, year = match.groups()
        if name.lower() in _MONTHS:
            return f"{year}-{_MONTHS.index(name.lower()) + 1:02d}-{int(day):02d}"
    if match := _MONTH.fullmatch(text):
        return f"{match[2]}-{int(match[1]):02d}"
    match = _SPLIT.fullmatch(text)
    if not match:
        return text
    first, _, second, third = match.groups()
    if len(first) == 4:
        return "-".join([first, *(f"{int(part):02d}" for part in (second, third) if part)])
    if not order:
        raise BadValueError(
            say("a date as YYYY-MM-DD, or an order of day and month said for the whole file"),
            say("Choose the order of the file's dates, or write year, month, day."),
        )
    return _said(text, [first, second, third], order)


def _said(text: str, parts: list[str], order: str) -> str:
    if parts[2] is None or len(parts[2]) != 4 or order == "ymd":
        raise BadValueError(
            say("a date as {orders} with a year of four digits", orders=ORDERS[order]),
            say("Write the year in full."),
        )
    day, month = (parts[0], parts[1]) if order == "dmy" else (parts[1], parts[0])
    return f"{parts[2]}-{int(month):02d}-{int(day):02d}"
