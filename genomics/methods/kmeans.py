"""k-means by many restarts at once: small tables, thousands of fits, the same answer each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import refuse
from studies.methods.wording import say

MAX_ROUNDS = 300
FINALISTS = 5  # starts refined by single transfers
TOLERANCE = 1e-10  # of the sum of squares: smaller gains are rounding

Array = NDArray[np.float64]


@dataclass(frozen=True)
class KMeansFit:
    """The best of all restarts."""

    centroids: Array  # clusters × columns
    labels: NDArray[np.intp]  # one per row
    inertia: float  # sum of squared distances to the own centroid


def fit_kmeans(X: Array, k: int, rng: np.random.Generator, n_init: int = 50) -> KMeansFit:
    """Partition of rows with the smallest within-cluster sum of squares found in ``n_init`` starts.

    Parameters
    ----------
    X : array, rows × columns
        One unit for all columns (z-scores).
    k : int
        Number of clusters, at most the number of distinct rows.
    rng : numpy Generator
        Starts are drawn from it by k-means++.
    n_init : int
        Restarts; all advance together.

    Raises
    ------
    DataProblem
        Fewer distinct rows than clusters.

    References
    ----------
    Lloyd S. IEEE Transactions on Information Theory 1982;28:129-137.
    Hartigan J. A., Wong M. A. Applied Statistics 1979;28:100-108.
    Arthur D., Vassilvitskii S. SODA 2007:1027-1035 (k-means++).
    """
    distinct = len(np.unique(X, axis=0))
    if distinct < k:
        raise refuse(
            "clustering",
            say("{distinct} distinct rows", distinct=distinct),
            say("at least {k}, one per cluster", k=k),
            "The specimens are all alike: there is one class only. Check the table.",
        )
    squares = (X**2).sum(axis=1)
    centroids = _starts(X, squares, k, rng, n_init)
    labels, centroids, inertia = _settle(X, squares, centroids, transfer=False)
    best = np.argsort(inertia, kind="stable")[:FINALISTS]
    labels, centroids, inertia = _settle(X, squares, centroids[best], transfer=True)
    first = int(inertia.argmin())
    return KMeansFit(centroids[first], labels[first], float(inertia[first]))


def _settle(
    X: Array, squares: Array, centroids: Array, transfer: bool
) -> tuple[NDArray[np.intp], Array, Array]:
    """Rounds until no row changes its cluster: labels, centroids and inertia of each start."""
    labels = np.full((len(centroids), len(X)), -1)
    for _ in range(MAX_ROUNDS):
        distances = _distances(X, squares, centroids)
        nearest = distances.argmin(axis=2)
        if transfer and np.array_equal(nearest, labels):
            nearest = _move_one(distances, labels)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        centroids = _means(X, labels, centroids)
    return labels, centroids, distances.min(axis=2).sum(axis=1)


def _move_one(distances: Array, labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Labels after each start's best transfer of one row, where one lowers the sum of squares.

    Counts that moving a row moves both centroids (Hartigan), so it leaves optima that Lloyd's
    rounds cannot leave.
    """
    starts = np.arange(len(labels))
    size = (labels[:, :, None] == np.arange(distances.shape[2])).sum(axis=1)
    own = np.take_along_axis(distances, labels[:, :, None], axis=2)[:, :, 0]
    own_size = np.take_along_axis(size, labels, axis=1)
    leave = np.where(own_size > 1, own * own_size / np.maximum(own_size - 1, 1), 0.0)
    join = distances * (size / (size + 1))[:, None, :]
    np.put_along_axis(join, labels[:, :, None], np.inf, axis=2)
    gain = leave - join.min(axis=2)
    row = gain.argmax(axis=1)
    better = gain[starts, row] > TOLERANCE * (1 + own.sum(axis=1))
    moved = labels.copy()
    moved[starts[better], row[better]] = join.argmin(axis=2)[starts[better], row[better]]
    return moved


def squared_distances(X: Array, centroids: Array) -> Array:
    """Squared Euclidean distance of each row to each centroid, rows × clusters.

    Parameters
    ----------
    X : array, shape (n, columns)
    centroids : array, shape (k, columns)
    """
    return ((X[:, None, :] - centroids[None]) ** 2).sum(axis=2)


def _distances(X: Array, squares: Array, centroids: Array) -> Array:
    """Squared distances, starts × rows × clusters."""
    cross = X @ centroids.transpose(0, 2, 1)
    return np.maximum(squares[:, None] - 2 * cross + (centroids**2).sum(axis=2)[:, None, :], 0.0)


def _starts(X: Array, squares: Array, k: int, rng: np.random.Generator, n_init: int) -> Array:
    """Rows drawn one after another, each with probability by squared distance to those drawn."""
    centroids = X[rng.integers(len(X), size=n_init)][:, None, :]
    while centroids.shape[1] < k:
        weight = _distances(X, squares, centroids).min(axis=2)
        cumulated = weight.cumsum(axis=1)
        drawn = rng.random((n_init, 1)) * cumulated[:, -1:]
        rows = np.minimum((cumulated <= drawn).sum(axis=1), len(X) - 1)
        centroids = np.concatenate([centroids, X[rows][:, None, :]], axis=1)
    return centroids


def _means(X: Array, labels: NDArray[np.intp], before: Array) -> Array:
    """Centroids of the labelled rows; a cluster that lost its last row stays where it was."""
    member = (labels[:, :, None] == np.arange(before.shape[1])).astype(np.float64)
    size = member.sum(axis=1)[:, :, None]
    sums = member.transpose(0, 2, 1) @ X
    return np.where(size > 0, sums / np.maximum(size, 1), before)
