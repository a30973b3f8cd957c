"""Expression tables as users hold them: genes in rows, specimens in columns."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genomics.methods.scale import estimate_scale
from studies.methods.problems import DataProblem, Notice, Problem, refuse

SHOWN = 25  # problems of one kind listed one by one; the rest is counted
MOST_BYTES = 2 * 2**30  # of text: 20,000 genes of 5,000 specimens are half of it
SUMMARY_ROW = re.compile(r"__\w+|N_(unmapped|multimapping|noFeature|ambiguous)")
NUMBERS = "a number in every cell, decimal point, no thousands separator"


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
    text = _text(data, name)
    header, separator = _header(text, name)
    problems = _header_problems(header, name)
    if problems:
        raise DataProblem(problems)
    genes, cells = _cells(text, header, separator, name)
    values, problems = _numbers(cells, header, name)
    problems += _gene_problems(genes, name)
    if not problems:
        signed = (scale or estimate_scale(values)) == "log"
        problems = _value_problems(values, header, genes, name, signed)
    if problems:
        raise DataProblem(problems)
    return _without_summary_rows(genes, tuple(header), values)


def _text(data: bytes, name: str) -> str:
    try:
        raw = _unpacked(data, name) if data[:2] == b"\x1f\x8b" else data
        text = raw.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise refuse(
            name, str(error), "a UTF-8 text table, gzipped or not", "Save the table as CSV or TSV."
        ) from error
    if not text.strip():
        raise refuse(name, "nothing", "a table", "Choose the file with the expression values.")
    return text


def _unpacked(data: bytes, name: str) -> bytes:
    """As far as a table goes: a few packed bytes may unpack to more than a machine holds."""
    with gzip.open(io.BytesIO(data)) as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        most = f"at most {MOST_BYTES / 2**30:g} GiB unpacked"
        raise refuse(name, "a file that unpacks to more", most, "Split the table by specimens.")
    return raw


def _fields(line: str, separator: str) -> list[str]:
    return [field.strip().strip('"') for field in line.rstrip("\r\n").split(separator)]


def _header(text: str, name: str) -> tuple[list[str], str]:
    """Specimen labels and the separator."""
    lines = text.split("\n", 2)
    separator = max("\t,;", key=lines[0].count)
    header = _fields(lines[0], separator)
    width = len(_fields(lines[1], separator)) if len(lines) > 1 and lines[1].strip() else 0
    if not width:
        raise refuse(name, "a header only", "a line per gene", "Choose the complete file.")
    if len(header) < 2 and width < 2:
        raise refuse(
            name,
            "one column",
            "the gene and at least one specimen, separated by commas or tabs",
            "Save the table as CSV or TSV.",
        )
    return (header if width == len(header) + 1 else header[1:]), separator


def _header_problems(header: Sequence[str], name: str) -> list[Problem]:
    problems = [
        Problem(
            name,
            f"the specimen label {label!r} {times} times",
            "each specimen once",
            "Rename or remove the repeated columns; which one is meant cannot be guessed.",
            row=1,
            column=label,
        )
        for label, times in Counter(header).items()
        if times > 1 and label
    ]
    unnamed = [str(number) for number, label in enumerate(header, start=2) if not label]
    if unnamed:
        problems.append(
            Problem(
                name,
                f"no label over column {', '.join(unnamed[:SHOWN])}",
                "a specimen label over each column",
                "Name the columns, or remove them when they are empty.",
                row=1,
            )
        )
    return problems


def _cells(
    text: str, header: Sequence[str], separator: str, name: str
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Gene identifiers and cells: numbers when every cell is one, else the text as it stands."""
    options: dict[str, Any] = {
        "sep": separator,
        "header": None,
        "skiprows": 1,
        "names": ["", *range(len(header))],
        "index_col": False,
        "keep_default_na": False,
        "skip_blank_lines": False,
        "low_memory": False,
    }
    body = text.rstrip("\r\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # fields would be dropped
            table = _parse(body, header, options)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise refuse(
            name,
            _said(error),
            f"{len(header) + 1} fields in each line",
            "Check for missing or additional separators.",
        ) from error
    return tuple(table.pop("").fillna("").str.strip()), table


def _said(error: Exception) -> str:
    if isinstance(error, pd.errors.ParserWarning):
        return "lines with more fields than the header"
    return str(error).strip().removeprefix("Error tokenizing data. C error: ")


def _parse(body: str, header: Sequence[str], options: dict[str, Any]) -> pd.DataFrame:
    types = {"": str} | dict.fromkeys(range(len(header)), np.float64)
    try:
        return pd.read_csv(io.StringIO(body), dtype=types, **options)
    except pd.errors.ParserError:
        raise
    except ValueError:  # some cell is no number: read again as text, to say which
        return pd.read_csv(io.StringIO(body), dtype=str, na_values=[], **options)


def _numbers(
    cells: pd.DataFrame, header: Sequence[str], name: str
) -> tuple[NDArray[np.float64], list[Problem]]:
    if all(dtype == np.float64 for dtype in cells.dtypes):
        values = cells.to_numpy(dtype=np.float64)
    else:
        values = cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values)
    problems: list[Problem] = []
    whole = np.flatnonzero(bad.sum(axis=0) > max(1, len(bad) / 2)).tolist()
    for column in whole:
        count, first = int(bad[:, column].sum()), int(np.flatnonzero(bad[:, column])[0])
        problems.append(
            Problem(
                name,
                f"{count} of {len(bad)} cells without a number, as "
                f"{_spelled(cells.iat[first, column])}",
                NUMBERS,
                "Remove columns that hold no expression values (descriptions, lengths).",
                column=header[column],
            )
        )
    bad[:, whole] = False
    rows, columns = np.nonzero(bad)
    for row, column in zip(rows[:SHOWN], columns[:SHOWN], strict=True):
        problems.append(
            Problem(
                name,
                _spelled(cells.iat[row, column]),
                NUMBERS,
                "Correct the cell, or remove the gene; missing values are not filled in.",
                row=int(row) + 2,
                column=header[column],
            )
        )
    if len(rows) > SHOWN:
        problems.append(
            Problem(
                name,
                f"{len(rows) - SHOWN} more cells without a number",
                NUMBERS,
                "Correct the cells, or remove their genes.",
            )
        )
    return values, problems


def _spelled(cell: object) -> str:
    return "an empty cell" if cell is None or cell == "" or cell != cell else repr(cell)


def _gene_problems(genes: Sequence[str], name: str) -> list[Problem]:
    lines = [str(line) for line, gene in enumerate(genes, start=2) if not gene]
    if not lines:
        return []
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return [
        Problem(
            name,
            f"no gene identifier in line {', '.join(lines[:SHOWN])}{more}",
            "an identifier in the first column of each line",
            "Name the gene, or remove the line.",
            row=int(lines[0]),
        )
    ]


def _value_problems(
    values: NDArray[np.float64],
    header: Sequence[str],
    genes: Sequence[str],
    name: str,
    signed: bool,
) -> list[Problem]:
    problems = []
    if not signed:
        rows, columns = np.nonzero(values < 0)
        for row, column in zip(rows[:SHOWN], columns[:SHOWN], strict=True):
            problems.append(
                Problem(
                    name,
                    f"{values[row, column]:g} for the gene {genes[row]}",
                    "0 or more",
                    "Correct the cell, or declare the scale as log if the values are logarithms.",
                    row=int(row) + 2,
                    column=header[column],
                )
            )
        if len(rows) > SHOWN:
            problems.append(
                Problem(
                    name,
                    f"{len(rows) - SHOWN} more values below 0",
                    "0 or more",
                    "Correct the cells, or declare the scale as log.",
                )
            )
    constant = np.flatnonzero(values.min(axis=0) == values.max(axis=0)).tolist()
    for column in constant if len(values) > 1 else []:
        problems.append(
            Problem(
                name,
                f"{values[0, column]:g} for every gene",
                "genes of different expression",
                "Remove the specimen; it was not measured.",
                column=header[column],
            )
        )
    return problems


def _without_summary_rows(
    genes: tuple[str, ...], specimens: tuple[str, ...], values: NDArray[np.float64]
) -> ExpressionTable:
    summary = [bool(SUMMARY_ROW.fullmatch(gene)) for gene in genes]
    keep = ~np.array(summary)
    left = [gene for gene, out in zip(genes, summary, strict=True) if out]
    notices = []
    if left:
        text = f"Summary rows of the counting program left out: {', '.join(left)}."
        notices.append(Notice("summary_rows", text))
    silent = int((values[keep].max(axis=1) == values[keep].min(axis=1)).sum())
    if silent:
        text = f"{silent} of {int(keep.sum())} genes have the same value in every specimen; kept."
        notices.append(Notice("constant_genes", text))
    kept = tuple(gene for gene, out in zip(genes, summary, strict=True) if not out)
    return ExpressionTable(kept, specimens, values[keep], tuple(notices))
