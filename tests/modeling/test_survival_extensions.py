"""Restricted means, landmarks, stratified tests, smooth calibration, sample size."""

import numpy as np
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.landmark import take_landmark
from modeling.methods.log_rank import compare_log_rank
from modeling.methods.restricted_mean import compare_restricted_means, estimate_restricted_mean
from modeling.methods.sample_size import (
    estimate_sample_size,
    required_for_optimism,
    required_for_risk,
    required_for_shrinkage,
    risk_margin,
)
from modeling.methods.smooth_calibration import (
    estimate_calibration_in_the_large,
    estimate_smooth_calibration,
)
from studies.methods.problems import DataProblem
from tests.modeling.lung_r import R, lung
from tests.modeling.survival_reference import close

X = ["age", "ph.ecog", "wt.loss"]


@pytest.mark.parametrize("horizon", [365, 700])
def test_restricted_means_equal_survfit(horizon):
    rows, theirs = lung(), R[f"rmst_{horizon}"]
    for k in (0, 1):
        own = rows[rows["female"] == k]
        found = estimate_restricted_mean(own["time"], own["event"], horizon)
        close(found.mean, theirs["rmean"][k], 1e-8)
        close(found.std_error, theirs["se"][k], 1e-8)
    both = compare_restricted_means(rows["time"], rows["event"], rows["female"] == 1, horizon)
    assert both.difference == pytest.approx(theirs["rmean"][1] - theirs["rmean"][0], abs=1e-8)
    assert both.std_error == pytest.approx(np.hypot(*theirs["se"]), abs=1e-8)
    assert both.lower < both.difference < both.upper


def test_restricted_mean_of_a_hand_worked_example():
    """Deaths at 1 and 3 of four, horizon 4: area 1 + 2·3/4 + 1·3/8."""
    found = estimate_restricted_mean([1, 2, 3, 4], [1, 0, 1, 0], 4)
    assert found.mean == pytest.approx(1 + 2 * 0.75 + 0.375)
    early = estimate_restricted_mean([1, 24], [1, 1], 12)
    assert (early.lower, early.upper) == (0.0, 12.0)  # 6.5 ± 7.6, and no mean is below 0
    assert np.isnan(estimate_restricted_mean([12, 24], [0, 0], 12).lower)  # nobody had the event
    with pytest.raises(DataProblem, match="not estimable"):
        estimate_restricted_mean([1, 2, 3], [1, 1, 0], 5)


@pytest.mark.parametrize(("rho", "key"), [(0.0, "strat_logrank"), (1.0, "strat_peto")])
def test_stratified_log_rank_equals_survdiff(rho, key):
    rows = lung()
    ours = compare_log_rank(
        rows["time"], rows["event"], rows["female"], ["0", "1"], rho, rows["ph.ecog"]
    )
    close(ours.statistic, R[key]["chisq"], 1e-9)
    if rho == 0:
        close(ours.observed, R[key]["obs"], 1e-9)
        close(ours.expected, R[key]["exp"], 1e-9)


def test_weighted_log_rank_equals_survdiff():
    rows = lung()
    ours = compare_log_rank(rows["time"], rows["event"], rows["female"], ["0", "1"], 0.5)
    close(ours.statistic, R["rho_half"]["chisq"], 1e-9)


def test_a_landmark_counts_from_itself_and_says_who_is_gone():
    found = take_landmark([2, 5, 6, 8, 9], [1, 0, 1, 1, 0], 6)
    assert found.duration.tolist() == [2, 3]
    assert found.event.tolist() == [True, False]
    assert (found.lost_to_event, found.lost_to_censoring) == (2, 1)
    with pytest.raises(DataProblem, match="nobody"):
        take_landmark([1, 2], [1, 1], 3)


def _lung_fit():
    rows = lung()
    return rows, fit_cox(rows["time"], rows["event"], rows[X], X)


def test_smooth_calibration_equals_r():
    rows, fit = _lung_fit()
    risk = 1 - fit.survival(rows[X], [365])[:, 0]
    ours, theirs = estimate_smooth_calibration(rows["time"], rows["event"], risk, 365), R["smooth"]
    close(ours.patient_observed[:5], theirs["first"], 1e-7)
    close([ours.ici, ours.e50, ours.e90, ours.e_max],
          [theirs[key] for key in ("ici", "e50", "e90", "emax")], 1e-7)  # fmt: skip
    assert (ours.lower <= ours.observed).all()
    assert (ours.observed <= ours.upper).all()


def test_calibration_in_the_large_equals_glm():
    rows, fit = _lung_fit()
    lp = fit.linear_predictor(rows[X])
    until = np.minimum(rows["time"].to_numpy(float), 365)
    ours = estimate_calibration_in_the_large(
        rows["time"], rows["event"], lp, fit.baseline_at(until) * np.exp(lp),
        1 - fit.survival(rows[X], [365])[:, 0], 365,
    )  # fmt: skip
    theirs = R["poisson"]
    close(ours.expected, theirs["expected"], 1e-6)
    close(ours.intercept[0], theirs["intercept"], 1e-6)
    close(ours.intercept[2] - ours.intercept[0], 1.959963985 * theirs["intercept_se"], 1e-6)
    close([ours.intercept_with_slope[0], ours.slope[0]], theirs["slope"], 1e-6)
    close(
        ours.slope[2] - ours.slope[0], 1.959963985 * theirs["slope_se"][1], 1e-5
    )  # glm stops early
    assert ours.observed_expected == pytest.approx(1, abs=0.02)


def test_risks_that_are_halved_show_in_every_number():
    rows, fit = _lung_fit()
    risk = 1 - fit.survival(rows[X], [365])[:, 0]
    lp = fit.linear_predictor(rows[X])
    until = np.minimum(rows["time"].to_numpy(float), 365)
    hazard = fit.baseline_at(until) * np.exp(lp) / 2
    ours = estimate_calibration_in_the_large(rows["time"], rows["event"], lp, hazard, risk / 2, 365)
    assert ours.observed_expected == pytest.approx(2, abs=0.05)
    assert ours.intercept[0] == pytest.approx(np.log(2), abs=0.01)
    assert estimate_smooth_calibration(rows["time"], rows["event"], risk / 2, 365).ici > 0.15


def test_sample_size_of_rileys_example():
    """Part II, section 5: R² 0.051, 30 parameters: 5,143 patients for a shrinkage of 0.9."""
    assert required_for_shrinkage(30, 0.051) == 5143
    assert required_for_optimism(30, 0.051, 0.5) < 5143
    rate, mean, years = 0.065, 2.07, 2.0  # overall risk 0.122, with 5,143 patients to 0.131
    assert 1 - np.exp(-rate * years) == pytest.approx(0.122, abs=5e-4)
    assert risk_margin(rate, 5143 * mean, years) == pytest.approx(0.131 - 0.122, abs=1e-3)
    enough = required_for_risk(rate, mean, years)
    assert risk_margin(rate, enough * mean, years) <= 0.05
    assert risk_margin(rate, (enough - 1) * mean, years) > 0.05


def test_sample_size_statement_is_of_the_model():
    found = estimate_sample_size(200, 120, 6, (-640.0, -620.0))
    assert found.events_per_parameter == 20
    assert found.heuristic_shrinkage == pytest.approx((40 - 6) / 40)
    assert found.r2 == pytest.approx(1 - np.exp(-40 / 200))
    assert found.r2_adjusted < found.r2 < found.r2_largest
    assert found.required == max(found.required_for_shrinkage, found.required_for_optimism)
    nothing = estimate_sample_size(200, 120, 6, (-640.0, -638.0))
    assert nothing.required is None
    assert not nothing.enough
