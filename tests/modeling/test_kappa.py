import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from modeling.methods.kappa import estimate_kappa


def test_kappa_and_its_interval_against_statsmodels_and_sklearn():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 2, 60)
    b = np.where(rng.random(60) < 0.75, a, 1 - a)
    found = estimate_kappa(a, b)
    table = np.bincount(2 * a + b, minlength=4).reshape(2, 2)
    other = cohens_kappa(table)
    assert found.estimate == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
    assert [found.lower, found.upper] == pytest.approx([other.kappa_low, other.kappa_upp], abs=1e-9)


def test_full_agreement_and_one_class():
    assert estimate_kappa([0, 1, 1], [0, 1, 1]).estimate == 1
    assert estimate_kappa([1, 1], [1, 1]).estimate is None
