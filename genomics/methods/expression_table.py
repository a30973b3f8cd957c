"""Expression tables as users hold them: genes in rows, specimens in columns, as text."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, BinaryIO, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from genomics.methods.expression_tiles import SHOWN, ExpressionTiles
from genomics.methods.plain_numbers import NotPlain, read_plain_block, whole_lines
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

MOST_BYTES = 8 * 2**30  # of text: 60,000 genes of 5,000 specimens are a quarter of it
LONGEST_LINE = 2**26
FEWEST_BYTES_A_BLOCK, MOST_BYTES_A_BLOCK = 2**22, 2**24
CELLS_A_CHUNK = 2_000_000
NUMBERS = say("a number in every cell, decimal point, no thousands separator")

Open = Callable[[], BinaryIO]


@dataclass(frozen=True)
class ExpressionTable:
    """Expression of genes (rows, as the file spells them) in specimens (columns)."""

    genes: tuple[str, ...]
    specimens: tuple[str, ...]
    values: NDArray[np.float64]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Where the numbers stand in a text table."""

    header: tuple[str, ...]  # specimens
    separator: str
    first_line: int = 2  # of the genes, counted from 1
    beside: int = 0  # columns between gene and numbers (lengths, descriptions)
    second_name: bool = False  # the first of them is another name of the gene
    quoted: bool = True  # fields may stand in quotes
    whole: bool = False  # the first line holds whole numbers: so may the others


def read_expression_table(
    data: bytes, name: str = "expression matrix", scale: str | None = None
) -> ExpressionTable:
    """Expression per gene and specimen, from the bytes of a TSV or CSV file, gzipped or not.

    Parameters
    ----------
    data : bytes
        A header line with specimen labels, then a gene per line, its identifier first. A header
        that leaves out the name of the first column (as R writes it) is read too.
    name : str
        What to call the file in problems.
    scale : {"counts", "cpm", "tpm", "log"}, optional
        What the owner declares; values below 0 are a problem unless they are (or, undeclared,
        look like) logarithms.

    Returns
    -------
    ExpressionTable
        Values genes × specimens; summary rows of counting programs are left out, with a notice.

    Raises
    ------
    DataProblem
        Every problem of the file at once, by line and column as a spreadsheet numbers them.
    """
    tiles = read_text_table(opener(io.BytesIO(data), name), name)
    tiles.check(scale)
    values = tiles.columns(0, len(tiles.specimens)).astype(np.float64)
    return ExpressionTable(tuple(tiles.genes), tiles.specimens, values, tuple(tiles.notices))


def opener(stream: BinaryIO, name: str) -> Open:
    """Opens the text of a seekable file from its beginning, gzipped or not."""

    def fresh() -> BinaryIO:
        stream.seek(0)
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        text = gzip.GzipFile(fileobj=stream) if packed else stream
        return cast(BinaryIO, io.BufferedReader(_Bounded(cast(BinaryIO, text), name), 2**20))

    return fresh


class _Bounded(io.RawIOBase):
    """A stream that ends in a refusal: a few packed bytes may unpack to more than a disk holds."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self.source, self.name, self.read_bytes = source, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self.source.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise no_text(self.name, error) from error
        self.read_bytes += len(data)
        if self.read_bytes > MOST_BYTES:
            most = say("at most {most_bytes:g} GiB unpacked", most_bytes=MOST_BYTES / 2**30)
            remedy = say("Split the table by specimens.")
            raise refuse(self.name, say("a file that unpacks to more"), most, remedy)
        buffer[: len(data)] = data
        return len(data)


def no_text(name: str, error: Exception) -> DataProblem:
    return refuse(
        name, str(error), "a UTF-8 text table, gzipped or not", "Save the table as CSV or TSV."
    )


def read_text_table(fresh: Open, name: str, layout: Layout | None = None) -> ExpressionTiles:
    """Tiles of a text table: numbers at full speed; cell by cell when something is wrong.

    Parameters
    ----------
    fresh : callable
        Opens the text from its beginning.
    layout : Layout, optional
        Where the numbers stand; found from the first two lines when it is not given.
    """
    layout = layout or find_layout(fresh, name)
    problems = header_problems(layout, name)
    if problems:
        raise DataProblem(problems)
    for read in _ways(layout):
        try:
            return read(fresh, name, layout)
        except (NotPlain, pa.ArrowInvalid, _LookCloser):
            continue
    return _read_carefully(fresh, name, layout)


def _ways(layout: Layout) -> list[Callable[[Open, str, Layout], ExpressionTiles]]:
    """The quickest first; each refuses what it does not know, and the next one looks again."""
    if layout.quoted:
        return [_read_fast]
    decimal = partial(_read_plain, dtype=np.float64)
    return [*([partial(_read_plain, dtype=np.int32)] if layout.whole else []), decimal, _read_fast]


def find_layout(fresh: Open, name: str) -> Layout:
    """Separator and specimens, from the first two lines."""
    first, second = first_lines(fresh, name, 2)
    if not first.strip():
        raise refuse(name, say("nothing"), "a table", "Choose the file with the expression values.")
    separator = max("\t,;", key=first.count)
    header = fields(first, separator)
    width = len(fields(second, separator)) if second.strip() else 0
    if not width:
        raise refuse(name, say("a header only"), "a line per gene", "Choose the complete file.")
    if len(header) < 2 and width < 2:
        raise refuse(
            name,
            say("one column"),
            "the gene and at least one specimen, separated by commas or tabs",
            "Save the table as CSV or TSV.",
        )
    specimens = tuple(header if width == len(header) + 1 else header[1:])
    whole = all(cell.isdecimal() for cell in fields(second, separator)[1:])
    return Layout(specimens, separator, quoted='"' in first + second, whole=whole)


def first_lines(fresh: Open, name: str, count: int) -> list[str]:
    """The first lines of a text, empty where it has ended."""
    stream = fresh()
    lines = [stream.readline(LONGEST_LINE) for _ in range(count)]
    if max(map(len, lines)) >= LONGEST_LINE:
        longest = say("lines of at most {longest_line} MiB", longest_line=LONGEST_LINE // 2**20)
        raise refuse(name, say("a longer line"), longest, "Save the table as CSV or TSV.")
    try:
        return [line.decode("utf-8-sig") for line in lines]
    except UnicodeDecodeError as error:
        raise no_text(name, error) from error


def fields(line: str, separator: str) -> list[str]:
    return [field.strip().strip('"') for field in line.rstrip("\r\n").split(separator)]


def header_problems(layout: Layout, name: str) -> list[Problem]:
    row = layout.first_line - 1
    problems = [
        Problem(
            name,
            say("the specimen label {label!r} {times} times", label=label, times=times),
            "each specimen once",
            "Rename or remove the repeated columns; which one is meant cannot be guessed.",
            row=row,
            column=label,
        )
        for label, times in Counter(layout.header).items()
        if times > 1 and label
    ]
    first = 2 + layout.beside
    unnamed = [str(n) for n, label in enumerate(layout.header, start=first) if not label]
    if unnamed:
        problems.append(
            Problem(
                name,
                say("no label over column {unnamed}", unnamed=", ".join(unnamed[:SHOWN])),
                "a specimen label over each column",
                "Name the columns, or remove them when they are empty.",
                row=row,
            )
        )
    return problems


class _LookCloser(Exception):
    """Something is wrong; reading cell by cell says what."""


def _read_plain(fresh: Open, name: str, layout: Layout, dtype: Any) -> ExpressionTiles:
    """Unquoted plain numbers, as nearly every file holds."""
    tiles, line, stream = ExpressionTiles(layout.header, name), layout.first_line, fresh()
    for _ in range(layout.first_line - 1):
        stream.readline()
    names, columns = 1 + layout.beside, len(layout.header)
    for text in whole_lines(stream, _block_bytes(names + columns)):
        marks, values = read_plain_block(text, layout.separator, names, columns, dtype)
        try:
            genes = _genes(text, marks.tolist(), layout.second_name)
        except UnicodeDecodeError as error:
            raise _LookCloser from error
        _add(tiles, genes, values, line)
        line += len(genes)
    return tiles


def _genes(text: bytes, marks: list[list[int]], second_name: bool) -> list[str]:
    genes = [text[start:end].decode() for start, end, _ in marks]
    others = [text[end + 1 : last].decode() for _, end, last in marks] if second_name else []
    return joined(genes, others) if second_name else genes


def _add(tiles: ExpressionTiles, genes: list[str], values: NDArray[Any], line: int) -> None:
    if '"' in "".join(genes):
        raise _LookCloser  # quotes after all: they are read as such there
    genes = [gene.strip() for gene in genes]
    if not all(genes):
        raise _LookCloser
    tiles.add(genes, values, line)


def _read_fast(fresh: Open, name: str, layout: Layout) -> ExpressionTiles:
    tiles, line = ExpressionTiles(layout.header, name), layout.first_line
    names = 1 + layout.beside
    for batch in _batches(fresh(), layout):
        columns = batch.columns
        genes = columns[0].to_pylist()
        if layout.second_name:
            genes = joined(genes, columns[1].to_pylist())
        values = np.stack([column.to_numpy() for column in columns[names:]])
        if not np.isfinite(values.sum()):
            raise _LookCloser
        _add(tiles, genes, values, line)
        line += len(genes)
    return tiles


def _block_bytes(fields: int) -> int:
    return min(MOST_BYTES_A_BLOCK, max(FEWEST_BYTES_A_BLOCK, 40 * 10 * fields))


def _batches(stream: BinaryIO, layout: Layout) -> Iterator[pa.RecordBatch]:
    names = 1 + layout.beside
    n_columns = names + len(layout.header)
    columns = [f"c{number}" for number in range(n_columns)]
    types = {c: pa.string() if k < names else pa.float64() for k, c in enumerate(columns)}
    return pacsv.open_csv(
        stream,
        read_options=pacsv.ReadOptions(
            column_names=columns,
            skip_rows=layout.first_line - 1,
            block_size=_block_bytes(n_columns),
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=layout.separator,
            ignore_empty_lines=False,
            quote_char='"' if layout.quoted else False,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=types, null_values=[], strings_can_be_null=False
        ),
    )


def joined(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """A gene under both its names, where the second is a name and not a description."""
    return [
        f"{name}|{other}" if other and other != name and " " not in other else name
        for name, other in zip(names, others, strict=True)
    ]


def _read_carefully(fresh: Open, name: str, layout: Layout) -> ExpressionTiles:
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
        raise no_text(name, error) from error
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
        genes = joined(first, second) if second else first
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
