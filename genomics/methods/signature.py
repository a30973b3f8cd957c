"""Gene sets as users hold them: a table of pairs, or GMT."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from genomics.methods.annotation import Annotation
from genomics.methods.identifiers import Gene, Signature
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

CELL_TYPE = ("cell_type", "cell_population", "set", "set_name", "gene_set", "geneset", "term",
             "signature", "cell")  # fmt: skip
GENE = ("gene_symbol", "gene", "symbol", "hugo_symbols", "hugo_symbol", "hgnc_symbol", "genesymbol",
        "gene_name")  # fmt: skip
EXPECTED = say(
    "CSV with the columns cell_type and gene_symbol, or GMT (name, description, genes by tab)"
)


def read_signature(text: str, name: str) -> Signature:
    """Gene sets from a table of pairs, or from GMT.

    Parameters
    ----------
    text : str
        CSV or TSV with a header: ``cell_type`` and ``gene_symbol`` (or what others call them),
        ``previous_symbols`` (``|`` between), ``hgnc_id``, ``entrez_id``, ``ensembl_id`` where
        known. Or GMT: a set per line, its name, a description, its genes.

    Raises
    ------
    DataProblem
        Neither of the two; a pair without cell type or gene, or twice.
    """
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        raise refuse(
            name, say("no pairs"), "a line per cell type and gene", "Choose the full file."
        )
    columns = _columns(lines[0])
    pairs = _table(text, columns) if columns else _gmt(lines, name)
    sets: dict[str, list[Gene]] = {}
    problems = []
    for line, cell_type, gene in pairs:
        known = sets.setdefault(cell_type, [])
        if not cell_type or not gene.symbol or gene.symbol in (g.symbol for g in known):
            found = say(
                "{cell_type}, {gene}",
                cell_type=cell_type or say("no cell type"),
                gene=gene.symbol or say("no gene"),
            )
            remedy = say("Correct or remove it.")
            problems.append(Problem(name, found, "a new pair of both", remedy, row=line))
        known.append(gene)
    if problems:
        raise DataProblem(problems)
    if not sets:
        raise refuse(
            name, say("no pairs"), "a line per cell type and gene", "Choose the full file."
        )
    return Signature(name, {cell: tuple(genes) for cell, genes in sets.items()})


def _separator(line: str) -> str:
    return max(",\t;", key=line.count)


def _plain(label: str) -> str:
    return re.sub(r"[ .\-]+", "_", label.strip().strip('"').lower())


def _columns(header: str) -> dict[str, int] | None:
    """Where each known column stands; nothing when the first line is no header."""
    labels = [_plain(label) for label in header.split(_separator(header))]
    place = {label: position for position, label in reversed(list(enumerate(labels)))}
    cell = next((place[name] for name in CELL_TYPE if name in place), None)
    gene = next((place[name] for name in GENE if name in place), None)
    if cell is None or gene is None:
        return None
    rest = ("previous_symbols", "hgnc_id", "entrez_id", "ensembl_id")
    known = {name: place[name] for name in rest if name in place}
    return {"cell_type": cell, "gene_symbol": gene, **known}


def _table(text: str, columns: dict[str, int]) -> Iterator[tuple[int, str, Gene]]:
    separator = _separator(text.splitlines()[0])
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    next(rows)
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = {n: row[k].strip() if k < len(row) else "" for n, k in columns.items()}
        gene = Gene(
            symbol=cells["gene_symbol"],
            previous=tuple(s for s in cells.get("previous_symbols", "").split("|") if s),
            hgnc=cells.get("hgnc_id", ""),
            entrez=cells.get("entrez_id", ""),
            ensembl=cells.get("ensembl_id", ""),
        )
        yield rows.line_num, cells["cell_type"], gene


def _gmt(lines: Sequence[str], name: str) -> Iterator[tuple[int, str, Gene]]:
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        genes = [cell for cell in cells[2:] if cell]
        if not genes:
            raise refuse(name, line[:80], EXPECTED, "Correct the line.", row=number)
        for gene in genes:
            yield number, cells[0], Gene(gene)


def annotate_signature(signature: Signature, annotation: Annotation) -> Signature:
    """The same sets, each gene under all names the annotation knows; given names stay first."""

    def known(gene: Gene) -> Gene:
        found = annotation.find(gene.symbol, gene.ensembl, gene.entrez, gene.hgnc)
        if found is None:
            return gene
        others = (found.symbol, *found.previous, *gene.previous)
        return replace(
            gene,
            previous=tuple(dict.fromkeys(o for o in others if o != gene.symbol)),
            hgnc=gene.hgnc or found.hgnc,
            entrez=gene.entrez or found.entrez,
            ensembl=gene.ensembl or found.ensembl,
        )

    sets = {cell: tuple(known(g) for g in genes) for cell, genes in signature.sets.items()}
    return Signature(signature.name, sets)
