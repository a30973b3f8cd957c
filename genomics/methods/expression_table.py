"""Expression tables as users hold them: genes in rows, specimens in columns, as text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from genomics.methods.expression_cells import read_cell_by_cell
from genomics.methods.expression_layout import Layout, find_layout, header_problems, join_names
from genomics.methods.expression_text import Open, opener
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.plain_numbers import NotPlain, read_plain_block, whole_lines
from studies.methods.problems import DataProblem, Notice

FEWEST_BYTES_A_BLOCK, MOST_BYTES_A_BLOCK = 2**22, 2**24


@dataclass(frozen=True)
class ExpressionTable:
    """Expression of genes (rows, as the file spells them) in specimens (columns)."""

    genes: tuple[str, ...]
    specimens: tuple[str, ...]
    values: NDArray[np.float64]
    notices: tuple[Notice, ...] = ()


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
    return read_cell_by_cell(fresh, name, layout)


def _ways(layout: Layout) -> list[Callable[[Open, str, Layout], ExpressionTiles]]:
    """The quickest first; each refuses what it does not know, and the next one looks again."""
    if layout.quoted:
        return [_read_fast]
    decimal = partial(_read_plain, dtype=np.float64)
    return [*([partial(_read_plain, dtype=np.int32)] if layout.whole else []), decimal, _read_fast]


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
    return join_names(genes, others) if second_name else genes


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
            genes = join_names(genes, columns[1].to_pylist())
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
