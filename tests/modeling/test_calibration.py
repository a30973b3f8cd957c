import json

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import Logit

from modeling.methods.calibration import estimate_calibration
from studies.methods.problems import DataProblem


@pytest.fixture(scope="module")
def asah(shared):
    folder = shared / "reference" / "stats" / "asah"
    return pd.read_csv(folder / "predictions.csv"), json.loads((folder / "binary.json").read_text())


def test_slope_and_both_intercepts_against_r(asah):
    table, reference = asah
    expected = reference["calibration_cv5"]
    found = estimate_calibration(table["y"], table["p_cv5"], resamples=0)
    assert found.slope.estimate == pytest.approx(expected["slope"], abs=1e-8)
    assert found.intercept_with_slope.estimate == pytest.approx(
        expected["intercept_with_slope"], abs=1e-8
    )
    assert found.calibration_in_the_large.estimate == pytest.approx(
        expected["intercept_offset_citl"], abs=1e-8
    )
    assert found.brier.estimate == pytest.approx(expected["brier"], abs=1e-9)
    half = (found.slope.upper - found.slope.lower) / 2
    # glm takes its weights from the step before the last
    assert half == pytest.approx(1.959963984540054 * expected["slope_se"], abs=2e-6)


@pytest.mark.parametrize(
    ("column", "key"), [("p_model", "val_prob_apparent"), ("p_cv5", "val_prob_cv5")]
)
def test_against_val_prob(asah, column, key):
    table, reference = asah
    found = estimate_calibration(table["y"], table[column], resamples=0)
    assert found.slope.estimate == pytest.approx(reference[key]["Slope"], abs=2e-7)
    assert found.intercept_with_slope.estimate == pytest.approx(
        reference[key]["Intercept"], abs=2e-7
    )
    assert found.brier.estimate == pytest.approx(reference[key]["Brier"], abs=5e-9)


def test_expected_over_observed_and_ece_by_hand():
    found = estimate_calibration([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2, resamples=0)
    assert found.expected_over_observed.estimate == pytest.approx(1.8 / 2)
    # bins: mean 0.2 against 0, mean 0.7 against 1
    assert found.expected_calibration_error.estimate == pytest.approx((0.2 + 0.3) / 2)
    assert [b.observed.count for b in found.bins] == [0, 2]


def test_row_order_changes_nothing_with_ties():
    rng = np.random.default_rng(4)
    p = np.round(rng.uniform(0.05, 0.95, 90), 1)
    y = rng.random(90) < p
    shuffled = rng.permutation(90)
    one, other = estimate_calibration(y, p), estimate_calibration(y[shuffled], p[shuffled])
    assert one.expected_calibration_error == other.expected_calibration_error
    assert [b.observed for b in one.bins] == [b.observed for b in other.bins]


def test_ten_bins_of_equal_count():
    rng = np.random.default_rng(6)
    p = rng.uniform(size=105)
    found = estimate_calibration(rng.random(105) < p, p)
    assert {b.observed.n for b in found.bins} <= {10, 11}
    ece = found.expected_calibration_error
    assert len(found.bins) == 10
    assert ece.lower < ece.upper


def test_certain_predictions_are_said():
    found = estimate_calibration([0, 1, 0, 1], [0, 1, 0.6, 0.4], resamples=0)
    assert [n.code for n in found.notices] == ["calibration_certain"]
    assert found.slope.estimate is not None


def test_nearly_separated_classes_have_a_slope_as_in_statsmodels():
    rng = np.random.default_rng(12)
    p = np.concatenate([rng.uniform(0.001, 0.3, 12), rng.uniform(0.45, 0.6, 12)])
    y = np.repeat([0, 1], 12)
    y[11], p[11] = 0, 0.5
    found = estimate_calibration(y, p, resamples=0)
    other = Logit(y, np.column_stack([np.ones(24), np.log(p / (1 - p))])).fit(
        disp=0, method="bfgs", maxiter=500, gtol=1e-9
    )
    assert found.slope.estimate == pytest.approx(other.params[1], rel=1e-4)


def test_separated_classes_have_no_slope():
    found = estimate_calibration([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], resamples=0)
    assert found.slope.estimate is None
    assert "calibration_separated" in [n.code for n in found.notices]


def test_refuses_what_is_no_probability():
    with pytest.raises(DataProblem, match="outside"):
        estimate_calibration([0, 1], [0.2, 1.4])
