import numpy as np
import pytest

from modeling.methods.survival_decision_curve import estimate_survival_decision_curve
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, every_dataset, table, values


@every_dataset
@pytest.mark.parametrize("which", ["risk_full", "risk_marker"])
def test_net_benefit_equals_dcurves(name, which):
    curves = table(name, "dca_survival.csv")
    rows = table(name, "dca_input_at_u.csv")
    horizon = values(name, "meta.json")["calibration_horizon"]
    theirs = curves[(curves["time"] == horizon) & (curves["variable"] == which)]
    everyone = curves[(curves["time"] == horizon) & (curves["variable"] == "all")]
    ours = estimate_survival_decision_curve(
        rows["time"], rows["event"], rows[which], horizon, theirs["threshold"]
    )
    close(ours.net_benefit, theirs["net_benefit"], 1e-9)
    close(ours.true_positive, theirs["tp_rate"], 1e-9)
    close(ours.false_positive, theirs["fp_rate"], 1e-9)
    close(ours.treat_all, everyone["net_benefit"], 1e-9)


def test_band_holds_the_curve_and_is_the_same_for_the_same_seed():
    random = np.random.default_rng(8)
    time, event, risk = random.exponential(10, 150), random.random(150) < 0.8, random.random(150)
    first, second = (
        estimate_survival_decision_curve(time, event, risk, 8, [0.2, 0.5], 200, seed=3)
        for _ in range(2)
    )
    assert (first.lower <= first.net_benefit).all()
    assert (first.net_benefit <= first.upper).all()
    np.testing.assert_array_equal(first.lower, second.lower)


def test_nobody_followed_above_the_threshold_stays_empty():
    curve = estimate_survival_decision_curve(
        [1, 2, 10, 11], [1, 1, 0, 0], [0.9, 0.8, 0.1, 0.1], 5, [0.05, 0.5]
    )
    assert np.isfinite(curve.net_benefit[0])
    assert np.isnan(curve.net_benefit[1])


def test_thresholds_and_risks_are_probabilities():
    with pytest.raises(DataProblem, match="outside"):
        estimate_survival_decision_curve([1, 2], [1, 0], [0.1, 0.2], 1, [1.0])
    with pytest.raises(DataProblem, match="outside"):
        estimate_survival_decision_curve([1, 2], [1, 0], [1.1, 0.2], 1)
