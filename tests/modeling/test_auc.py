import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from modeling.methods.added_value import _difference
from modeling.methods.auc import (
    compare_auc_paired,
    estimate_auc,
    estimate_auc_bootstrap,
    estimate_auc_permutation_p,
)
from modeling.methods.calibration import estimate_calibration
from modeling.methods.restricted_mean import compare_restricted_means
from studies.methods.problems import DataProblem


@pytest.fixture(scope="module")
def asah(shared):
    folder = shared / "reference" / "stats" / "asah"
    table = pd.read_csv(folder / "input.csv")
    table["model"] = pd.read_csv(folder / "predictions.csv")["p_model"]
    return table, json.loads((folder / "binary.json").read_text())


@pytest.mark.parametrize("marker", ["s100b", "ndka", "model"])
def test_auc_and_delong_interval_against_proc(asah, marker):
    table, reference = asah
    expected = reference["roc"][marker]
    found = estimate_auc(table["y"], table[marker])
    assert found.auc == pytest.approx(expected["auc"], abs=1e-9)
    assert found.standard_error**2 == pytest.approx(expected["delong_var"], abs=1e-9)
    assert found.lower == pytest.approx(expected["delong_lo"], abs=1e-9)
    assert found.upper == pytest.approx(expected["delong_hi"], abs=1e-9)
    assert (found.positives, found.negatives) == (41, 72)


@pytest.mark.parametrize(
    ("first", "second", "test"),
    [("s100b", "ndka", "delong_paired_m1_m2"), ("model", "s100b", "delong_paired_model_m1")],
)
def test_paired_delong_test_against_proc(asah, first, second, test):
    table, reference = asah
    expected = reference["tests"][test]
    found = compare_auc_paired(table["y"], table[first], table[second])
    assert found.z == pytest.approx(expected["z"], abs=1e-9)
    assert found.p == pytest.approx(expected["p"], abs=1e-9)
    if "ci_diff" in expected:
        assert [found.lower, found.upper] == pytest.approx(expected["ci_diff"], abs=1e-9)


@pytest.mark.parametrize("marker", ["s100b", "ndka", "model"])
def test_bootstrap_interval_near_proc(asah, marker):
    table, reference = asah
    expected = reference["roc"][marker]["bootstrap5000_seed1"]
    found = estimate_auc_bootstrap(table["y"], table[marker], resamples=20_000)
    assert found.auc == pytest.approx(reference["roc"][marker]["auc"], abs=1e-12)
    assert found.lower == pytest.approx(expected["lo"], abs=0.01)
    assert found.upper == pytest.approx(expected["hi"], abs=0.01)


def test_bootstrap_equals_the_plain_loop():
    rng = np.random.default_rng(5)
    y, s = np.repeat([1, 0], [20, 30]), np.round(rng.normal(size=50), 1)
    draws = [np.random.default_rng(c) for c in np.random.SeedSequence(3).spawn(2)]
    chosen = [
        d.integers(n, size=(200, n), dtype=np.int32) for d, n in zip(draws, (20, 30), strict=True)
    ]
    loop = [
        roc_auc_score(y, np.concatenate([s[:20][a], s[20:][b]]))
        for a, b in zip(*chosen, strict=True)
    ]
    found = estimate_auc_bootstrap(y, s, resamples=200, seed=3)
    assert [found.lower, found.upper] == pytest.approx(np.quantile(loop, [0.025, 0.975]), abs=1e-12)


def test_auc_ignores_row_order_and_any_rising_scale():
    rng = np.random.default_rng(1)
    y, s = rng.integers(0, 2, 80), np.round(rng.normal(size=80), 1)
    shuffled = rng.permutation(80)
    plain = estimate_auc(y, s)
    assert estimate_auc(y[shuffled], np.exp(s[shuffled])).auc == pytest.approx(plain.auc, abs=1e-12)
    assert estimate_auc(y, -s).auc == pytest.approx(1 - plain.auc, abs=1e-12)


def test_the_same_score_twice_does_not_differ():
    y, s = [0, 1, 0, 1, 1], [0.1, 0.4, 0.35, 0.8, 0.2]
    found = compare_auc_paired(y, s, s)
    assert (found.difference, found.p) == (0, 1)


def test_a_perfect_score_against_a_constant_has_no_p():
    found = compare_auc_paired([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5])
    assert (found.difference, found.p) == (0.5, None)


def test_permutation_p_is_small_for_signal_and_uniform_like_for_noise():
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], 40)
    assert estimate_auc_permutation_p(y, y + rng.normal(size=80), 2000) < 0.001
    assert estimate_auc_permutation_p(y, rng.normal(size=80), 2000, seed=1) > 0.01


@pytest.mark.parametrize(
    ("outcome", "score", "says"),
    [
        ([1, 1, 1], [0.1, 0.2, 0.3], "only class 1"),
        ([], [], "nobody"),
        ([0, 1], [0.1, np.nan], "missing or infinite"),
        ([0, 1], [0.1], "shapes"),
        ([0, 2], [0.1, 0.3], "other than 0 and 1"),
    ],
)
def test_auc_refuses(outcome, score, says):
    with pytest.raises(DataProblem, match=says):
        estimate_auc(outcome, score)


@pytest.mark.parametrize(
    ("outcome", "score", "auc", "says"),
    [
        ([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], 1.0, "no variation"),
        ([0, 0, 0, 1, 1, 1], [4, 5, 6, 1, 2, 3], 0.0, "no variation"),
        ([0, 1, 0, 1], [7, 7, 7, 7], 0.5, "no variation"),
        ([0, 0, 0, 1], [1, 4, 2, 3], 2 / 3, "one patient alone"),
    ],
)
def test_an_auc_without_spread_has_no_interval_and_says_why(outcome, score, auc, says):
    """DeLong's variance is zero here, or lacks a class: [1, 1] would claim certainty."""
    for found in (estimate_auc(outcome, score), estimate_auc_bootstrap(outcome, score, 50)):
        assert found.auc == pytest.approx(auc)
        assert (found.lower, found.upper) == (None, None)
        assert says in found.reason


def test_two_perfect_scores_have_no_interval_of_their_difference():
    found = compare_auc_paired([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], [1, 2, 3, 4])
    assert (found.difference, found.lower, found.upper) == (0, None, None)


def test_no_interval_leaves_the_range_of_its_quantity():
    """As pROC's ci.auc cuts an AUC's; the test is of the whole interval."""
    y = [0, 0, 0, 0, 1, 1, 1, 1]
    first, second = [1, 2, 3, 5, 4, 6, 7, 8], [8, 7, 6, 4, 5, 3, 2, 1]
    found = compare_auc_paired(y, first, second)
    error = found.difference / found.z
    assert found.difference + 1.96 * error > 1.0 == found.upper
    assert found.lower == pytest.approx(found.difference - 1.959964 * error)
    turned = compare_auc_paired(y, second, first)
    assert (turned.lower, turned.upper, turned.p) == (-1.0, -found.lower, found.p)
    moved = _difference(0.8, np.linspace(0.1, 1.5, 101), 1.0)  # percentiles less their optimism
    assert (moved.upper, moved.lower) == (1.0, pytest.approx(0.135))
    assert _difference(0.8, np.linspace(0.1, 1.5, 101), np.inf).upper > 1.0
    wrong = estimate_calibration([1, 0, 1, 0, 0, 0], [0.02, 0.97, 0.05, 0.6, 0.95, 0.99], seed=1)
    assert wrong.brier.estimate < wrong.brier.upper == 1.0
    months = compare_restricted_means([0.5, 0.5, 9, 9, 9, 9], [1, 1, 0, 0, 0, 0],
                                      [0, 0, 0, 1, 1, 1], 8.0)  # fmt: skip
    assert months.difference + 1.96 * months.std_error > 8.0 == months.upper
