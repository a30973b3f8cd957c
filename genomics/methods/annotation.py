"""Names of genes, and genes of transcripts, from the tables of HGNC and Ensembl."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genomics.methods.identifiers import Gene, without_version
from studies.methods.problems import refuse
from studies.methods.wording import say

# What the tables of HGNC, Ensembl BioMart, NCBI and tx2gene call their columns.
COLUMNS = {
    "symbol": ("symbol", "approved_symbol", "gene_name", "hgnc_symbol", "external_gene_name",
               "gene_symbol"),
    "previous": ("prev_symbol", "previous_symbols", "previous_symbol", "synonyms"),
    "hgnc": ("hgnc_id",),
    "entrez": ("entrez_id", "entrezgene_id", "ncbi_gene_id", "ncbi_gene_(formerly_entrezgene)_id",
               "geneid", "ncbi_gene_id_supplied_by_ncbi"),
    "ensembl": ("ensembl_gene_id", "ensembl_id", "gene_stable_id", "gene_id", "ensembl_gene",
                "geneid_ensembl", "gene"),
    "transcript": ("transcript_stable_id", "transcript_id", "ensembl_transcript_id", "txname",
                   "transcript", "tx_id", "target_id"),
}  # fmt: skip
FEWEST_NAMES = 2


@dataclass(frozen=True)
class Annotation:
    """Genes under their names, and the gene of each transcript."""

    genes: tuple[Gene, ...]
    gene_of: dict[str, str]  # transcript to Ensembl gene, or symbol where there is none
    _current: dict[str, Gene]
    _previous: dict[str, Gene]

    def find(self, *labels: str) -> Gene | None:
        """The gene of the first label that is known; a current name wins over a previous one."""
        names = [without_version(label) for label in labels if label]
        for known in (self._current, self._previous):
            for name in names:
                if name in known:
                    return known[name]
        return None


def make_annotation(genes: Iterable[Gene], gene_of: dict[str, str] | None = None) -> Annotation:
    """Genes by every name; a previous symbol that two genes bore names neither."""
    kept = tuple(dict.fromkeys(genes))
    current: dict[str, Gene] = {}
    previous: dict[str, Gene | None] = {}
    for gene in kept:
        for label in (gene.symbol, gene.ensembl, gene.entrez, gene.hgnc):
            if label:
                current.setdefault(label, gene)
    for gene in kept:
        for label in gene.previous:
            other = previous.setdefault(label, gene)
            if other is not None and other.symbol != gene.symbol:
                previous[label] = None
    known = {label: gene for label, gene in previous.items() if gene and label not in current}
    return Annotation(kept, gene_of or {}, current, known)


def read_annotation(text: str, name: str) -> Annotation:
    """Names of genes from a table with a header, tab or comma between.

    Parameters
    ----------
    text : str
        HGNC's complete set, an Ensembl BioMart export, NCBI's gene table, or two columns of
        transcript and gene. ``|`` or ``, `` stand between several previous symbols.

    Raises
    ------
    DataProblem
        No two columns that name genes, or no line.
    """
    lines = text.lstrip("\ufeff").splitlines()
    separator = max("\t,;", key=lines[0].count) if lines else "\t"
    rows = csv.reader(lines, delimiter=separator)
    place = _place(next(rows, []))
    if len(place) < FEWEST_NAMES:
        raise refuse(
            name,
            say("the columns {value}", value=lines[0][:120] if lines else "of an empty file"),
            "two of " + ", ".join(names[0] for names in COLUMNS.values()),
            "Export the table with a header line of these names.",
            row=1,
        )
    found = [
        _own_columns({c: row[k].strip() for c, k in place.items() if k < len(row)})
        for row in rows
        if row
    ]
    genes = [gene for gene in (_gene(row) for row in found) if gene.symbol]
    if not genes:
        raise refuse(
            name, say("no gene"), "a line per gene or transcript", "Choose the full table."
        )
    return make_annotation(genes, _transcripts(found))


def _place(header: Sequence[str]) -> dict[str, int]:
    labels = [re.sub(r"[ .\-]+", "_", label.strip().strip('"').lower()) for label in header]
    found: dict[str, int] = {}
    for column, names in COLUMNS.items():
        here = [labels.index(name) for name in names if name in labels]
        if here and here[0] not in found.values():
            found[column] = here[0]
    return found


def _own_columns(row: dict[str, str]) -> dict[str, str]:
    """``GeneID`` is NCBI's number in one table and Ensembl's in another: the value tells."""
    number = row.get("entrez", "").removesuffix(".0")
    if number and not number.isdecimal():
        return {**row, "entrez": "", "ensembl": row.get("ensembl") or number}
    return {**row, "entrez": number}


def _gene(row: dict[str, str]) -> Gene:
    ensembl = without_version(row.get("ensembl", ""))
    others = [s for s in re.split(r"\||, ?", row.get("previous", "")) if s]
    return Gene(
        symbol=row.get("symbol") or ensembl,
        previous=tuple(others),
        hgnc=row.get("hgnc", ""),
        entrez=row["entrez"],
        ensembl=ensembl,
    )


def _transcripts(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    pairs = (
        (row.get("transcript", ""), without_version(row.get("ensembl", "")) or row.get("symbol"))
        for row in rows
    )
    return {without_version(transcript): gene for transcript, gene in pairs if transcript and gene}
