"""k-means against every possible partition of small tables and against scikit-learn."""

from itertools import product

import numpy as np
import pytest
from sklearn.cluster import KMeans

from genomics.methods.kmeans import fit_kmeans, squared_distances
from studies.methods.problems import DataProblem


def within(X, labels):
    groups = [X[labels == g] for g in set(labels)]
    return sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups)


@pytest.mark.parametrize("k", [2, 3])
def test_kmeans_finds_the_best_of_all_partitions(k):
    X = np.random.default_rng(3).normal(size=(9, 2))
    best = min(within(X, np.array(labels)) for labels in product(range(k), repeat=9))
    assert fit_kmeans(X, k, np.random.default_rng(0)).inertia == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("k", range(2, 7))
def test_kmeans_is_as_good_as_scikit_learn(k):
    rng = np.random.default_rng(k)
    X = rng.normal(size=(100, 24)) + rng.normal(size=(3, 24))[rng.integers(3, size=100)] * 2
    ours = fit_kmeans(X, k, np.random.default_rng(0))
    theirs = KMeans(k, n_init=50, random_state=0, tol=0, max_iter=1000).fit(X)
    assert ours.inertia <= theirs.inertia_ * (1 + 1e-9)
    assert ours.inertia == pytest.approx(within(X, ours.labels), rel=1e-9)


def test_kmeans_labels_are_the_nearest_centroids_and_centroids_their_means():
    X = np.random.default_rng(4).normal(size=(60, 5))
    fit = fit_kmeans(X, 4, np.random.default_rng(1))
    np.testing.assert_array_equal(squared_distances(X, fit.centroids).argmin(axis=1), fit.labels)
    for cluster in range(4):
        np.testing.assert_allclose(fit.centroids[cluster], X[fit.labels == cluster].mean(axis=0))


def test_kmeans_survives_repeated_rows():
    X = np.repeat(np.array([[0.0, 0.0], [0.0, 1.0], [9.0, 9.0]]), 20, axis=0)
    assert fit_kmeans(X, 3, np.random.default_rng(0)).inertia == pytest.approx(0, abs=1e-9)


def test_kmeans_refuses_rows_that_are_all_alike():
    with pytest.raises(DataProblem, match="one class only"):
        fit_kmeans(np.ones((30, 4)), 2, np.random.default_rng(0))
