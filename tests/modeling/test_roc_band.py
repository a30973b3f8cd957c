"""The band of a ROC curve: about the curve, wider with fewer patients, none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from modeling.methods.roc_band import (
    GRID,
    estimate_roc_band,
    estimate_time_dependent_roc_band,
)


def _rows(n: int):
    random = np.random.default_rng(4)
    y = np.arange(n) % 2 == 0
    return y, random.normal(size=n) + 1.2 * y


def test_band_holds_the_curve_and_narrows_with_patients():
    widths = []
    for n in (40, 400):
        y, score = _rows(n)
        band = estimate_roc_band(y, score, 200)
        cuts = np.sort(score)[::-1]
        true = [(score[y] >= c).mean() for c in cuts]
        false = [(score[~y] >= c).mean() for c in cuts]
        curve = np.interp(GRID, np.r_[0, false], np.r_[0, true])
        inside = (band.lower <= curve + 1e-9) & (curve <= band.upper + 1e-9)
        assert inside[1:-1].mean() > 0.95
        widths.append(float((band.upper - band.lower).mean()))
    assert widths[1] < widths[0] / 2


def test_without_censoring_the_band_at_a_time_is_that_of_the_classes():
    y, score = _rows(300)
    time = np.where(y, 5.0, 20.0)
    at_time = estimate_time_dependent_roc_band(time, np.ones(300), score, 10.0, 300)
    plain = estimate_roc_band(y, score, 300)
    assert np.abs(at_time.lower - plain.lower).max() < 0.08
    assert np.abs(at_time.upper - plain.upper).max() < 0.08


@pytest.mark.parametrize("outcome", [np.zeros(30), np.ones(30)])
def test_one_class_has_no_band(outcome):
    assert np.isnan(estimate_roc_band(outcome, np.arange(30.0), 20).lower).all()
