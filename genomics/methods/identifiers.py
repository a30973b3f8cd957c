"""Genes of a signature found in an expression table, whatever identifiers the table uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import marked, say

MINIMUM_COVERAGE = 0.70  # share of the signature's pairs that must be found
SHOWN = 12
TURNED = marked(
    "The table is transposed: {n} of the genes stand in its columns. Put genes in rows and "
    "specimens in columns."
)
VERSIONED = re.compile(r"(ENS[A-Z]*\d{11})\.\d+")
ENSEMBL = re.compile(r"(ENSG\d{11})(\.\d+)?(_PAR_Y)?")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
MANGLED = re.compile(rf"\d{{1,2}}-({_MONTHS})|({_MONTHS})-\d{{1,2}}|\d\.\d+E[+-]\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Gene:
    """A gene under every name it bears or bore."""

    symbol: str
    previous: tuple[str, ...] = ()
    hgnc: str = ""
    entrez: str = ""
    ensembl: str = ""


@dataclass(frozen=True)
class Signature:
    """Genes per cell type; cell types and genes in the order of the file."""

    name: str
    sets: dict[str, tuple[Gene, ...]]

    @property
    def genes(self) -> tuple[Gene, ...]:
        return tuple(dict.fromkeys(gene for genes in self.sets.values() for gene in genes))


@dataclass(frozen=True)
class Coverage:
    """Genes of one cell type that the table has."""

    cell_type: str
    present: int
    total: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class GeneMap:
    """Row of the table for each gene of a signature that was found, by symbol."""

    rows: dict[str, int]
    notices: tuple[Notice, ...]


def without_version(label: str) -> str:
    """An Ensembl number without its version; anything else as it is."""
    match = VERSIONED.fullmatch(label)
    return match.group(1) if match else label


def map_identifiers(
    labels: Sequence[str], values: NDArray[np.float64], signature: Signature
) -> GeneMap:
    """Table rows of a signature's genes.

    A label is compared as current symbol, Ensembl number (version stripped), Entrez number,
    HGNC number, then as previous symbol; ``TP53|7157`` is compared by its parts. A gene's current
    name wins over a previous one. Of several rows of one gene the one of highest mean stands for
    it, with a notice.

    Parameters
    ----------
    labels : sequence of str
        Identifiers as the table spells them, one per row; case matters (``Cd3d`` is a mouse's).
    values : array, genes × specimens, or the mean of each gene
        Used to choose among rows of the same gene.
    """
    current, previous = _dictionaries(signature)
    found: dict[str, list[int]] = {}
    former: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        parts = _parts(label)
        symbol = next((current[part] for part in parts if part in current), None)
        if symbol:
            found.setdefault(symbol, []).append(row)
        elif symbol := next((previous[part] for part in parts if part in previous), None):
            former.setdefault(symbol, []).append(row)
    renamed = {symbol: rows for symbol, rows in former.items() if symbol not in found}
    chosen = {symbol: _strongest(rows, values) for symbol, rows in (found | renamed).items()}
    repeated = [symbol for symbol, rows in (found | renamed).items() if len(rows) > 1]
    return GeneMap(chosen, tuple(_notices(labels, repeated, renamed)))


def _dictionaries(signature: Signature) -> tuple[dict[str, str], dict[str, str]]:
    current: dict[str, str] = {}
    previous: dict[str, str] = {}
    for gene in signature.genes:
        for label in (gene.symbol, gene.ensembl, gene.entrez, gene.hgnc):
            if label:
                current.setdefault(label, gene.symbol)
        for label in gene.previous:
            previous.setdefault(label, gene.symbol)
    return current, previous


def _parts(label: str) -> list[str]:
    """The label and, where several identifiers are joined, each of them; no Ensembl versions."""
    parts = [label, *label.split("|")] if "|" in label else [label]
    return [match.group(1) if (match := ENSEMBL.fullmatch(part)) else part for part in parts]


def _strongest(rows: list[int], values: NDArray[np.float64]) -> int:
    return (
        max(rows, key=lambda row: (float(values[row].mean()), -row)) if len(rows) > 1 else rows[0]
    )


def _notices(
    labels: Sequence[str], repeated: list[str], renamed: dict[str, list[int]]
) -> list[Notice]:
    notices = []
    if renamed:
        names = [f"{labels[rows[0]]} = {symbol}" for symbol, rows in sorted(renamed.items())]
        notices.append(
            Notice(
                "genes_renamed", say("Found under a previous symbol: {list}.", list=_list(names))
            )
        )
    if repeated:
        text = say(
            "Several rows each; the row of highest mean is used: {list}.",
            list=_list(sorted(repeated)),
        )
        notices.append(Notice("genes_repeated", text))
    others = [label for label, times in Counter(labels).items() if times > 1]
    if others:
        text = say(
            "{n} identifiers stand in several rows, as {list}.",
            n=len(others),
            list=_list(sorted(others)),
        )
        notices.append(Notice("identifiers_repeated", text))
    mangled = [label for label in labels if MANGLED.fullmatch(label)]
    if mangled:
        text = say(
            "{n} identifiers were turned into dates or numbers by a spreadsheet: {list}. "
            "They cannot be read back (1-Mar was MARCHF1 or MTARC1).",
            n=len(mangled),
            list=_list(mangled),
        )
        notices.append(Notice("identifiers_mangled", text))
    return notices


def check_coverage(
    genes: GeneMap,
    labels: Sequence[str],
    signature: Signature,
    minimum: float = MINIMUM_COVERAGE,
    specimens: Sequence[str] = (),
) -> tuple[tuple[Coverage, ...], tuple[Notice, ...]]:
    """Share of a signature's pairs that the table has, per cell type.

    Parameters
    ----------
    genes : GeneMap
        Rows of the table by gene.
    labels : sequence of str
        Identifiers of all rows.
    signature : Signature
    minimum : float
        Share of pairs that must be there.
    specimens : sequence of str
        The table's column labels: genes among them tell a transposed table.

    Returns
    -------
    coverage : tuple of Coverage, a cell type each
    notices : tuple of Notice
        Cell types below the minimum, each with its missing genes.

    Raises
    ------
    DataProblem
        Fewer pairs than the minimum in all, or a cell type without any gene.
    """
    coverage = tuple(_cover(cell, members, genes) for cell, members in signature.sets.items())
    present, total = sum(c.present for c in coverage), sum(c.total for c in coverage)
    problems = []
    if present < minimum * total:
        problems.append(_too_few(coverage, labels, signature, minimum, specimens))
    for cell in coverage if not problems else ():
        if not cell.present:
            problems.append(
                Problem(
                    say(
                        "signature {name}, {cell_type}",
                        name=signature.name,
                        cell_type=cell.cell_type,
                    ),
                    say("none of {missing}", missing=", ".join(cell.missing)),
                    "at least one gene",
                    "Upload a table that has the gene, or choose another signature.",
                )
            )
    if problems:
        raise DataProblem(problems)
    low = [c for c in coverage if c.present < minimum * c.total]
    return coverage, tuple(_low(cell) for cell in low)


def _cover(cell: str, members: tuple[Gene, ...], genes: GeneMap) -> Coverage:
    missing = tuple(gene.symbol for gene in members if gene.symbol not in genes.rows)
    return Coverage(cell, len(members) - len(missing), len(members), missing)


def _low(cell: Coverage) -> Notice:
    missing = ", ".join(cell.missing)
    text = say(
        "{cell_type}: {present} of {total} genes found; missing {missing}.",
        cell_type=cell.cell_type,
        present=cell.present,
        total=cell.total,
        missing=missing,
    )
    return Notice("coverage_low", text)


def genes_in_columns(specimens: Sequence[str], signature: Signature) -> int:
    """How many genes of the signature are column labels: none, unless the table is transposed."""
    return len(map_identifiers(specimens, np.zeros(len(specimens)), signature).rows)


def check_orientation(
    labels: Sequence[str], specimens: Sequence[str], signature: Signature
) -> None:
    """Genes stand in rows.

    Raises
    ------
    DataProblem
        More of the signature's genes stand in the columns than in the rows.
    """
    columns = genes_in_columns(specimens, signature)
    if columns > max(1, len(map_identifiers(labels, np.zeros(len(labels)), signature).rows)):
        raise refuse(
            say("expression matrix"),
            say("genes in the columns, as {specimens}", specimens=", ".join(specimens[:3])),
            "genes in rows, specimens in columns",
            say(TURNED, n=columns),
        )


def _too_few(
    coverage: tuple[Coverage, ...],
    labels: Sequence[str],
    signature: Signature,
    minimum: float,
    specimens: Sequence[str],
) -> Problem:
    present, total = sum(c.present for c in coverage), sum(c.total for c in coverage)
    missing = list(dict.fromkeys(symbol for cell in coverage for symbol in cell.missing))
    remedy = say("Use HGNC symbols, Ensembl, Entrez or HGNC numbers of human genes.")
    upper = {label.upper() for label in labels}
    if sum(symbol in upper for symbol in missing) > len(missing) / 2:
        remedy = say(
            "{remedy} The symbols fit when case is ignored: are they a mouse's?", remedy=remedy
        )
    columns = genes_in_columns(specimens, signature)
    if columns > max(1, present):
        remedy = say(TURNED, n=columns)
    return Problem(
        say("signature {name}", name=signature.name),
        say(
            "{present} of {total} pairs ({present_2:.0%}); the table's identifiers look "
            "like {labels}; missing genes: {missing}",
            present=present,
            total=total,
            present_2=present / total,
            labels=", ".join(labels[:3]),
            missing=", ".join(missing),
        ),
        say("at least {minimum:.0%} of the pairs of cell type and gene", minimum=minimum),
        remedy,
    )


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    more = len(names) - SHOWN
    return say("{shown} and {n} more", shown=shown, n=more) if more > 0 else shown
