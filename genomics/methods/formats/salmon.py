"""Salmon: a folder per specimen with quant.sf; transcripts are summed to genes by an annotation."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
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
from genomics.methods.identifiers import without_version
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

SUFFIX = "quant.sf"
COLUMN_OF = {"counts": "NumReads", "tpm": "TPM"}
FEWEST_MAPPED = 0.8  # of the reads: below, the annotation is another one
SHOWN = 8


def read_salmon_zip(
    archive: ZipFile, members: list[str], name: str, reading: Reading
) -> ExpressionTiles:
    """Reads (or TPM, when that is the declared scale) per gene.

    Raises
    ------
    DataProblem
        A scale that Salmon does not write, transcripts that no annotation knows.

    References
    ----------
    Patro R. et al. Nature Methods 2017;14:417-419. Soneson C. et al. F1000Research 2015;4:1521
    (sums of transcripts per gene).
    """
    column = COLUMN_OF.get(reading.scale or "counts")
    if column is None:
        raise refuse(
            name,
            say("the scale {scale}", scale=reading.scale),
            "counts (NumReads) or tpm (TPM)",
            "Declare one of the two.",
            column="scale",
        )
    mine = [member for member in members if plain_name(member) == SUFFIX]
    labels = [PurePosixPath(member).parent.name for member in mine]
    check_labels(labels, name)
    openers = [member_opener(archive, member) for member in mine]
    first = _read_one(openers[0], labels[0], column)
    genes, place = _genes(first.index.tolist(), reading.gene_of, first.to_numpy(), name)
    check_size(len(genes), len(labels), name)
    values = _sums(openers, labels, column, first, (len(genes), place), name)
    tiles = tiles_of(values, genes, labels, name)
    text = say(
        "{column} of {n} transcripts summed to {n_2} genes.",
        column=column,
        n=len(first),
        n_2=len(genes),
    )
    tiles.notices.append(Notice("transcripts_summed", text))
    if lost := [t for t, k in zip(first.index, place, strict=True) if k < 0]:
        text = say(
            "{n} transcripts without a gene left out, as {lost}.",
            n=len(lost),
            lost=", ".join(lost[:SHOWN]),
        )
        tiles.notices.append(Notice("transcripts_unmapped", text))
    return tiles


def _sums(
    openers: Sequence[Open],
    labels: Sequence[str],
    column: str,
    first: pd.Series,
    genes: tuple[int, NDArray[np.intp]],
    name: str,
) -> NDArray[np.float64]:
    size, place = genes
    values, problems = scratch_array(len(labels), size), []
    known, transcripts = place >= 0, first.index.tolist()
    for row, (fresh, label) in enumerate(zip(openers, labels, strict=True)):
        found = first if row == 0 else _read_one(fresh, label, column)
        if found.index.tolist() != transcripts:
            problems.append(
                Problem(
                    name,
                    say(
                        "other transcripts, or in another order, than in {labels}", labels=labels[0]
                    ),
                    "one index for all specimens",
                    "Quantify all specimens with the same index, or upload them apart.",
                    column=label,
                )
            )
            continue
        values[row] = np.bincount(place[known], found.to_numpy()[known], minlength=size)
    if problems:
        raise DataProblem(problems)
    return values


def _read_one(fresh: Open, label: str, column: str) -> pd.Series:
    try:
        table = pd.read_csv(io.TextIOWrapper(fresh(), "utf-8"), sep="\t", keep_default_na=False)
        return table.set_index(table["Name"].astype(str))[column].astype(np.float64)
    except UnicodeDecodeError as error:
        raise refuse_no_text(label, error) from error
    except (KeyError, ValueError, pd.errors.ParserError) as error:
        expected = say("Name, Length, EffectiveLength, TPM, NumReads with numbers")
        raise refuse(label, str(error).strip(), expected, "Copy quant.sf again.") from error


def _genes(
    transcripts: Sequence[str], gene_of: Mapping[str, str] | None, reads: NDArray, name: str
) -> tuple[list[str], NDArray[np.intp]]:
    """Genes, and the place of each transcript's gene among them (-1: none)."""
    found = [_gene(transcript, gene_of or {}) for transcript in transcripts]
    genes = list(dict.fromkeys(gene for gene in found if gene is not None))
    order = {gene: place for place, gene in enumerate(genes)}
    place = np.array([order.get(gene or "", -1) for gene in found], dtype=np.intp)
    share = float(reads[place >= 0].sum() / max(reads.sum(), 1e-300))
    if share < FEWEST_MAPPED:
        raise refuse(
            name,
            say(
                "the gene of {sum} of {n} transcripts ({share:.0%} of the reads); they look "
                "like {transcripts}",
                sum=int((place >= 0).sum()),
                n=len(found),
                share=share,
                transcripts=", ".join(transcripts[:3]),
            ),
            say(
                "transcripts that hold at least {fewest_mapped:.0%} of the reads",
                fewest_mapped=FEWEST_MAPPED,
            ),
            "Upload the annotation the index was made of (transcript and gene), then this again."
            if not gene_of
            else "The annotation is another one than the index was made of: upload that one.",
        )
    return genes, place


def _gene(transcript: str, gene_of: Mapping[str, str]) -> str | None:
    """By the annotation; GENCODE's names tell their gene themselves (ENST…|ENSG…|…)."""
    parts = transcript.split("|")
    known = gene_of.get(parts[0]) or gene_of.get(without_version(parts[0]))
    if known or len(parts) < 2:
        return known
    return parts[1] if parts[1].startswith("ENSG") else None
