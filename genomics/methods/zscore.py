"""Combined z-score: how far the genes of a set stand above their means over the specimens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def combined_zscore(values: Array, sets: Sequence[Sequence[int]]) -> Array:
    """Sum of the genes' z-scores over the square root of their number; higher = more of the set.

    Genes of one value in every specimen have no z-score and are left out. A score belongs to the
    specimens it was computed with: one more may change all.

    Parameters
    ----------
    values : array, genes × specimens
        On a scale whose means and SD make sense: logarithms.
    sets : sequence of sequences of int
        Row numbers of each set's genes.

    Returns
    -------
    array, sets × specimens, in SD; NaN where no gene of a set varies

    References
    ----------
    Lee E. et al. PLoS Computational Biology 2008;4:e1000217; R GSVA 1.46, method zscore.
    """
    sd = values.std(axis=1, ddof=1) if values.shape[1] > 1 else np.zeros(len(values))
    varies = sd > 0
    scores = np.full((len(sets), values.shape[1]), np.nan)
    for number, rows in enumerate(sets):
        genes = [row for row in dict.fromkeys(rows) if varies[row]]
        if genes:
            z = (values[genes] - values[genes].mean(axis=1, keepdims=True)) / sd[genes, None]
            scores[number] = z.sum(axis=0) / np.sqrt(len(genes))
    return scores
