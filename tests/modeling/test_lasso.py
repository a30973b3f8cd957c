import numpy as np
import pytest

from modeling.methods import lasso_solver
from modeling.methods.lasso import fit_lasso_cox, fit_lasso_logistic
from modeling.methods.lasso_choice import cross_validate_lasso_cox, cross_validate_lasso_logistic
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import (
    BINARY,
    NAMES,
    design,
    every_dataset,
    survival,
    table,
    values,
)


def _folds(name):
    return table(name, "design_matrix.csv")["foldid"].to_numpy()


def _event_by_horizon(name):
    time, event = survival(name)
    horizon = values(name, "meta.json")["calibration_horizon"]
    known = ~((time < horizon) & ~event)
    return known, ((time <= horizon) & event)[known]


def _same_path(ours, theirs, atol, penalty_rtol):
    assert len(ours.penalty) == len(theirs["lambda"])
    np.testing.assert_allclose(ours.penalty, theirs["lambda"], rtol=penalty_rtol)
    np.testing.assert_allclose(ours.coefficients.T, theirs["beta"], rtol=0, atol=atol)


def _same_choice(ours, theirs, names, atol, penalty_rtol):
    """Equal coefficients, and the same columns unless one is all but zero."""
    assert ours.penalty == pytest.approx(theirs["lambda"], rel=penalty_rtol)
    coefficients = dict(zip(theirs["terms"], theirs["coef"], strict=True))
    wanted = np.array([coefficients[name] for name in names])
    np.testing.assert_allclose(ours.coefficients, wanted, rtol=0, atol=atol)
    differ = (ours.coefficients != 0) != (wanted != 0)
    assert np.abs(wanted[differ]).max(initial=0) < 1e-3
    assert np.abs(ours.coefficients[differ]).max(initial=0) < 1e-3
    assert ours.selected == tuple(np.array(names)[ours.coefficients != 0])


@every_dataset
def test_cox_path_and_choice_equal_glmnet(name):
    theirs, (x, names) = values(name, "glmnet.json")["cox"], design(name)
    ours = cross_validate_lasso_cox(*survival(name), x, _folds(name), names)
    _same_path(ours.path, theirs, 5e-3, 1e-3)  # ties: glmnet's largest penalty is 6e-4 off
    np.testing.assert_allclose(ours.deviance, theirs["cvm"], rtol=1e-3)
    _same_choice(ours.minimum, theirs["min"], names, 5e-3, 1e-3)
    _same_choice(ours.one_std_error, theirs["se1"], names, 5e-3, 1e-3)


@every_dataset
def test_logistic_path_and_choice_equal_glmnet(name):
    theirs, (x, names) = values(name, "glmnet.json")["binomial"], design(name)
    known, outcome = _event_by_horizon(name)
    ours = cross_validate_lasso_logistic(outcome, x[known], _folds(name)[known], names)
    _same_path(ours.path, theirs, 1e-4, 1e-9)
    np.testing.assert_allclose(ours.path.intercept, theirs["a0"], rtol=0, atol=5e-4)
    np.testing.assert_allclose(ours.deviance, theirs["cvm"], rtol=1e-4)
    np.testing.assert_allclose(ours.std_error, theirs["cvsd"], rtol=1e-3)
    _same_choice(ours.minimum, theirs["min"], names, 1e-4, 1e-9)
    _same_choice(ours.one_std_error, theirs["se1"], names, 1e-4, 1e-9)


@pytest.mark.skipif("asah" not in BINARY, reason="no reference values beside here")
def test_logistic_path_of_asah_equals_glmnet():
    theirs, rows = values("asah", "glmnet.json"), table("asah", "input.csv")
    rows["genderFemale"] = (rows["gender"] == "Female").astype(float)
    x = rows[theirs["columns"]].to_numpy(float)
    fold = np.arange(len(rows)) % 10
    ours = cross_validate_lasso_logistic(rows["y"], x, fold, theirs["columns"])
    _same_path(ours.path, theirs, 1e-4, 1e-9)
    _same_choice(ours.minimum, theirs["min"], theirs["columns"], 1e-4, 1e-9)
    _same_choice(ours.one_std_error, theirs["se1"], theirs["columns"], 1e-4, 1e-9)


@pytest.mark.skipif("lung" not in NAMES, reason="no reference values beside here")
def test_lasso_scales_with_the_columns():
    time, event = survival("lung")
    x, _ = design("lung")
    first = fit_lasso_cox(time, event, x)
    second = fit_lasso_cox(time, event, x * 1000 + 7)
    np.testing.assert_allclose(first.coefficients, second.coefficients * 1000, atol=1e-9)


def test_the_first_step_is_empty_and_a_constant_column_never_enters():
    random = np.random.default_rng(9)
    x = np.column_stack([random.normal(size=(90, 3)), np.ones(90)])
    path = fit_lasso_logistic(random.random(90) < 0.5, x)
    assert (path.coefficients[0] == 0).all()
    assert (path.coefficients[:, 3] == 0).all()


def test_lasso_refuses_what_it_cannot_read():
    with pytest.raises(DataProblem, match="both 0 and 1"):
        fit_lasso_logistic([1, 1, 1], np.ones((3, 1)))
    with pytest.raises(DataProblem, match="0 events"):
        fit_lasso_cox([1, 2, 3], [0, 0, 0], np.ones((3, 1)))
    with pytest.raises(DataProblem, match="missing"):
        fit_lasso_cox([1, 2, 3], [1, 0, 1], [[1.0], [np.nan], [2]])


def _told_apart():
    """Ten columns that tell fourteen events apart: small penalties have coefficients of 40 SD."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(14, 10))
    return rng.permutation(14) + 1.0, np.ones(14, bool), x


def test_a_separated_table_has_its_minimum_at_every_penalty():
    """The gradient of each column equals the penalty where it stays, and is below it elsewhere."""
    time, event, x = _told_apart()
    path = fit_lasso_cox(time, event, x)
    assert not path.notices
    assert path.deviance_ratio[-1] > 0.6
    loss = lasso_solver.CoxLoss(time, event, (x - x.mean(axis=0)) / x.std(axis=0))
    for penalty, beta in zip(path.penalty, path.coefficients * x.std(axis=0), strict=True):
        slope = loss.evaluate(0.0, beta)[1] / 14
        stays = beta != 0
        np.testing.assert_allclose(slope[stays], -penalty * np.sign(beta[stays]), atol=1e-8)
        assert (np.abs(slope[~stays]) <= penalty + 1e-8).all()


def test_what_does_not_converge_within_the_sweeps_is_named(monkeypatch):
    time, event, x = _told_apart()
    monkeypatch.setattr(lasso_solver, "MOST_SWEEPS", 300)
    found = cross_validate_lasso_cox(time, event, x, np.arange(14) % 2)
    steps = len(found.path.penalty)
    assert 1 < steps < 100
    assert [notice.code for notice in found.notices] == [
        "lasso_not_converged", "lasso_folds_not_converged",
    ]  # fmt: skip
    assert f"after {steps} of 100 penalties" in found.notices[0].text
    assert "within 300 sweeps" in found.notices[0].text
    assert "in 2 of 2 folds" in found.notices[1].text
