"""Fitting again: as scikit-learn on the same folds, by hand, and what shuffled labels give."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from modeling.methods.classifiers import build_classifier
from modeling.methods.folds import assign_folds, split_pairs
from modeling.methods.refits import (
    Refit,
    correct_632_plus,
    estimate_refits,
    refit,
    refit_common,
)

N = 60
KEYS = [f"p{i:02d}" for i in range(N)]
NAMES = [f"c{j}" for j in range(5)]
PARAMETERS = {"classify__C": 0.1}


def made(signal):
    rng = np.random.default_rng(2)
    y = np.arange(N) % 2
    return rng.normal(size=(N, 5)) + signal * y[:, None], y


def common(signal=0.8):
    X, y = made(signal)
    return refit_common(KEYS, X, NAMES, y, "logistic_regression", PARAMETERS, folds=3, seed=4)


def test_a_permuted_fit_equals_scikit_learn_on_the_same_labels_and_folds():
    X, y = made(0.8)
    permuted = np.random.default_rng([4, 1, 2]).permutation(y)
    folds = split_pairs(assign_folds(KEYS, permuted, 3, 1, 4 + 2)[0])
    plain = build_classifier("logistic_regression", 0).set_params(**PARAMETERS)
    p = cross_val_predict(plain, X, permuted, cv=folds, method="predict_proba")[:, 1]
    (found,) = refit(common(), Refit("permutation", 0, 2))
    assert found == pytest.approx(roc_auc_score(permuted, p), abs=1e-12)


def test_a_signal_is_told_from_none_and_order_changes_no_number():
    found, none = estimate_refits(common(), 9), estimate_refits(common(0.0), 9)
    assert found.permutation.p == 0.1
    assert none.permutation.p > 0.1
    assert abs(none.permutation.mean - 0.5) < 0.1
    assert found.resampled.lower <= found.resampled.left_out <= found.resampled.upper
    X, y = made(0.8)
    order = np.random.default_rng(0).permutation(N)
    turned = refit_common(
        [KEYS[i] for i in order], X[order][:, ::-1], NAMES[::-1], y[order],
        "logistic_regression", PARAMETERS, 3, 4,
    )  # fmt: skip
    assert estimate_refits(turned, 9) == found
    assert estimate_refits(common(), 0).permutation is None


def test_632_plus_by_hand():
    assert correct_632_plus(1.0, 0.8) == pytest.approx(
        1 - 0.2 * 0.632 / (1 - 0.368 * 0.4)
    )  # R = 0.2 / 0.5
    assert correct_632_plus(0.8, 0.8) == pytest.approx(0.8)
    assert correct_632_plus(0.9, 0.4) == pytest.approx(0.5)  # no better than no information
