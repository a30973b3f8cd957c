"""How far the features of a cohort lie from those of training, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import false_discovery_control, ks_2samp

LARGE = 0.5  # standardised difference that is said
SHOWN = 10


@dataclass(frozen=True)
class ColumnDrift:
    """One column: difference of means in training SDs, Kolmogorov-Smirnov, adjusted p."""

    name: str
    difference: float
    kolmogorov_smirnov: float
    p_adjusted: float


@dataclass(frozen=True)
class Drift:
    """Share of columns that moved, and the ten that moved most."""

    n: int
    columns: int
    share_large: float
    share_significant: float
    largest: tuple[ColumnDrift, ...]


def compare_inputs(training: ArrayLike, cohort: ArrayLike, names: Sequence[str]) -> Drift:
    """Drift of a cohort's inputs against training.

    Parameters
    ----------
    training : array of shape (n, p)
    cohort : array of shape (m, p)
        At least two rows; NaN is left out of its column.
    names : sequence of p str

    Returns
    -------
    Drift
        p of the two-sample Kolmogorov-Smirnov test, Benjamini-Hochberg over the columns; columns
        that are constant in training have a difference of 0 or, when they moved, infinity is
        told as 99.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107 (standardised differences).
    """
    X, Z = np.asarray(training, dtype=float), np.asarray(cohort, dtype=float)
    found = [_column(X[:, j], Z[:, j]) for j in range(X.shape[1])]
    adjusted = false_discovery_control([p for _, _, p in found])
    rows = [
        ColumnDrift(name, difference, statistic, float(p))
        for name, (difference, statistic, _), p in zip(names, found, adjusted, strict=True)
    ]
    rows.sort(key=lambda row: (-abs(row.difference), row.name))
    return Drift(
        Z.shape[0],
        len(rows),
        float(np.mean([abs(row.difference) > LARGE for row in rows])),
        float(np.mean([row.p_adjusted < 0.05 for row in rows])),
        tuple(rows[:SHOWN]),
    )


def _column(x: np.ndarray, z: np.ndarray) -> tuple[float, float, float]:
    x, z = x[~np.isnan(x)], z[~np.isnan(z)]
    if x.size < 2 or z.size < 2:
        return 0.0, 0.0, 1.0
    gap, sd = float(z.mean() - x.mean()), float(x.std(ddof=1))
    difference = gap / sd if sd > 0 else (0.0 if gap == 0 else float(np.sign(gap) * 99))
    test = ks_2samp(x, z)
    return difference, float(test.statistic), float(test.pvalue)
