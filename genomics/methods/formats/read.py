"""Which format a file is, by what it holds; its name decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO
from zipfile import ZipFile

from genomics.methods.expression_table import read_text_table
from genomics.methods.expression_text import Open, first_lines, opener
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats import matrix_market, salmon, star
from genomics.methods.formats.feature_counts import feature_counts_layout, is_feature_counts
from genomics.methods.formats.gct import check_gct, gct_layout, is_gct
from genomics.methods.formats.h5ad import read_h5ad
from genomics.methods.formats.reading import (
    Reading,
    data_entries,
    member_opener,
    open_zip,
    plain_name,
)
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

HDF5, ZIP = b"\x89HDF\r\n\x1a\n", (b"PK\x03\x04", b"PK\x05\x06")
KINDS = say(
    "one table (CSV, TSV, GCT, featureCounts), STAR ReadsPerGene files, Salmon folders with "
    "quant.sf, or matrix.mtx with features.tsv and barcodes.tsv"
)


def read_expression(
    stream: BinaryIO, name: str = "expression matrix", reading: Reading | None = None
) -> ExpressionTiles:
    """Expression per gene and specimen, whatever program wrote it.

    Parameters
    ----------
    stream : seekable binary file
        CSV or TSV (gzipped or not), GCT 1.2 and 1.3, featureCounts, STAR ReadsPerGene, h5ad, or a
        zip of one of them, of several STAR files, of Salmon folders, or of a MatrixMarket triplet.
    name : str
        What to call the file in problems.
    reading : Reading, optional
        Declared scale; for STAR the strand, for Salmon the gene of each transcript.

    Returns
    -------
    ExpressionTiles
        Checked: every cell a number, no specimen twice or of one value.

    Raises
    ------
    DataProblem
        Every problem of the file at once.
    """
    reading = reading or Reading()
    start = stream.read(8)
    stream.seek(0)
    if start == HDF5:
        tiles = read_h5ad(stream, name)
    elif start[:4] in ZIP:
        with open_zip(stream, name) as archive:
            tiles = _read_zip(archive, name, reading)
    else:
        tiles = _read_text(opener(stream, name), name, reading)
    tiles.check(reading.scale)
    return tiles


def _read_text(fresh: Open, name: str, reading: Reading) -> ExpressionTiles:
    lines = first_lines(fresh, name, 4)
    if is_gct(lines):
        tiles = read_text_table(fresh, name, gct_layout(fresh, name))
        check_gct(lines, tiles)
        return tiles
    if is_feature_counts(lines):
        layout, notices = feature_counts_layout(lines, name)
        tiles = read_text_table(fresh, name, layout)
        tiles.notices += notices
        return tiles
    if star.is_star(lines):
        return star.read_star([(star.specimen_of(name), fresh)], name, reading.strand)
    if lines[0].startswith("%%MatrixMarket"):
        raise refuse(
            name,
            say("a MatrixMarket file alone"),
            "a zip of matrix.mtx, features.tsv and barcodes.tsv",
            "Without the two lists nobody knows which gene and which specimen a number is of.",
        )
    return read_text_table(fresh, name)


_SEVERAL: tuple[tuple[str, Callable[[ZipFile, list[str], str, Reading], ExpressionTiles]], ...] = (
    (star.SUFFIX, star.read_star_zip),
    (salmon.SUFFIX, salmon.read_salmon_zip),
    (matrix_market.SUFFIX, matrix_market.read_matrix_market_zip),
)


def _read_zip(archive: ZipFile, name: str, reading: Reading) -> ExpressionTiles:
    members = data_entries(archive)
    for suffix, read in _SEVERAL:
        if any(plain_name(member).endswith(suffix) for member in members):
            return read(archive, members, name, reading)
    if len(members) != 1:
        found = (
            say("{n} files, as {members}", n=len(members), members=", ".join(members[:3]))
            if members
            else say("no file")
        )
        raise refuse(name, found, KINDS, "Pack what belongs together, and nothing else.")
    tiles = _read_text(member_opener(archive, members[0]), members[0], reading)
    tiles.notices.append(
        Notice("unpacked", say("Read from {members} of the zip.", members=members[0]))
    )
    return tiles
