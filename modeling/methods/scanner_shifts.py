"""How far the scanners stand apart, feature by feature, before and after harmonising."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST = 3  # patients of a group whose mean says anything
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """Quartiles over features of |mean of the group − mean of training|, in SD within scanners."""

    group: str
    n: int
    lower: float
    median: float
    upper: float


def estimate_shifts(
    values: ArrayLike, groups: Sequence[str], training: ArrayLike, sd: ArrayLike
) -> list[Shift]:
    """The distance of each group from training, feature by feature.

    Parameters
    ----------
    values : array (n, p)
        Features of those whose groups are looked at.
    groups : sequence of n str
    training : array (m, p)
        Features of training on the same scale; their mean is where the groups should stand.
    sd : array (p,)
        Unit of each feature; those of 0 are left out.

    Returns
    -------
    list of Shift
        By group; those under three patients are left out. Of n patients without any shift the
        median is about 0.67/√n.

    References
    ----------
    Ours: a standardised difference per feature, told by its quartiles.
    """
    table, labels = np.asarray(values, dtype=float), np.asarray(groups, dtype=str)
    unit = np.asarray(sd, dtype=float)
    moving = unit > 0
    centre = np.asarray(training, dtype=float)[:, moving].mean(axis=0)
    found = []
    for group in sorted(set(labels.tolist())):
        rows = table[labels == group][:, moving]
        if len(rows) < FEWEST or not moving.any():
            continue
        distance = np.abs(rows.mean(axis=0) - centre) / unit[moving]
        low, middle, high = (float(q) for q in np.quantile(distance, [0.25, 0.5, 0.75]))
        found.append(Shift(group, len(rows), low, middle, high))
    return found


def sd_within(values: ArrayLike, groups: Sequence[str]) -> Array:
    """SD of each feature within groups, pooled.

    Parameters
    ----------
    values : array (n, p)
    groups : sequence of n str

    References
    ----------
    The root of the within-group mean square of a one-way analysis of variance.
    """
    table, labels = np.asarray(values, dtype=float), np.asarray(groups, dtype=str)
    squares = np.zeros(table.shape[1])
    for group in set(labels.tolist()):
        rows = table[labels == group]
        squares += ((rows - rows.mean(axis=0)) ** 2).sum(axis=0)
    free = len(table) - len(set(labels.tolist()))
    return np.sqrt(squares / free) if free > 0 else np.zeros(table.shape[1])
