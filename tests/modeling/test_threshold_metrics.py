import json

import numpy as np
import pandas as pd
import pytest

from modeling.methods.threshold_metrics import (
    estimate_proportion,
    estimate_threshold_metrics,
    fit_youden_threshold,
)

NAMES = {
    "acc": "accuracy",
    "sens": "sensitivity",
    "spec": "specificity",
    "ppv": "positive_predictive_value",
    "npv": "negative_predictive_value",
}


@pytest.fixture(scope="module")
def asah(shared):
    folder = shared / "reference" / "stats" / "asah"
    table = pd.read_csv(folder / "input.csv")
    table["model"] = pd.read_csv(folder / "predictions.csv")["p_model"]
    return table, json.loads((folder / "binary.json").read_text())


@pytest.mark.parametrize("marker", ["s100b", "ndka", "model"])
def test_metrics_and_exact_intervals_against_r(asah, marker):
    table, reference = asah
    expected = reference["roc"][marker]["at_threshold"]
    found = estimate_threshold_metrics(table["y"], table[marker], expected["threshold"])
    matrix = (found.true_positive, found.false_positive, found.false_negative, found.true_negative)
    assert matrix == tuple(expected[k] for k in ("tp", "fp", "fn", "tn"))
    for short, name in NAMES.items():
        share, value = getattr(found, name), expected[short]
        assert [share.estimate, share.lower, share.upper] == pytest.approx(
            [value["est"], value["exact_lo"], value["exact_hi"]], abs=1e-9
        )


@pytest.mark.parametrize("marker", ["s100b", "ndka", "model"])
def test_youden_threshold_against_proc(asah, marker):
    table, reference = asah
    expected = reference["roc"][marker]["youden"]
    threshold = fit_youden_threshold(table["y"], table[marker])
    assert threshold == pytest.approx(expected["threshold"][0], abs=1e-9)
    found = estimate_threshold_metrics(table["y"], table[marker], threshold)
    assert found.accuracy.estimate == pytest.approx(expected["accuracy"][0], abs=1e-9)


def test_equally_good_cuts_give_the_most_sensitive():
    assert fit_youden_threshold([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]) == pytest.approx(0.15)


def test_a_useless_score_calls_everybody():
    assert fit_youden_threshold([1, 0], [0.2, 0.4]) == pytest.approx(0.2)


def test_a_share_of_nobody_is_empty():
    assert estimate_proportion(0, 0).estimate is None
    found = estimate_threshold_metrics([0, 1], [0.1, 0.2], 0.9)
    assert found.positive_predictive_value.n == 0
    assert found.positive_predictive_value.lower is None


def test_exact_bounds_reach_the_ends():
    assert estimate_proportion(0, 10).lower == 0
    assert estimate_proportion(10, 10).upper == 1
    assert np.isclose(estimate_proportion(0, 10).upper, 1 - 0.025**0.1)
