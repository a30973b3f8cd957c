"""Strata, weights, offset, intervals of S(t|x), residuals, splines, elimination: values of R."""

import numpy as np
import pytest

from modeling.methods.backward_elimination import eliminate_backward
from modeling.methods.covariates import own_spread
from modeling.methods.cox import fit_cox
from modeling.methods.cox_fit import predict_survival
from modeling.methods.cox_residuals import (
    estimate_cox_residuals,
    estimate_schoenfeld,
    robust_covariance,
)
from modeling.methods.design_matrix import Term, apply_design
from modeling.methods.proportional_hazards import check_proportional_hazards
from modeling.methods.splines import place_knots, spline_basis
from studies.methods.problems import DataProblem
from tests.modeling.lung_r import R, lung
from tests.modeling.survival_reference import close

X = ["age", "ph.ecog", "wt.loss"]
both_ties = pytest.mark.parametrize("ties", ["efron", "breslow"])


def _fit(ties="efron", **options):
    rows = lung()
    return fit_cox(rows["time"], rows["event"], rows[X], X, ties, **options)


@both_ties
@pytest.mark.parametrize("what", ["strata", "weights", "offset"])
def test_strata_weights_and_offset_equal_coxph(ties, what):
    column = {"strata": "female", "weights": "weight", "offset": "offset"}[what]
    ours, theirs = _fit(ties, **{what: lung()[column]}), R[f"{what}_{ties}"]
    close(ours.coefficients, theirs["coef"], 1e-7)
    close(ours.std_error, theirs["se"], 1e-7)
    close(ours.log_likelihood, theirs["loglik"], 1e-6)
    close(ours.score.statistic, theirs["score"], 1e-6)


@both_ties
@pytest.mark.parametrize("scale", ["log", "log-log", "plain"])
def test_survival_of_a_patient_and_its_interval_equal_survfit(ties, scale):
    rows, theirs = lung(), R[f"surv_{ties}_{scale}"]
    fit = _fit(ties)
    found = predict_survival(
        rows[X].iloc[[0, 19, 76]].to_numpy() - fit.center, fit.coefficients, fit.covariance,
        fit.baselines[0], [30, 180, 365, 700], scale=scale,
    )  # fmt: skip
    close(found.survival, theirs["surv"], 1e-8)
    close(found.std_error * found.survival, theirs["se"], 1e-8)
    close(found.lower, theirs["lower"], 1e-8)
    close(found.upper, theirs["upper"], 1e-8)


def test_baselines_of_strata_and_weights_equal_survfit():
    rows = lung()
    x = rows[X].iloc[[0, 19]]
    stratified, weighted = _fit(strata=rows["female"]), _fit(weights=rows["weight"])
    for k in (0, 1):
        found = stratified.survival_interval(x, [180, 365], scale="log", stratum=str(k))
        close(found.survival, np.reshape(R["strata_surv"][k]["surv"], (2, 2)), 1e-8)
        close(found.std_error * found.survival, np.reshape(R["strata_surv"][k]["se"], (2, 2)), 1e-8)
    found = weighted.survival_interval(x, [180, 365], scale="log")
    close(found.survival, R["weights_surv"]["surv"], 1e-8)
    close(found.std_error * found.survival, R["weights_surv"]["se"], 1e-8)
    with pytest.raises(DataProblem, match="one of 0, 1"):
        stratified.survival(x, [180])


@both_ties
def test_residuals_equal_coxph(ties):
    rows, theirs = lung(), R[f"resid_{ties}"]
    ours = estimate_cox_residuals(_fit(ties), rows["time"], rows["event"], rows[X])
    chosen = np.array(theirs["rows"]) - 1
    for part in ("martingale", "deviance", "score", "dfbeta", "dfbetas"):
        close(getattr(ours, part)[chosen], theirs[part], 1e-8)
    close((ours.martingale**2).sum(), theirs["martingale_sum"], 1e-6)
    close((ours.dfbeta**2).sum(axis=0), theirs["dfbeta_sum"], 1e-9)
    assert ours.martingale.sum() == pytest.approx(0, abs=1e-9)


@both_ties
def test_schoenfeld_residuals_equal_cox_zph(ties):
    rows = lung()
    ours = estimate_schoenfeld(_fit(ties), rows["time"], rows["event"], rows[X])
    close(ours.plain[:5], R[f"resid_{ties}"]["schoenfeld_head"], 1e-7)
    close((ours.plain**2).sum(axis=0), R[f"resid_{ties}"]["schoenfeld_sum"], 1e-4)
    close(ours.transformed[:5], R[f"zph_{ties}"]["x"], 1e-9)
    close(ours.scaled[:5], R[f"zph_{ties}"]["y"], 1e-6)


@pytest.mark.parametrize("transform", ["km", "identity", "rank"])
def test_proportional_hazards_with_strata_equal_cox_zph(transform):
    rows = lung()
    fit = _fit(strata=rows["female"])
    ours = check_proportional_hazards(
        fit, rows["time"], rows["event"], rows[X], transform, strata=rows["female"]
    )
    close(ours.statistic, R["strata_zph"][transform], 1e-6)


def test_robust_covariance_equals_coxph():
    rows = lung()
    fit = _fit(weights=rows["fraction"])
    close(fit.coefficients, R["robust"]["coef"], 1e-7)
    close(fit.std_error, R["robust"]["naive"], 1e-7)
    found = robust_covariance(fit, rows["time"], rows["event"], rows[X], rows["fraction"])
    close(np.sqrt(np.diag(found)), R["robust"]["robust"], 1e-7)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_splines_equal_hmisc(count):
    rows, theirs = lung(), R[f"rcs_{count}"]
    knots = place_knots(rows["age"], count)
    basis = spline_basis(rows["age"], knots)
    close(knots, theirs["knots"], 1e-12)
    close(basis[[0, 4, 8]], theirs["rows"], 1e-9)
    fit = fit_cox(rows["time"], rows["event"], basis)
    close(fit.coefficients, R[f"rcs_fit_{count}"]["coef"], 1e-6)
    close(fit.log_likelihood, R[f"rcs_fit_{count}"]["loglik"], 1e-6)


def test_a_spline_is_straight_in_its_tails_and_a_term_of_the_design():
    knots = (1.0, 2.0, 4.0, 7.0)
    design = apply_design(lung().assign(v=np.linspace(-5, 15, 213)), [Term("v", knots=knots)])
    assert design.names == ("v", "v'", "v''")
    outside = design.matrix[np.abs(design.matrix[:, 0] - 4) > 3.2]
    for side in (outside[outside[:, 0] < 1], outside[outside[:, 0] > 7]):
        close(np.diff(side, n=2, axis=0), np.zeros((len(side) - 2, 3)), 1e-10)
    with pytest.raises(DataProblem, match="distinct"):
        place_knots([0, 1] * 60, 4)


def test_backward_elimination_equals_step():
    rows = lung()
    terms = [Term(name) for name in ("age", "female", "ph.ecog", "ph.karno", "wt.loss")]
    ours = eliminate_backward(rows["time"], rows["event"], rows, terms)
    assert set(ours.kept) == set(R["step"]["terms"])
    assert [step.dropped for step in ours.steps] == ["wt.loss"]
    close(ours.aic, R["step"]["aic"][-1], 1e-6)
    kept = eliminate_backward(rows["time"], rows["event"], rows, terms, always=["wt.loss"])
    assert "wt.loss" in kept.kept


def test_collinear_columns_are_named_with_what_they_are_made_of():
    rows = lung().assign(twice=lambda t: 2 * t["age"] - t["wt.loss"])
    with pytest.raises(DataProblem, match=r"twice is a linear combination of age, wt\.loss"):
        fit_cox(rows["time"], rows["event"], rows[[*X, "twice"]], [*X, "twice"])


def test_weights_must_be_above_zero():
    with pytest.raises(DataProblem, match="above 0"):
        _fit(weights=np.zeros(213))


def test_a_spline_whose_columns_are_all_but_collinear_is_no_separation():
    """Coefficients of 90 SD and errors of 50 SD, of columns with hardly anything of their own."""
    random = np.random.default_rng(4)
    x = np.exp(random.normal(0.6, 1.0, 300))
    basis = spline_basis(x, place_knots(x, 4))
    time = random.exponential(50, 300) / np.exp(2.5 * np.log(x).clip(-1, 1.2))
    fit = fit_cox(time, random.random(300) < 0.6, basis)
    assert (fit.std_error * basis.std(axis=0)).max() > 10
    assert own_spread(basis).max() < 0.3 * basis.std(axis=0).max()
    others = np.column_stack([np.ones(300), basis[:, [0, 2]]])
    left = basis[:, 1] - others @ np.linalg.lstsq(others, basis[:, 1], rcond=None)[0]
    assert own_spread(basis)[1] == pytest.approx(left.std(), rel=1e-6)
