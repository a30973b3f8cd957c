"""What every reader of tables shares: its limits, its options, its questions, its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .problems import refuse
from .wording import say

LARGEST_BYTES = 100 * 2**20
MOST_ROWS = 1_000_000
MOST_COLUMNS = 1_000
LONGEST_CELL = 32_767  # what a cell of a spreadsheet holds
LONGEST_LINE = 2 * 2**20


class SpreadsheetDate(str):
    """A cell that the spreadsheet itself keeps as a date, written YYYY-MM-DD."""

    __slots__ = ()


class SpreadsheetNumber(str):
    """A cell that the spreadsheet itself keeps as a number, written with a point."""

    __slots__ = ()


@dataclass(frozen=True)
class TableOptions:
    """How a file is to be read: what it does not say itself is asked, never guessed.

    Parameters
    ----------
    encoding, delimiter, sheet : str
        Empty: only what is evident is read.
    decimal : {"", "point", "comma"}
    date_order : {"", "ymd", "dmy", "mdy"}
        Order in ``03/04/2024``; ``2024-04-03`` is always read.
    blank : {"clear", "keep"}
        What a blank cell does to a stored value.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    decimal: str = ""
    date_order: str = ""
    blank: str = "clear"


@dataclass(frozen=True)
class Question:
    """What a person must say before the file can be read.

    Parameters
    ----------
    name : str
        The option it answers.
    text : str
    choices : tuple of (str, str)
        Value and how the file reads with it.
    """

    name: str
    text: str
    choices: tuple[tuple[str, str], ...]


class UndecidedError(Exception):
    """The file cannot be read before ``question`` is answered."""

    def __init__(self, question: Question):
        self.question = question
        super().__init__(question.text)


@dataclass
class Table:
    """An opened table: its header, and its lines one after another.

    ``lines()`` gives (row as a spreadsheet numbers it, cells); blank lines are left out.
    ``share()`` says how much was read, 0 to 1. ``facts`` tell how the file was read.
    """

    header: list[str]
    lines: Callable[[], Iterator[tuple[int, list[str]]]]
    share: Callable[[], float] = lambda: 0.0
    facts: dict[str, str] = field(default_factory=dict)


def check_size(size: int) -> None:
    """Refuse a file larger than any table of patients.

    Raises
    ------
    DataProblem
    """
    if size > LARGEST_BYTES:
        raise refuse(
            "file",
            say("{size:,.0f} MB", size=size / 2**20),
            say("a table of at most {largest_bytes} MB", largest_bytes=LARGEST_BYTES // 2**20),
            "Take out what is not in the dictionary, or split the table.",
        )


def check_width(number: int, row: int) -> None:
    """Refuse a line of more columns than a table of patients has.

    Raises
    ------
    DataProblem
    """
    if number > MOST_COLUMNS:
        raise refuse(
            "header" if row == 1 else "line",
            say("{number:,} columns", number=number),
            say("at most {most_columns:,} columns", most_columns=MOST_COLUMNS),
            "Keep the columns of the dictionary only.",
            row,
        )


def check_length(row: int) -> None:
    """Refuse a table of more lines than there are patients.

    Raises
    ------
    DataProblem
    """
    if row > MOST_ROWS + 1:
        expected = say("at most {most_rows:,} lines", most_rows=MOST_ROWS)
        raise refuse(
            "file",
            say("more than {most_rows:,} lines", most_rows=MOST_ROWS),
            expected,
            "Split the table.",
        )


def trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without blank ones at the end, which spreadsheets add."""
    last = len(cells)
    while last and not cells[last - 1]:
        last -= 1
    return list(cells[:last])
