"""STAR ReadsPerGene.out.tab: a file per specimen, three columns of counts by strand."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from zipfile import ZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genomics.methods.expression_text import Open, refuse_no_text
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats.reading import (
    Reading,
    check_labels,
    check_size,
    member_opener,
    plain_name,
    scratch_array,
    tiles_of,
)
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

SUFFIX = "ReadsPerGene.out.tab"
STRANDS = ("unstranded", "forward", "reverse")  # columns 2, 3, 4
CLEAR = 3.0  # times as many reads on one strand: the library is stranded
ROW = re.compile(r"N_unmapped\t\d+\t\d+\t\d+\s*")


def is_star(lines: Sequence[str]) -> bool:
    """Whether the first line is one of STAR's ReadsPerGene."""
    return bool(ROW.fullmatch(lines[0]))


def specimen_of(member: str) -> str:
    """The file's name without STAR's ending; the folder's where nothing else is left."""
    stem = plain_name(member).removesuffix(SUFFIX).rstrip("._-")
    return stem or PurePosixPath(member).parent.name


def read_star_zip(
    archive: ZipFile, members: list[str], name: str, reading: Reading
) -> ExpressionTiles:
    """``read_star`` of the files of a zip, one per specimen."""
    mine = [member for member in members if plain_name(member).endswith(SUFFIX)]
    files = [(specimen_of(member), member_opener(archive, member)) for member in mine]
    return read_star(files, name, reading.strand)


def read_star(
    files: Sequence[tuple[str, Open]], name: str, strand: str | None = None
) -> ExpressionTiles:
    """Counts of one strand column, a file per specimen.

    Parameters
    ----------
    files : sequence of (specimen, opener)
    strand : {"unstranded", "forward", "reverse"}
        Column 2, 3 or 4; only the laboratory knows how the library was made.

    Raises
    ------
    DataProblem
        The strand is not said (with what the reads suggest), files of other genes.

    References
    ----------
    Dobin A. et al. Bioinformatics 2013;29:15-21; STAR manual, quantMode GeneCounts.
    """
    labels = [label for label, _ in files]
    check_labels(labels, name)
    first = _read_one(files[0][1], labels[0])
    genes = first.index.tolist()
    check_size(len(genes), len(files), name)
    values = scratch_array(len(files), len(genes))
    sums, problems = np.zeros(3), []
    column = STRANDS.index(strand) if strand in STRANDS else 0
    for place, (label, fresh) in enumerate(files):
        table = first if place == 0 else _read_one(fresh, label)
        if table.index.tolist() != genes:
            problems.append(_other_genes(label, labels[0], name))
            continue
        sums += _reads_of_genes(table)
        values[place] = table.iloc[:, column]
    if strand not in STRANDS:
        problems.append(_ask(strand, sums, name))
    if problems:
        raise DataProblem(problems)
    tiles = tiles_of(values, genes, labels, name)
    tiles.notices += _say(str(strand), sums)
    return tiles


def _read_one(fresh: Open, label: str) -> pd.DataFrame:
    try:
        text = io.TextIOWrapper(fresh(), "utf-8")
        table = pd.read_csv(text, sep="\t", header=None, index_col=0, keep_default_na=False)
        counts = table.astype(np.int64)
    except UnicodeDecodeError as error:
        raise refuse_no_text(label, error) from error
    except (ValueError, pd.errors.ParserError) as error:
        expected = say("a gene and three whole numbers in each line")
        raise refuse(label, str(error).strip(), expected, "Copy the file of STAR again.") from error
    if counts.shape[1] != 3:
        found = say("{shape} columns", shape=counts.shape[1] + 1)
        raise refuse(label, found, "the gene and three columns", "Copy the file of STAR again.")
    return counts.set_axis(counts.index.astype(str))


def _reads_of_genes(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[~table.index.str.startswith("N_")].to_numpy(dtype=np.float64).sum(axis=0)


def suggest_strand(sums: NDArray[np.float64]) -> str:
    """The column that fits the reads: one strand has far more, or neither.

    Parameters
    ----------
    sums : array, shape (3,)
        Reads of all genes: unstranded, forward, reverse.
    """
    _, forward, reverse = sums
    if forward > CLEAR * reverse:
        return "forward"
    return "reverse" if reverse > CLEAR * forward else "unstranded"


def _totals(sums: NDArray[np.float64]) -> str:
    named = zip(STRANDS, sums.tolist(), strict=True)
    return ", ".join(f"{strand} {total:,.0f}" for strand, total in named)


def _ask(strand: str | None, sums: NDArray[np.float64], name: str) -> Problem:
    return Problem(
        name,
        say("{strand!r} as strand; reads in genes: {totals}", strand=strand, totals=_totals(sums))
        if strand
        else say("no strand named; reads in genes: {totals}", totals=_totals(sums)),
        say("strand: {strands}", strands=", ".join(STRANDS)),
        say(
            "The reads look {suggest_strand}: ask the laboratory, and upload it again with "
            "that strand.",
            suggest_strand=suggest_strand(sums),
        ),
        column="strand",
    )


def _say(strand: str, sums: NDArray[np.float64]) -> list[Notice]:
    text = say(
        "Column of STAR: {strand}; reads in genes: {totals}.", strand=strand, totals=_totals(sums)
    )
    notices = [Notice("strand", text)]
    if (found := suggest_strand(sums)) != strand:
        text = say(
            "Read as {strand}, but the reads look {found}: {totals}.",
            strand=strand,
            found=found,
            totals=_totals(sums),
        )
        notices.append(Notice("strand_unlikely", text))
    return notices


def _other_genes(label: str, first: str, name: str) -> Problem:
    return Problem(
        name,
        say("other genes, or in another order, than in {first}", first=first),
        "one annotation for all specimens",
        "Count all specimens with the same annotation, or upload them apart.",
        column=label,
    )
