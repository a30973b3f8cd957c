"""MCP-counter: the mean expression of a population's own marker genes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def marker_mean(values: Array, sets: Sequence[Sequence[int]]) -> Array:
    """Mean of the marker genes, higher = more of the population.

    Comparable between specimens for one population, not between populations.

    Parameters
    ----------
    values : array, genes × specimens
        Logarithms, normalised for depth: the mean is taken as they stand.
    sets : sequence of sequences of int
        Row numbers of each population's genes, at least one.

    Returns
    -------
    array, sets × specimens, in the unit of ``values``

    References
    ----------
    Becht E. et al. Genome Biology 2016;17:218.
    """
    return np.array([values[list(dict.fromkeys(rows))].mean(axis=0) for rows in sets])


def log_per_million(values: NDArray[np.floating], totals: Array) -> Array:
    """log2(CPM + 1) of genes × specimens, by the totals of all genes of each specimen.

    Parameters
    ----------
    values : array, genes × specimens
        Counts, not logarithms.
    totals : array, shape (specimens,)
        Sums over ALL genes of the table.

    References
    ----------
    Counts per million of the whole library, no trimmed factors; the 1 is added after scaling.
    """
    return np.asarray(np.log2(np.asarray(values) / totals * 1e6 + 1), dtype=np.float64)
