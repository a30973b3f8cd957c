import numpy as np
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.survival_calibration import estimate_survival_calibration
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, design, every_dataset, survival, table, values


@every_dataset
def test_groups_equal_rms_calibrate(name):
    reference = values(name, "validate_calibrate.json")["calibrate_KM"]
    theirs, horizon = reference["runs_by_seed"][0], reference["u"]
    time, event = survival(name)
    predicted = table(name, "rms_default_eps/nomogram_patients.csv")[f"S{horizon}"]
    ours = estimate_survival_calibration(
        time, event, predicted, horizon, groups=time.size // reference["m"]
    )
    close([g.predicted for g in ours.groups], theirs["mean.predicted"], 1e-8)
    close([g.observed for g in ours.groups], theirs["KM"], 1e-8)
    close([g.observed - g.predicted for g in ours.groups], theirs["index.orig"], 1e-8)


@every_dataset
def test_slope_of_a_model_on_its_own_rows_is_one(name):
    x, names = design(name)
    time, event = survival(name)
    horizon = values(name, "meta.json")["calibration_horizon"]
    predicted = fit_cox(time, event, x, names).survival(x, [horizon])[:, 0]
    ours = estimate_survival_calibration(time, event, predicted, horizon)
    assert ours.slope == pytest.approx(1, abs=1e-6)


def test_a_right_model_has_ratio_and_slope_of_one():
    random = np.random.default_rng(11)
    lp = random.normal(size=4000)
    time = random.exponential(1 / (0.1 * np.exp(lp)))
    event = time < 30
    predicted = np.exp(-0.1 * 5 * np.exp(lp))
    ours = estimate_survival_calibration(np.minimum(time, 30), event, predicted, 5)
    assert ours.observed_expected == pytest.approx(1, abs=0.05)
    assert ours.slope_interval[0] < 1 < ours.slope_interval[1]
    assert all(g.lower <= g.predicted <= g.upper for g in ours.groups)


def test_calibration_refuses_a_linear_predictor():
    with pytest.raises(DataProblem, match="outside"):
        estimate_survival_calibration([1, 2], [1, 0], [1.2, -0.1], 1)
