"""An expression table read cell by cell: what is no number is listed by its line and column."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genomics.methods.expression_layout import Layout, join_names
from genomics.methods.expression_text import Open, refuse_no_text
from genomics.methods.expression_tiles import SHOWN, ExpressionTiles
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

CELLS_A_CHUNK = 2_000_000
NUMBERS = say("a number in every cell, decimal point, no thousands separator")


def read_cell_by_cell(fresh: Open, name: str, layout: Layout) -> ExpressionTiles:
    """Every cell as text first: what is no number is listed by its line and column."""
    tiles, found = ExpressionTiles(layout.header, name), _Found(name, layout)
    line = layout.first_line
    try:
        for chunk in _without_last_blanks(_chunks(fresh(), layout)):
            genes, values = found.look(chunk, line)
            if not found.any:
                tiles.add(genes, values.T, line)
            line += len(chunk)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise refuse(
            name,
            _said(error),
            say("{n} fields in each line", n=len(layout.header) + layout.beside + 1),
            "Check for missing or additional separators.",
        ) from error
    except UnicodeDecodeError as error:
        raise refuse_no_text(name, error) from error
    if found.any:
        raise DataProblem(found.problems())
    return tiles


def _chunks(stream: BinaryIO, layout: Layout) -> Iterator[pd.DataFrame]:
    names = 1 + layout.beside
    for _ in range(layout.first_line - 1):
        stream.readline()
    options: dict[str, Any] = {
        "sep": layout.separator,
        "header": None,
        "names": list(range(names + len(layout.header))),
        "index_col": False,
        "keep_default_na": False,
        "na_values": [],
        "skip_blank_lines": False,
        "dtype": str,
        "chunksize": max(20, CELLS_A_CHUNK // (names + len(layout.header))),
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # fields would be dropped
            yield from pd.read_csv(io.TextIOWrapper(stream, "utf-8-sig"), **options)
    except pd.errors.EmptyDataError:
        return


def _without_last_blanks(chunks: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Empty lines at the end of a file are no lines."""
    held: pd.DataFrame | None = None
    for chunk in chain(chunks, [None]):
        if held is not None:
            blank = held.isna().all(axis=1) | (held == "").all(axis=1)
            last = int(np.flatnonzero(~blank)[-1]) + 1 if not blank.all() else 0
            yield held if chunk is not None else held.iloc[:last]
        held = chunk


def _said(error: Exception) -> str:
    if isinstance(error, pd.errors.ParserWarning):
        return say("lines with more fields than the header")
    return str(error).strip().removeprefix("Error tokenizing data. C error: ")


class _Found:
    """Problems gathered over the chunks of a file: some by place, the rest counted."""

    def __init__(self, name: str, layout: Layout) -> None:
        self.name, self.layout = name, layout
        self.columns: dict[int, tuple[int, int, object]] = {}  # of text: cells, of, an example
        self.cells: list[Problem] = []
        self.more = 0
        self.nameless: list[int] = []

    @property
    def any(self) -> bool:
        return bool(self.columns or self.cells or self.nameless)

    def look(self, chunk: pd.DataFrame, line: int) -> tuple[list[str], NDArray[np.float64]]:
        names = 1 + self.layout.beside
        first = chunk.iloc[:, 0].fillna("").str.strip().tolist()
        second = chunk.iloc[:, 1].fillna("").tolist() if self.layout.second_name else []
        genes = join_names(first, second) if second else first
        self.nameless += [line + place for place, gene in enumerate(genes) if not gene]
        cells = chunk.iloc[:, names:]
        values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
        bad = ~np.isfinite(values)
        if bad.any():
            self._bad(bad, cells, line)
        return genes, values

    def _bad(self, bad: NDArray[np.bool_], cells: pd.DataFrame, line: int) -> None:
        for column in np.flatnonzero(bad.sum(axis=0) > max(1, len(bad) / 2)).tolist():
            example = cells.iat[int(np.flatnonzero(bad[:, column])[0]), column]
            count, of, first = self.columns.get(column, (0, 0, example))
            self.columns[column] = (count + int(bad[:, column].sum()), of + len(bad), first)
        bad[:, list(self.columns)] = False
        rows, columns = np.nonzero(bad)
        room = SHOWN - len(self.cells)
        for row, column in zip(rows[:room], columns[:room], strict=True):
            remedy = say("Correct the cell, or remove the gene; missing values are not filled in.")
            self.cells.append(
                Problem(
                    self.name,
                    _spelled(cells.iat[row, column]),
                    NUMBERS,
                    remedy,
                    row=int(row) + line,
                    column=self.layout.header[column],
                )
            )
        self.more += max(0, len(rows) - max(0, room))

    def problems(self) -> list[Problem]:
        found = [self._column(column, *seen) for column, seen in sorted(self.columns.items())]
        found += self.cells
        if self.more:
            text = say("{more} more cells without a number", more=self.more)
            remedy = say("Correct the cells, or remove their genes.")
            found.append(Problem(self.name, text, NUMBERS, remedy))
        return found + self._nameless()

    def _column(self, column: int, count: int, of: int, example: object) -> Problem:
        return Problem(
            self.name,
            say(
                "{count} of {of} cells without a number, as {spelled}",
                count=count,
                of=of,
                spelled=_spelled(example),
            ),
            NUMBERS,
            "Remove columns that hold no expression values (descriptions, lengths).",
            column=self.layout.header[column],
        )

    def _nameless(self) -> list[Problem]:
        if not self.nameless:
            return []
        lines, rest = self.nameless[:SHOWN], len(self.nameless) - SHOWN
        more = say(" and {rest} more", rest=rest) if rest > 0 else ""
        return [
            Problem(
                self.name,
                say(
                    "no gene identifier in line {map}{more}",
                    map=", ".join(map(str, lines)),
                    more=more,
                ),
                "an identifier in the first column of each line",
                "Name the gene, or remove the line.",
                row=lines[0],
            )
        ]


def _spelled(cell: object) -> str:
    return say("an empty cell") if cell is None or cell == "" or cell != cell else repr(cell)
