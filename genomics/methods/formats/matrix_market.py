"""MatrixMarket triplets: matrix.mtx with the lists of its genes and specimens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd

from genomics.methods.expression_layout import join_names
from genomics.methods.expression_text import Open
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats.reading import (
    Reading,
    check_labels,
    check_size,
    member_opener,
    plain_name,
    scratch_array,
    text_lines,
    tiles_of,
)
from studies.methods.problems import refuse
from studies.methods.wording import say

SUFFIX = ".mtx"
ENTRIES_A_CHUNK = 5_000_000
GENE_LISTS = ("features.tsv", "genes.tsv", "genes.txt", "features.txt")
SPECIMEN_LISTS = ("barcodes.tsv", "samples.tsv", "barcodes.txt", "samples.txt")


def read_matrix_market_zip(
    archive: ZipFile, members: list[str], name: str, reading: Reading
) -> ExpressionTiles:
    """Genes in rows, specimens in columns, as their lists say.

    References
    ----------
    Boisvert R. F. et al. The Matrix Market exchange formats, NISTIR 5935, 1996.
    """
    matrices = [member for member in members if plain_name(member).endswith(SUFFIX)]
    if len(matrices) != 1:
        remedy = say("One matrix per upload.")
        raise refuse(
            name, say("{n} .mtx files", n=len(matrices)), "one matrix with its two lists", remedy
        )
    genes = _list(archive, members, GENE_LISTS, name)
    specimens = _list(archive, members, SPECIMEN_LISTS, name)
    labels = [row[0] for row in specimens]
    check_labels(labels, name)
    names = [row[0] for row in genes]
    symbols = [row[1] if len(row) > 1 else "" for row in genes]
    size = (len(names), len(labels))
    check_size(*size, name)
    values = _read_matrix(member_opener(archive, matrices[0]), matrices[0], size)
    return tiles_of(values, join_names(names, symbols), labels, name)


def _list(
    archive: ZipFile, members: Sequence[str], wanted: tuple[str, ...], name: str
) -> list[list[str]]:
    found = [member for member in members if plain_name(member).lower() in wanted]
    if len(found) != 1:
        have = ", ".join(found) or say("none")
        raise refuse(
            name, have, say("one of {wanted}", wanted=", ".join(wanted)), "Add the list to the zip."
        )
    lines = text_lines(member_opener(archive, found[0]))
    rows = [line.rstrip("\r\n").split("\t") for line in lines if line.strip()]
    return [[cell.strip().strip('"') for cell in row] for row in rows]


def _read_matrix(fresh: Open, member: str, size: tuple[int, int]) -> Any:
    """Specimens × genes; every entry once, inside the matrix."""
    lines = text_lines(fresh)
    banner = lines.readline().split()
    if banner[1:3] != ["matrix", "coordinate"] or banner[3:] not in (
        ["integer", "general"],
        ["real", "general"],
    ):
        expected = say("matrix coordinate integer (or real) general")
        raise refuse(member, " ".join(banner[1:]), expected, "Write it as general coordinates.")
    line = lines.readline()
    while line.startswith("%"):
        line = lines.readline()
    stated = [int(part) for part in line.split() if part.isdecimal()]
    if stated[:2] != list(size) or len(stated) != 3:
        turned = say(" The matrix is transposed.") if stated[:2] == list(size)[::-1] else ""
        raise refuse(
            member,
            say("{value} in the line of sizes", value=line.strip()[:60]),
            say(
                "{size} genes and {size_2} specimens, as the lists say",
                size=size[0],
                size_2=size[1],
            ),
            say("Genes in rows, specimens in columns, each list complete.{turned}", turned=turned),
        )
    values = scratch_array(size[1], size[0])
    read = 0
    options: dict[str, Any] = {"sep": r"\s+", "header": None, "chunksize": ENTRIES_A_CHUNK}
    try:
        for chunk in pd.read_csv(lines, **options) if stated[2] else ():
            rows, columns = (chunk[k].to_numpy(dtype=np.int64) - 1 for k in (0, 1))
            values[columns, rows] = chunk[2].to_numpy(dtype=np.float64)
            if min(rows.min(), columns.min()) < 0:
                raise IndexError("an entry at 0; they are counted from 1")
            read += len(chunk)
    except (ValueError, IndexError, KeyError, pd.errors.ParserError) as error:
        expected = say("row, column and value in each line, inside the matrix")
        raise refuse(member, str(error).strip(), expected, "Write the matrix again.") from error
    if read != stated[2]:
        found = say("{read} entries", read=read)
        raise refuse(
            member,
            found,
            say("{stated}, as stated", stated=stated[2]),
            "The file was cut: copy it again.",
        )
    return values
