"""Compiled count of ordered pairs, in steps that grow as n·log n."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modeling.methods.survival_table import Flags, Floats
from studies.methods.compiled import compiled_on_first_use

Numbers = NDArray[np.int64]


@compiled_on_first_use
def insert(tree: Floats, rank: int, value: float) -> None:
    """Adds ``value`` at ``rank`` (from 0) of a tree of sums."""
    k = rank + 1
    while k < tree.size:
        tree[k] += value
        k += k & -k


@compiled_on_first_use
def below(tree: Floats, rank: int) -> float:
    """Sum of the values before ``rank``."""
    total, k = 0.0, rank
    while k > 0:
        total += tree[k]
        k -= k & -k
    return total


@compiled_on_first_use
def add_pairs(tree: Floats, rank: int, scale: float, lower: int, counts: Floats) -> None:
    """Adds to ``counts`` those below the rank (at place ``lower``), above it, and level."""
    under, upto = below(tree, rank), below(tree, rank + 1)
    counts[lower] += scale * under
    counts[1 - lower] += scale * (below(tree, tree.size - 1) - upto)
    counts[2] += scale * (upto - under)


@compiled_on_first_use
def count_pairs(
    rank: Numbers, block: Numbers, event: Flags, weight: Floats, counts: Floats
) -> None:
    """Per row: concordant, discordant and level in score among its usable pairs, tied in time.

    Rows stand by ascending time, ``block`` numbering the times; ``rank`` is the score's. A row's
    own pairs, which its event opens, count its ``weight``; those that another's opens, the other's.
    """
    n = rank.size
    later = np.zeros(rank.max() + 2)
    end = n
    while end > 0:
        start = end - 1
        while start > 0 and block[start - 1] == block[end - 1]:
            start -= 1
        events = 0
        for i in range(start, end):
            if event[i]:
                events += 1
            else:
                insert(later, rank[i], 1.0)
        for i in range(start, end):
            if event[i]:
                add_pairs(later, rank[i], weight[i], 0, counts[i])
                counts[i, 3] = weight[i] * (events - 1)
        for i in range(start, end):
            if event[i]:
                insert(later, rank[i], 1.0)
        end = start
    earlier = np.zeros(rank.max() + 2)
    start = 0
    while start < n:
        end = start
        while end < n and block[end] == block[start]:
            end += 1
        for i in range(start, end):
            if event[i]:
                add_pairs(earlier, rank[i], 1.0, 1, counts[i])
        for i in range(start, end):
            if event[i]:
                insert(earlier, rank[i], weight[i])
        for i in range(start, end):
            if not event[i]:
                add_pairs(earlier, rank[i], 1.0, 1, counts[i])
        start = end
