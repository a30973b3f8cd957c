"""How far groups are apart in units of their spread: the standardised difference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike


def standardised_difference_of_means(one: ArrayLike, other: ArrayLike) -> float:
    """|mean difference| over the root mean of the two variances (ddof 1); NaN when undefined.

    Parameters
    ----------
    one, other : arrays, shape (n,) and (m,)
        Values of the two groups, one unit.

    References
    ----------
    Austin, Stat Med 2009;28:3083.
    """
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if min(a.size, b.size) < 2:
        return float("nan")
    spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    gap = abs(a.mean() - b.mean())
    return float(gap / spread) if spread > 0 else (0.0 if gap == 0 else float("nan"))


def standardised_difference_of_shares(one: ArrayLike, other: ArrayLike) -> float:
    """The Mahalanobis distance of two distributions over levels, from their counts.

    With two levels it is |p1 − p2| / √((p1 q1 + p2 q2) / 2); NaN when the groups share no level.

    Parameters
    ----------
    one, other : arrays, shape (levels,)
        Counts of the two groups.

    References
    ----------
    Yang, Dalton, SAS Global Forum 2012, paper 335.
    """
    counts = np.array([np.asarray(one, dtype=float), np.asarray(other, dtype=float)])
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2 or (counts.sum(axis=1) == 0).any():
        return 0.0 if counts.shape[1] == 1 and (counts > 0).all() else float("nan")
    p, q = (row[1:] / row.sum() for row in counts)
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    gap = p - q
    inverse = np.linalg.pinv(covariance)
    if not np.allclose(covariance @ inverse @ gap, gap, atol=1e-9):
        return float("nan")  # groups that share no level lie any number of spreads apart
    return float(np.sqrt(max(gap @ inverse @ gap, 0.0)))


def largest_difference(differences: Sequence[float]) -> float:
    """The largest of those that are defined; NaN when none is."""
    known = [value for value in differences if np.isfinite(value)]
    return max(known, default=float("nan"))


def largest_difference_of_means(groups: Sequence[ArrayLike]) -> float:
    """Largest standardised difference of means over all pairs of groups.

    Parameters
    ----------
    groups : sequence of arrays, shape (n_k,)
        One unit.

    References
    ----------
    As ``standardised_difference_of_means``, for more than two groups the largest pair.
    """
    pairs = combinations(groups, 2)
    return largest_difference([standardised_difference_of_means(a, b) for a, b in pairs])


def largest_difference_of_shares(table: ArrayLike) -> float:
    """Largest standardised difference of shares over all pairs; ``table`` is groups × levels.

    Parameters
    ----------
    table : array, shape (groups, levels)
        Counts.

    References
    ----------
    As ``standardised_difference_of_shares``, for more than two groups the largest pair.
    """
    pairs = combinations(np.asarray(table, dtype=float), 2)
    return largest_difference([standardised_difference_of_shares(a, b) for a, b in pairs])
