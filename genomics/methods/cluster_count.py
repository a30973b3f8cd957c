"""How many clusters a table supports: silhouette, gap and consensus for several numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genomics.methods.kmeans import fit_kmeans

REFERENCES = 50  # uniform tables behind the gap
RESAMPLES = 50  # subsamples behind the consensus
SHARE = 0.8
N_INIT = 10

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ClusterCriteria:
    """Criteria for one number of clusters."""

    k: int
    silhouette: float  # -1..1, higher = rows lie nearer to their own cluster than to the next
    gap: float  # log scale, higher = tighter than uniform tables of the same extent
    gap_se: float
    consensus: float  # 0..1, higher = pairs are always or never together in subsamples


def compare_cluster_counts(
    X: Array,
    rng: np.random.Generator,
    counts: Iterable[int] = range(2, 7),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[ClusterCriteria, ...]:
    """Silhouette, gap and consensus of k-means for each number of clusters.

    Parameters
    ----------
    X : array, rows × columns
        One unit for all columns (z-scores).
    rng : numpy Generator
    counts : iterable of int
        Numbers of clusters; those a table of few rows cannot have are left out.
    progress : callable (done, total), optional

    References
    ----------
    Rousseeuw P. J. Journal of Computational and Applied Mathematics 1987;20:53-65.
    Tibshirani R. et al. Journal of the Royal Statistical Society B 2001;63:411-423.
    Monti S. et al. Machine Learning 2003;52:91-118; the share of unambiguous pairs (0.1, 0.9) is
    one minus the PAC of Șenbabaoğlu Y. et al. Scientific Reports 2014;4:6207.
    """
    possible = [k for k in counts if k <= SHARE * len(np.unique(X, axis=0))]
    distance = np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2))
    rows = []
    for done, k in enumerate(possible):
        if progress:
            progress(done, len(possible))
        fit = fit_kmeans(X, k, rng, 5 * N_INIT)
        gap, error = estimate_gap(X, fit.inertia, k, rng)
        silhouette = estimate_silhouette(distance, fit.labels)
        rows.append(ClusterCriteria(k, silhouette, gap, error, estimate_consensus(X, k, rng)))
    return tuple(rows)


def estimate_silhouette(distance: Array, labels: NDArray[np.intp]) -> float:
    """Mean over rows of (b - a) / max(a, b); a = mean distance within, b = to the next cluster.

    Parameters
    ----------
    distance : array, shape (n, n)
        Euclidean, zero on the diagonal.
    labels : array of int, shape (n,)
        Two clusters at least; a row alone in its own counts 0.

    References
    ----------
    Rousseeuw P. J. Journal of Computational and Applied Mathematics 1987;20:53-65.
    """
    member = (labels[:, None] == np.unique(labels)).astype(np.float64)
    size = member.sum(axis=0)
    sums = distance @ member
    own = member.astype(bool)
    alone = size[own.argmax(axis=1)] == 1
    a = sums[own] / np.maximum(size[own.argmax(axis=1)] - 1, 1)
    b = np.where(own, np.inf, sums / size).min(axis=1)
    with np.errstate(invalid="ignore"):
        width = (b - a) / np.maximum(a, b)
    return float(np.where(alone, 0.0, np.nan_to_num(width)).mean())


def estimate_gap(X: Array, inertia: float, k: int, rng: np.random.Generator) -> tuple[float, float]:
    """Mean log inertia of uniform tables along the principal axes minus that of X; its error.

    Parameters
    ----------
    X : array, shape (n, columns)
    inertia : float
        Of the partition of X into k clusters.
    k : int
    rng : numpy Generator

    References
    ----------
    Tibshirani R. et al. Journal of the Royal Statistical Society B 2001;63:411-423 (reference
    b: along principal axes).
    """
    centred = X - X.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    low, high = turned.min(axis=0), turned.max(axis=0)
    logs = np.log(
        [
            fit_kmeans(rng.uniform(low, high, size=turned.shape), k, rng, N_INIT).inertia
            for _ in range(REFERENCES)
        ]
    )
    tiny = np.finfo(float).tiny
    return (
        float(logs.mean() - np.log(max(inertia, tiny))),
        float(logs.std() * np.sqrt(1 + 1 / REFERENCES)),
    )


def estimate_consensus(X: Array, k: int, rng: np.random.Generator) -> float:
    """Share of pairs of rows that subsamples put together in at most 10 % or at least 90 %.

    Parameters
    ----------
    X : array, shape (n, columns)
    k : int
    rng : numpy Generator

    References
    ----------
    Monti S. et al. Machine Learning 2003;52:91-118; one minus the PAC of Șenbabaoğlu Y. et al.
    Scientific Reports 2014;4:6207.
    """
    n = len(X)
    drawn, together = np.zeros((n, n)), np.zeros((n, n))
    for _ in range(RESAMPLES):
        rows = np.sort(rng.choice(n, size=max(k, round(SHARE * n)), replace=False))
        if len(np.unique(X[rows], axis=0)) < k:
            continue
        labels = fit_kmeans(X[rows], k, rng, N_INIT).labels
        pairs = np.ix_(rows, rows)
        drawn[pairs] += 1
        together[pairs] += labels[:, None] == labels
    upper = np.triu_indices(n, 1)
    seen = drawn[upper] > 0
    share = together[upper][seen] / drawn[upper][seen]
    return float(((share <= 0.1) | (share >= 0.9)).mean())
