"""Criteria for the number of clusters: scikit-learn, separated groups, and tables without any."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from genomics.methods.cluster_count import compare_cluster_counts, estimate_silhouette


def groups(n_groups, n=60, spread=0.3):
    rng = np.random.default_rng(n_groups)
    centres = np.eye(6)[:n_groups] * 8
    return centres[np.arange(n) % n_groups] + rng.normal(0, spread, size=(n, 6))


@pytest.mark.parametrize("k", [2, 3, 5])
def test_silhouette_equals_scikit_learn(k):
    rng = np.random.default_rng(k)
    X, labels = rng.normal(size=(40, 4)), rng.integers(k, size=40)
    labels[0] = k  # a cluster of one row has width 0
    distance = np.linalg.norm(X[:, None] - X[None], axis=2)
    expected = silhouette_score(X, labels)
    assert estimate_silhouette(distance, labels) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("true_count", [2, 3, 4])
def test_all_criteria_find_well_separated_groups(true_count):
    rows = compare_cluster_counts(groups(true_count), np.random.default_rng(0))
    assert [row.k for row in rows] == [2, 3, 4, 5, 6]
    assert max(rows, key=lambda row: row.silhouette).k == true_count
    assert max(rows, key=lambda row: row.consensus).k == true_count
    first = rows[true_count - 2]
    assert first.consensus == 1.0
    after = rows[true_count - 1]
    assert first.gap >= after.gap - after.gap_se  # the rule of Tibshirani 2001


def test_gap_of_a_uniform_table_is_nothing():
    X = np.random.default_rng(1).uniform(size=(80, 4)) * [12, 6, 3, 1]  # its own principal axes
    (row,) = compare_cluster_counts(X, np.random.default_rng(0), counts=[2])
    assert abs(row.gap) < 4 * row.gap_se


def test_a_small_table_is_asked_for_fewer_clusters():
    rows = compare_cluster_counts(groups(2, n=5), np.random.default_rng(0))
    assert [row.k for row in rows] == [2, 3, 4]
