import numpy as np
import pytest

from modeling.methods.brier_score import estimate_brier_score, integrate_brier_score
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, every_dataset, survival, table, values


@every_dataset
def test_brier_equals_riskregression(name):
    theirs = values(name, "brier_ipcw.json")["Brier"]
    predicted = table(name, "cox_predictions.csv")
    rows = zip(theirs["model"], theirs["times"], theirs["Brier"], theirs["se"], strict=True)
    for model, horizon, brier, error in rows:
        risk = 1 - predicted[f"surv_{horizon}"].to_numpy()
        ours = estimate_brier_score(*survival(name), risk, horizon)
        if model == "Null model":
            close(ours.null, brier, 1e-9)
        else:
            close(ours.brier, brier, 1e-9)
            close(ours.std_error, error, 1e-9)


def test_brier_is_the_squared_error_without_censoring():
    time, risk = np.arange(1.0, 41), np.linspace(0.9, 0.1, 40)
    ours = estimate_brier_score(time, np.ones(40), risk, 20)
    assert ours.brier == pytest.approx(np.mean(((time <= 20) - risk) ** 2), abs=1e-12)
    assert 0 < ours.scaled < 1


def test_brier_is_not_estimable_beyond_follow_up_and_refuses_percentages():
    assert np.isnan(estimate_brier_score([1, 2], [1, 0], [0.2, 0.1], 5).brier)
    with pytest.raises(DataProblem, match="outside"):
        estimate_brier_score([1, 2], [1, 0], [20, 10], 1)


def test_integrated_brier_score_is_the_mean_over_time():
    """By trapezoids from 0: scores b1, b2 at 2 and 6 give (2·b1/2 + 4·(b1 + b2)/2)/6."""
    random = np.random.default_rng(2)
    time, event = random.exponential(5, 200), random.random(200) < 0.8
    survival = np.c_[np.full(200, 0.7), np.full(200, 0.4)]
    one, two = (estimate_brier_score(time, event, 1 - survival[:, k], t)
                for k, t in ((0, 2.0), (1, 6.0)))  # fmt: skip
    model, null = integrate_brier_score(time, event, survival, [2.0, 6.0])
    assert model == pytest.approx((one.brier + 2 * (one.brier + two.brier)) / 6)
    assert null == pytest.approx((one.null + 2 * (one.null + two.null)) / 6)
