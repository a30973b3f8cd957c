"""Every classifier is stored as data and read again, on few columns and on many."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from modeling.methods.classifiers import CLASSIFIERS, build_classifier
from modeling.storage import read_estimator, write_estimator


@pytest.mark.parametrize("columns", [3, 20])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_stored_classifier_gives_its_probabilities(name, columns):
    X, y = np.random.default_rng(0).normal(size=(40, columns)), np.arange(40) % 2
    fitted = build_classifier(name, 0).fit(X, y)
    data = write_estimator(fitted)
    again = read_estimator(data, hashlib.sha256(data).hexdigest())
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
