"""Exact Shapley values of a fitted pipeline, where they are cheap: linear and tree models."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shapley:
    """What each column adds to the prediction of each patient.

    ``values`` has shape (n, p) and sums per row, with ``baseline``, to the prediction in ``unit``
    (a probability, or its log-odds); columns that the pipeline dropped have 0.
    """

    values: Floats
    baseline: float
    unit: str


def explain_pipeline(pipeline: Pipeline, features: ArrayLike) -> Shapley | None:
    """Shapley values of a pipeline of ``build_classifier``; None where they are not cheap.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted. Logistic regression is explained exactly against the mean of the rows it was
        fitted to; forests and gradient boosting by their own splits: a column that is not known
        goes both ways, weighted by the rows of training that went there.
    features : array of shape (n, p)
        Columns as the pipeline was fitted.

    References
    ----------
    Lundberg SM et al. Nat Mach Intell 2020;2:56-67 (trees, path-dependent).
    Strumbelj E, Kononenko I. Knowl Inf Syst 2014;41:647-665 (linear models).
    """
    X = np.asarray(features, dtype=float)
    Z = pipeline[:-1].transform(X)
    found = _explain(pipeline[-1], Z)
    if found is None:
        return None
    values = np.zeros(X.shape)
    values[:, _kept_columns(pipeline, X.shape[1])] = found.values
    return Shapley(values, found.baseline, found.unit)


def _kept_columns(pipeline: Pipeline, columns: int) -> NDArray[np.intp]:
    kept = np.arange(columns)
    for name in ("vary", "select"):
        kept = kept[pipeline.named_steps[name].get_support()]
    return kept


def _explain(estimator: Any, Z: Floats) -> Shapley | None:
    if isinstance(estimator, LogisticRegression):  # scaled columns have mean 0 in training
        return Shapley(Z * estimator.coef_[0], float(estimator.intercept_[0]), "log-odds")
    if isinstance(estimator, RandomForestClassifier):
        told = [explain_tree(t.tree_, _share_of_one(t.tree_), Z) for t in estimator.estimators_]
        values = np.mean([v for v, _ in told], axis=0)
        return Shapley(values, float(np.mean([b for _, b in told])), "probability")
    if isinstance(estimator, GradientBoostingClassifier):
        rate = estimator.learning_rate
        trees = [t.tree_ for t in estimator.estimators_[:, 0]]
        told = [explain_tree(t, rate * t.value[:, 0, 0], Z) for t in trees]
        prior = estimator.init_.class_prior_
        start = float(np.log(prior[1] / prior[0]))
        values = np.sum([v for v, _ in told], axis=0)
        return Shapley(values, start + float(np.sum([b for _, b in told])), "log-odds")
    return None


def _share_of_one(tree: Any) -> Floats:
    told = tree.value[:, 0, :]
    return told[:, 1] / told.sum(axis=1)


def explain_tree(tree: Any, value: Floats, Z: ArrayLike) -> tuple[Floats, float]:
    """Shapley values of one decision tree, for all rows at once.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        Its splits, and the weight of training rows in each node.
    value : array of shape (nodes,)
        What a leaf says.
    Z : array of shape (n, p)

    Returns
    -------
    values : array of shape (n, p)
    baseline : float
        The mean of the leaves, weighted by training.

    Notes
    -----
    On the way to a leaf each column j either leads a row there (1) or not (0), and a share z_j of
    training follows where it is not known. The leaf's game is a product over its columns, so that
    the subsets of each size are the coefficients of the product of (z_j + o_j t).

    References
    ----------
    Lundberg et al., Nat Mach Intell 2020;2:56 (path-dependent trees).
    """
    rows = np.asarray(Z, dtype=np.float32)  # as the tree compares
    values, baseline = np.zeros(rows.shape), 0.0
    weight = tree.weighted_n_node_samples
    waiting: list[tuple[int, dict[int, tuple[float, NDArray[np.bool_]]]]] = [(0, {})]
    while waiting:
        node, path = waiting.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left == right:
            baseline += _add_leaf(values, value[node], path)
            continue
        column = int(tree.feature[node])
        goes_left = rows[:, column] <= tree.threshold[node]
        share, leads = path.get(column, (1.0, np.ones(len(rows), dtype=bool)))
        for child, goes in ((left, goes_left), (right, ~goes_left)):
            here = (share * weight[child] / weight[node], leads & goes)
            waiting.append((int(child), {**path, column: here}))
    return values, baseline


def _add_leaf(
    values: Floats, said: float, path: dict[int, tuple[float, NDArray[np.bool_]]]
) -> float:
    """Add a leaf's part to ``values``; returns its part of the baseline."""
    columns, depth = list(path), len(path)
    shares = [path[c][0] for c in columns]
    leads = [path[c][1].astype(float) for c in columns]
    sizes = [factorial(k) * factorial(depth - 1 - k) / factorial(depth) for k in range(depth)]
    for i, column in enumerate(columns):
        subsets = np.ones((1, len(values)))
        for j in range(depth):
            if j != i:
                grown = np.zeros((len(subsets) + 1, len(values)))
                grown[:-1] = shares[j] * subsets
                grown[1:] += leads[j] * subsets
                subsets = grown
        values[:, column] += said * (leads[i] - shares[i]) * (np.array(sizes) @ subsets)
    return said * float(np.prod(shares))
