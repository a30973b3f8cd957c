"""The cells of a table that somebody hands in: columns as numbers, events or levels."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say

MISSING = {"", "na", "n/a", "nan", "null", "none", "."}
EVENT = {"1": True, "true": True, "t": True, "0": False, "false": False, "f": False}
MOST_LEVELS = 20  # a text column with more values is an identifier, not a factor
MOSTLY_NUMBERS = 0.5  # above this share a column is numeric and its words are problems
MOST_LISTED = 50  # rows per kind of problem
LONGEST = 60  # characters of a cell that are shown
LARGEST = 1e100  # a number beyond this is a slip, and its square is no number
DECIMALS = "Write decimals with a point."
QUOTED = re.compile(r'"[^"]*"')
COMMA = re.compile(r"[+-]?\d*,\d+")
DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}.*|\d{1,2}([-/.])\d{1,2}\2\d{2,4}.*")


@dataclass
class Reading:
    """What was found so far; problems are collected, never raised one by one.

    ``text`` holds a row per record, its index the line of the file where the record begins.
    """

    text: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def wrong(self, column: str, rows: Sequence[int], expected: str, remedy: str) -> None:
        for i in rows[:MOST_LISTED]:
            cell = self.text[column].iloc[i]
            told = DECIMALS if COMMA.fullmatch(cell) else remedy
            self.problems.append(
                Problem("Table", f"“{_shown(cell)}”", expected, told,
                        row=int(self.text.index[i]), column=column)
            )  # fmt: skip
        if len(rows) > MOST_LISTED:
            self.about(column, f"{len(rows) - MOST_LISTED} more rows like these", expected, remedy)

    def about(self, column: str, found: str, expected: str, remedy: str) -> None:
        self.problems.append(Problem("Table", found, expected, remedy, column=column))

    def refuse_problems(self) -> None:
        if self.problems:
            raise DataProblem(self.problems)


def read_cells(content: bytes) -> tuple[pd.DataFrame, str]:
    """Every cell as text, and the separator."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataProblem(
            [
                Problem(
                    "Table",
                    say("bytes that are not UTF-8 (at {start})", start=error.start),
                    "a CSV file in UTF-8",
                    "Save it as “CSV UTF-8”.",
                )
            ]
        ) from None
    header = QUOTED.sub("", text.split("\n", 1)[0])
    separator = max(",;\t", key=header.count)
    lines, rows = _records(text, separator)
    if len(rows) < 2:
        raise DataProblem(
            [
                Problem(
                    "Table",
                    say("{n} lines", n=len(rows)),
                    "a header and rows",
                    "Choose another file.",
                )
            ]
        )
    names = [name.strip() for name in rows[0]]
    ragged = [k for k, row in enumerate(rows) if len(row) != len(names)]
    if ragged:
        raise DataProblem(
            [
                Problem(
                    "Table",
                    say("{n} cells", n=len(rows[k])),
                    say("{n} as in the header", n=len(names)),
                    "Quote cells that hold the separator.",
                    row=lines[k],
                )
                for k in ragged[:MOST_LISTED]
            ]
        )
    return pd.DataFrame(rows[1:], lines[1:], names).map(str.strip), separator


def _records(text: str, separator: str) -> tuple[list[int], list[list[str]]]:
    """Records that are not blank, each with the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator)
    lines, rows, line = [], [], 1
    try:
        for row in reader:
            if row:
                lines.append(line)
                rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataProblem(
            [
                Problem("Table", say("a cell that does not end ({error})", error=error),
                        "cells between separators", "Close or take away the lone quote.",
                        row=line)
            ]
        ) from None  # fmt: skip
    return lines, rows


def _shown(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _numbers(column: pd.Series) -> Floats:
    """NaN where a cell is no number of ordinary size."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)


def read_durations(reading: Reading, name: str, gone: pd.DataFrame) -> Floats:
    """Follow-up of every row, NaN where the cell is empty."""
    time = _numbers(reading.text[name])
    there = ~gone[name].to_numpy()
    bad = np.flatnonzero(there & ~(np.isfinite(time) & (time >= 0)))
    reading.wrong(name, bad.tolist(), "follow-up as a number, zero or more",
                  "Correct the dates of this row, or empty the cell to leave it out.")  # fmt: skip
    return time


def read_events(reading: Reading, name: str, gone: pd.DataFrame) -> Floats:
    """1 and 0 of every row, NaN where the cell is empty."""
    text = reading.text[name].str.lower().str.replace(r"\.0+$", "", regex=True)
    flag = text.map(EVENT)
    there = ~gone[name].to_numpy()
    bad = np.flatnonzero(there & flag.isna().to_numpy())
    reading.wrong(name, bad.tolist(), "0 or 1 (or FALSE, TRUE): 1 where the endpoint happened",
                  "Code the endpoint as 0 and 1.")  # fmt: skip
    return flag.astype("float64").to_numpy()


def read_covariate(
    reading: Reading, name: str, gone: pd.Series, factors: Mapping[str, Sequence[str]]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Values of a column, and its levels when it is a factor."""
    text, there = reading.text[name], ~gone.to_numpy()
    if name in factors:
        return _factor(reading, name, there, tuple(str(level) for level in factors[name]))
    numbers = _numbers(text)
    words = np.flatnonzero(there & ~np.isfinite(numbers))
    if words.size == 0 or words.size < MOSTLY_NUMBERS * there.sum():
        reading.wrong(name, words.tolist(), "a number, as in the other rows",
                      "Correct the cell, or empty it to leave the row out.")  # fmt: skip
        return numbers, ()
    levels = tuple(sorted(set(text[there])))
    if _no_levels(reading, name, text[there], levels):
        return numbers, ()
    if len(levels) > 1:
        reading.notices.append(
            Notice(
                "taken_as_factor",
                say(
                    "{name} holds words: taken as a factor with the levels {levels}, the first as "
                    "reference (--factor states another order)",
                    name=name,
                    levels=", ".join(levels),
                ),
            )
        )
    return text.to_numpy(dtype=object), levels


def _no_levels(
    reading: Reading, name: str, text: pd.Series, levels: Sequence[str]
) -> bool:  # fmt: skip
    """Whether words are no levels: numbers with a comma, dates, identifiers; said so."""
    for pattern, kind, expected, remedy in (
        (COMMA, "decimal commas", "decimal points", DECIMALS),
        (DATE, "dates", "a number or levels", "Give the days from a fixed day, or leave it out."),
    ):
        like = text[text.map(lambda cell, known=pattern: bool(known.fullmatch(cell)))]
        share = like.size + np.isfinite(_numbers(text)).sum() if pattern is COMMA else like.size
        if like.size and share > MOSTLY_NUMBERS * text.size:
            reading.about(name, f"{kind}: “{_shown(like.iloc[0])}”", expected, remedy)
            return True
    if len(levels) > min(MOST_LEVELS, max(2, text.size // 2)):
        reading.about(name, f"{len(levels)} different texts in {text.size} rows",
                      f"at most {MOST_LEVELS} levels, shared by rows",
                      "Leave identifiers out, or join levels.")  # fmt: skip
        return True
    return False


def _factor(
    reading: Reading, name: str, there: Flags, levels: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    text = reading.text[name]
    spelled = {_number_text(level): level for level in levels}
    values = text.map(lambda cell: cell if cell in levels else spelled.get(_number_text(cell)))
    unknown = np.flatnonzero(there & values.isna().to_numpy())
    reading.wrong(name, unknown.tolist(), f"one of {', '.join(levels)}",
                  "Correct the cell or add the level.")  # fmt: skip
    return values.to_numpy(dtype=object), levels


def _number_text(cell: str) -> str:
    """1, 1.0 and 01 are the same level; words stay as they are."""
    try:
        return f"{float(cell):.12g}"
    except ValueError:
        return cell
