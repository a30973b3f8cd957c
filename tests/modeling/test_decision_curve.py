import numpy as np
import pandas as pd
import pytest

from modeling.methods.decision_curve import estimate_decision_curve
from studies.methods.problems import DataProblem


@pytest.fixture(scope="module")
def asah(shared):
    folder = shared / "reference" / "stats" / "asah"
    return pd.read_csv(folder / "dca_input.csv"), pd.read_csv(folder / "dca_binary.csv")


@pytest.mark.parametrize("variable", ["p_model", "p_m1"])
def test_net_benefit_against_dcurves(asah, variable):
    table, reference = asah
    expected = reference[reference["variable"] == variable]
    found = estimate_decision_curve(table["y"], table[variable], expected["threshold"])
    np.testing.assert_allclose(found.net_benefit, expected["net_benefit"], atol=1e-9)
    np.testing.assert_allclose(found.true_positive_rate, expected["tp_rate"], atol=1e-9)
    np.testing.assert_allclose(found.false_positive_rate, expected["fp_rate"], atol=1e-9)


@pytest.mark.parametrize("variable", ["all", "none"])
def test_treat_all_and_none_against_dcurves(asah, variable):
    table, reference = asah
    expected = reference[reference["variable"] == variable]
    found = estimate_decision_curve(table["y"], table["p_model"], expected["threshold"])
    curve = getattr(found, f"treat_{variable}")
    np.testing.assert_allclose(curve, expected["net_benefit"], atol=1e-9)


def test_interval_holds_the_curve():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=100)
    found = estimate_decision_curve(rng.random(100) < p, p)
    assert (found.lower <= found.net_benefit).all()
    assert (found.net_benefit <= found.upper).all()


def test_refuses_a_threshold_of_one():
    with pytest.raises(DataProblem, match="thresholds"):
        estimate_decision_curve([0, 1], [0.2, 0.7], [0.5, 1.0])
