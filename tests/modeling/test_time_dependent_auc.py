import numpy as np
import pytest

from modeling.methods.time_dependent_auc import (
    estimate_time_dependent_auc,
    estimate_time_dependent_roc,
)
from tests.modeling.survival_reference import close, every_dataset, survival, table, values


def _score(name, which):
    if which == "lp":  # ties of equal patients must stay ties
        return table(name, "cox_predictions.csv")["lp_uncentered"].round(12).to_numpy()
    marker = table(name, "input_complete.csv")[values(name, "meta.json")["marker"]]
    return marker.to_numpy(float) * values(name, "time_roc.json")["marker"]["sign"]


@every_dataset
@pytest.mark.parametrize("which", ["lp", "marker"])
def test_auc_and_error_equal_timeroc(name, which):
    theirs = values(name, "time_roc.json")[which]["timeROC"]
    time, event = survival(name)
    for k, horizon in enumerate(theirs["times"]):
        if (event & (time == horizon)).any():
            continue  # timeROC leaves an event on the very day out; the next test has it
        ours = estimate_time_dependent_auc(time, event, _score(name, which), horizon)
        close(ours.auc, theirs["AUC"][k], 1e-9)
        close(ours.std_error, theirs["se"][k], 1e-9)
        assert (ours.cases, ours.controls, ours.censored) == tuple(
            theirs[key][k] for key in ("cases", "survivors", "censored")
        )


@every_dataset
def test_auc_with_events_on_the_very_day_equals_riskregression(name):
    theirs = values(name, "brier_ipcw.json")["AUC"]
    for horizon, auc, error in zip(theirs["times"], theirs["AUC"], theirs["se"], strict=True):
        ours = estimate_time_dependent_auc(*survival(name), _score(name, "lp"), horizon)
        close(ours.auc, auc, 1e-9)
        close(ours.std_error, error, 2e-4)  # another approximation of the same error


@every_dataset
def test_area_under_the_curve_of_points_is_the_auc(name):
    horizon = values(name, "meta.json")["times"][1]
    score = _score(name, "lp")
    curve = estimate_time_dependent_roc(*survival(name), score, horizon)
    area = np.trapezoid(curve.true_positive, curve.false_positive)
    ours = estimate_time_dependent_auc(*survival(name), score, horizon)
    assert area == pytest.approx(ours.auc, abs=1e-12)


def test_without_censoring_it_is_the_plain_auc():
    random = np.random.default_rng(6)
    time, risk = random.exponential(10, 200), random.normal(size=200)
    case = time <= 8
    plain = (risk[case][:, None] > risk[~case][None, :]).mean()
    ours = estimate_time_dependent_auc(time, np.ones(200), risk, 8)
    assert ours.auc == pytest.approx(plain, abs=1e-12)


def test_beyond_follow_up_it_is_not_estimable():
    ours = estimate_time_dependent_auc([1, 2, 3], [1, 1, 0], [3, 2, 1], 10)
    assert not ours.estimable
    assert (ours.cases, ours.controls) == (2, 0)


def test_a_perfect_order_has_no_interval():
    """Two die by then, two live on, all in order: no width is no certainty."""
    found = estimate_time_dependent_auc([1, 2, 9, 9], [1, 1, 0, 0], [4, 3, 2, 1], 5)
    assert found.auc == 1
    assert np.isnan(found.interval()).all()
