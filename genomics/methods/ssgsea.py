"""Single-sample gene set enrichment: how high in a specimen's ranking the genes of a set stand.

For a specimen with N genes and a set of k of them, with r the rank of a gene from the bottom,
w = r^0.25 and q its position from the bottom (1 = lowest, N = highest):

    ES = sum(w q) / sum(w)  -  (N (N + 1) / 2 - sum(q)) / (N - k)

the area between the walk through the set's genes and the walk through all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

Ties = Literal["order_invariant", "gsva_compatible"]

WEIGHT_EXPONENT = 0.25
BLOCK = 64  # specimens sorted together: a block of 20,000 genes stays near the cache


def ssgsea(
    values: NDArray[Any],
    sets: Sequence[Sequence[int]],
    ties: Ties = "order_invariant",
    progress: Callable[[int, int], None] | None = None,
    threads: int = 2,
) -> NDArray[np.float64]:
    """Raw enrichment scores of gene sets, higher = the set's genes rank higher in the specimen.

    Parameters
    ----------
    values : array, genes × specimens
        Expression on any scale that keeps each specimen's own order of genes: only ranks enter,
        so counts, CPM and their logarithms give the same scores. No missing values.
    sets : sequence of sequences of int
        Row numbers of each set's genes; at least one and fewer than all.
    ties : {"order_invariant", "gsva_compatible"}
        Position of genes with equal values: their mean position, or (as R GSVA 1.46 with
        ``ssgsea.norm=FALSE``) the order of the rows, which a shuffled table changes.
    progress : callable (done, total), optional
        Called after each block of specimens.
    threads : int
        Blocks ranked at once, each by itself: the scores do not depend on it.

    Returns
    -------
    array, sets × specimens, unitless

    Raises
    ------
    DataProblem
        Missing or infinite values, an empty set, a set of all genes.

    References
    ----------
    Barbie D. A. et al. Nature 2009;462:108-112.
    Hänzelmann S. et al. BMC Bioinformatics 2013;14:7.
    """
    expression = np.asarray(values)
    _check(expression, sets, ties)
    n_genes, n_specimens = expression.shape
    rows = np.unique(np.concatenate([np.asarray(s, dtype=np.intp) for s in sets]))
    members = _members(sets, rows)
    scores = np.empty((len(sets), n_specimens))

    def score(start: int) -> int:
        block = _block(expression[:, start : start + BLOCK])
        weight, position = _weights_and_positions(block, rows, ties)
        scores[:, start : start + BLOCK] = _enrichment(members, weight, position, n_genes)
        return min(start + BLOCK, n_specimens)

    with ThreadPoolExecutor(threads) as pool:
        for done in pool.map(score, range(0, n_specimens, BLOCK)):
            if progress:
                progress(done, n_specimens)
    return scores


def _block(values: NDArray[Any]) -> NDArray[Any]:
    """A copy to sort, a contiguous row per specimen, in the narrowest type that keeps the order."""
    if values.dtype == np.int32:
        return np.array(values.T, order="C", copy=True)
    if values.dtype == np.float32:
        return _finite(np.array(values.T, order="C", copy=True))
    block = _finite(np.array(values.T, order="C", dtype=np.float64, copy=True))
    narrow = block.astype(np.float32)
    return narrow if (narrow == block).all() else block


def _finite(block: NDArray[Any]) -> NDArray[Any]:
    found = np.isfinite(block)
    if not found.all():
        raise refuse(
            say("expression matrix"),
            say("{sum} missing or infinite values", sum=int((~found).sum())),
            "a number in every cell",
            "Remove the genes or specimens without values; they are not filled in.",
        )
    return block


def _check(values: NDArray[Any], sets: Sequence[Sequence[int]], ties: str) -> None:
    if ties not in ("order_invariant", "gsva_compatible"):
        raise refuse("ties", ties, "order_invariant or gsva_compatible", "Choose one of the two.")
    if values.ndim != 2 or not values.size:
        raise refuse(
            say("expression matrix"),
            say("shape {shape}", shape=values.shape),
            "genes × specimens, neither empty",
            "Give a table with genes in rows and specimens in columns.",
        )
    problems = [
        Problem(
            say("gene set {number}", number=number),
            say("{n} of {n_2} genes", n=len(set(rows)), n_2=len(values)),
            "at least one gene and fewer than all",
            "Check the identifiers of the matrix against the signature.",
        )
        for number, rows in enumerate(sets, start=1)
        if not 0 < len(set(rows)) < len(values)
    ]
    if not sets:
        raise refuse(say("gene sets"), say("none"), "at least one", "Choose a signature.")
    if problems:
        raise DataProblem(problems)


@dataclass(frozen=True)
class _Members:
    """The genes of all sets one after another, as places among the rows that are looked at."""

    places: NDArray[np.intp]
    starts: NDArray[np.intp]  # where each set begins
    sizes: NDArray[np.intp]

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the genes of each set, sets × specimens; no threads, so always the same."""
        return np.add.reduceat(values[self.places], self.starts, axis=0)


def _members(sets: Sequence[Sequence[int]], rows: NDArray[np.intp]) -> _Members:
    found = [np.searchsorted(rows, np.unique(np.asarray(s, dtype=np.intp))) for s in sets]
    sizes = np.array([len(places) for places in found])
    return _Members(np.concatenate(found), np.cumsum(sizes) - sizes, sizes)


def _weights_and_positions(
    block: NDArray[Any], rows: NDArray[np.intp], ties: Ties
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """w and q of the set genes only, set genes × specimens of the block."""
    wanted = block[:, rows]
    above = _tied_rows_above(block, rows) if ties == "gsva_compatible" else None
    block.sort(axis=1)
    below = np.stack([np.searchsorted(b, v, "left") for b, v in zip(block, wanted, strict=True)])
    upto = np.stack([np.searchsorted(b, v, "right") for b, v in zip(block, wanted, strict=True)])
    mean_rank = (below + 1 + upto) / 2
    position = mean_rank if above is None else (upto - (above - below)).astype(np.float64)
    return (np.floor(mean_rank) ** WEIGHT_EXPONENT).T, position.T


def _tied_rows_above(block: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Place of the set genes in a stable ascending order: genes below + tied rows above."""
    place = np.empty(block.shape, dtype=np.intp)
    np.put_along_axis(
        place,
        np.argsort(block, axis=1, kind="stable"),
        np.broadcast_to(np.arange(block.shape[1]), block.shape),
        axis=1,
    )
    return place[:, rows]


def normalise_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raw scores divided by their range over all sets and specimens of the table.

    As R GSVA with ``ssgsea.norm=TRUE``. The range belongs to the table: one more specimen may
    change every score, so raw scores are what is stored and clustered.

    Parameters
    ----------
    scores : array, sets × specimens
        Raw scores of ``ssgsea``.

    References
    ----------
    Barbie D. A. et al. Nature 2009;462:108-112.
    """
    return scores / (scores.max() - scores.min())


def _enrichment(
    members: _Members,
    weight: NDArray[np.float64],
    position: NDArray[np.float64],
    n_genes: int,
) -> NDArray[np.float64]:
    size = members.sizes[:, None]
    inside = members.sums(weight * position) / members.sums(weight)
    outside = (n_genes * (n_genes + 1) / 2 - members.sums(position)) / (n_genes - size)
    return inside - outside
