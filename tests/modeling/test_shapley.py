"""Shapley values against shap, against their definition, and the law that they add up."""

from __future__ import annotations

import json
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from modeling.methods.classifiers import CLASSIFIERS, build_classifier
from modeling.methods.shapley import explain_pipeline, explain_tree

REFERENCE = json.loads((Path(__file__).parents[1] / "references" / "shapley.json").read_text())
X, y, Z = (np.array(REFERENCE[name]) for name in ("X", "y", "Z"))


@pytest.mark.parametrize("name", REFERENCE["models"])
def test_values_equal_those_of_shap(name):
    told = REFERENCE["models"][name]
    pipeline = build_classifier(name, 0).set_params(**told["parameters"]).fit(X, y)
    found = explain_pipeline(pipeline, Z)
    np.testing.assert_allclose(found.values, told["values"], atol=1e-6)
    assert found.baseline == pytest.approx(told["baseline"], abs=1e-6)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_values_and_baseline_add_up_to_the_prediction(name):
    wide = np.column_stack([X, np.ones(40)])  # a constant column is dropped and adds nothing
    pipeline = build_classifier(name, 1).set_params(select__percentile=50).fit(wide, y)
    found = explain_pipeline(pipeline, wide)
    if name not in REFERENCE["models"]:
        assert found is None
        return
    p = pipeline.predict_proba(wide)[:, 1]
    said = p if found.unit == "probability" else np.log(p / (1 - p))
    np.testing.assert_allclose(found.baseline + found.values.sum(axis=1), said, atol=1e-9)
    assert (found.values[:, 6] == 0).all()


def test_a_tree_against_the_definition_over_all_subsets():
    tree = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, y + X[:, 2]).tree_
    value = tree.value[:, 0, 0]
    found, baseline = explain_tree(tree, value, Z)

    def expected(row, known, node=0):
        left, right = tree.children_left[node], tree.children_right[node]
        if left == right:
            return value[node]
        if tree.feature[node] in known:
            goes_left = np.float32(row[tree.feature[node]]) <= tree.threshold[node]
            return expected(row, known, left if goes_left else right)
        weight = tree.weighted_n_node_samples
        return sum(weight[c] / weight[node] * expected(row, known, c) for c in (left, right))

    for i, row in enumerate(Z[:2]):
        for j in range(6):
            others = [k for k in range(6) if k != j]
            worth = sum(
                factorial(size) * factorial(5 - size) / factorial(6)
                * (expected(row, {*some, j}) - expected(row, set(some)))
                for size in range(6) for some in combinations(others, size)
            )  # fmt: skip
            assert found[i, j] == pytest.approx(worth, abs=1e-12)
    assert baseline == pytest.approx(expected(Z[0], set()))
