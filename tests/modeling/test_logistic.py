import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.stats import chi2

from modeling.methods.design_matrix import build_design
from modeling.methods.logistic import find_separating_columns, fit_logistic
from modeling.methods.logistic_validation import validate_logistic
from modeling.methods.nomogram import build_logistic_nomogram
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, every_binary_dataset, table, values


def _made(name):
    """The reference's own columns: terms such as genderFemale come from a factor."""
    rows, theirs = table(name, "input.csv"), values(name, "binary.json")["logistic"]["table"]
    columns = [c for c in rows if c not in ("id", "y")]
    factors = {
        c: _levels(rows[c], c, theirs["term"]) for c in columns if f"{c}" not in theirs["term"]
    }
    return rows, build_design(rows, columns, factors)


def _levels(column, name, terms):
    shown = [t.removeprefix(name) for t in terms if t.startswith(name)]
    return [*sorted(set(column.astype(str)) - set(shown)), *shown]


def _fit(name):
    rows, design = _made(name)
    return fit_logistic(rows["y"], design.matrix, design.names), rows, design


@every_binary_dataset
def test_odds_ratios_and_intervals_equal_glm(name):
    theirs, ours = values(name, "binary.json")["logistic"], _fit(name)[0]
    shown = theirs["table"]
    assert list(ours.names) == shown["term"]
    close(ours.coefficients, shown["coef"], 1e-6)
    close(ours.std_error, shown["se"], 1e-6)
    close(ours.p_value, shown["p"], 1e-6)
    low, high = ours.interval()
    np.testing.assert_allclose(np.exp(low), shown["or_wald_lo"], rtol=1e-6)
    np.testing.assert_allclose(np.exp(high), shown["or_wald_hi"], rtol=1e-6)
    low, high = ours.profile_interval()
    np.testing.assert_allclose(np.exp(low), shown["or_profile_lo"], rtol=5e-4)
    np.testing.assert_allclose(np.exp(high), shown["or_profile_hi"], rtol=5e-4)
    close(ours.log_likelihood[1], theirs["loglik"], 1e-8)
    close(-2 * ours.log_likelihood[0], theirs["null_deviance"], 1e-8)
    close(ours.aic, theirs["AIC"], 1e-8)


@every_binary_dataset
def test_logistic_nomogram_equals_rms(name):
    fit, rows, design = _fit(name)
    theirs, ours = (
        values(name, "binary.json")["nomogram"],
        build_logistic_nomogram(fit, design, rows),
    )
    close(ours.points_per_unit, theirs["sc"], 1e-3)  # rms stops early
    for axis in ours.axes:
        close(axis.points, theirs["axes"][axis.name]["points"], 1e-3)
    close(ours.total_for(theirs["fun_axis"]["at"]), theirs["fun_axis"]["total_points"], 1e-2)
    total = ours.points(rows)["total_points"]
    close(ours.probability(total), fit.probability(design.matrix), 1e-12)
    np.testing.assert_allclose(ours.total_for(ours.probability(total)), total, rtol=1e-7)


@every_binary_dataset
def test_profile_interval_ends_where_the_likelihood_has_fallen_by_the_quantile(name):
    """R reads the ends off a spline, 8e-4 of the deviance away; ours are where they should be."""
    fit, _, _ = _fit(name)
    low, high = fit.profile_interval()
    for ends in (low, high):
        for j, end in enumerate(ends):
            kept = np.delete(fit.x, j, axis=1)
            model = sm.GLM(fit.outcome.astype(float), kept, sm.families.Binomial(),
                           offset=fit.x[:, j] * end).fit(tol=1e-13, maxiter=200)  # fmt: skip
            fallen = 2 * (fit.log_likelihood[1] - model.llf)
            assert fallen == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)


def _two_by_two(a, b, c, d):
    """Exposed with and without the outcome, unexposed with and without."""
    x = np.repeat([1, 1, 0, 0], [a, b, c, d])
    return np.repeat([1, 0, 1, 0], [a, b, c, d]), x


@pytest.mark.parametrize("cells", [(7, 3, 4, 9), (12, 0, 5, 8), (6, 6, 0, 9)])
def test_firth_of_a_table_adds_one_half_to_each_cell(cells):
    """For a saturated 2 × 2 table Firth's estimate is the odds ratio with 1/2 added (by hand)."""
    y, x = _two_by_two(*cells)
    fit = fit_logistic(y, x, ["exposed"], penalty="firth")
    a, b, c, d = (cell + 0.5 for cell in cells)
    assert fit.coefficients[1] == pytest.approx(np.log(a * d / (b * c)), abs=1e-8)
    assert fit.coefficients[0] == pytest.approx(np.log(c / d), abs=1e-8)
    low, high = fit.profile_interval()
    assert low[1] < fit.coefficients[1] < high[1]
    assert 0 < fit.likelihood_ratio_p()[1] < 1


def test_separation_is_named_and_firth_is_finite():
    random = np.random.default_rng(2)
    y = np.repeat([0, 1], 40)
    noise = random.normal(size=80)
    marker = np.where(y == 1, random.uniform(5, 9, 80), random.uniform(0, 4, 80))
    rare = ((y == 1) & (np.arange(80) % 8 == 0)).astype(float)
    for column, name in ((marker, "marker"), (rare, "rare")):
        x = np.c_[noise, column]
        with pytest.raises(DataProblem, match="Firth") as refusal:
            fit_logistic(y, x, ["noise", name])
        assert [p.column for p in refusal.value.problems] == [name]
        assert find_separating_columns(y, x, ["noise", name]) == [name]
        fit = fit_logistic(y, x, ["noise", name], penalty="firth")
        assert np.isfinite(fit.coefficients).all()
        assert np.isfinite(fit.std_error).all()
        assert fit.likelihood_ratio_p()[2] < 0.05


def test_firth_of_a_lonely_level_is_the_maximum_that_a_plain_search_finds():
    """One patient at a level: Newton's steps would go past the maximum and back, for ever."""
    random = np.random.default_rng(3)
    age = random.normal(60, 9, 60)
    y = (random.random(60) < 1 / (1 + np.exp(-(age - 60) * 0.08))).astype(int)
    lonely = (np.arange(60) == np.flatnonzero(y)[0]).astype(float)
    fit = fit_logistic(y, np.column_stack([age, lonely]), ("age", "lonely"), "firth")

    def fall(beta):
        eta = fit.x @ beta
        weight = np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
        penalty = np.linalg.slogdet(fit.x.T @ (fit.x * weight[:, None]))[1] / 2
        return np.logaddexp(0, eta).sum() - eta[y == 1].sum() - penalty

    found = minimize(fall, fit.coefficients + 0.05, method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})  # fmt: skip
    np.testing.assert_allclose(fit.coefficients, found.x, atol=1e-5)
    assert fit.log_likelihood[1] == pytest.approx(-found.fun, abs=1e-9)
    assert np.isfinite([*fit.profile_interval(), fit.likelihood_ratio_p()]).all()
    for seed in range(12):  # wherever they are alone, and however far from zero the others
        random = np.random.default_rng(seed)
        rare = np.zeros((60, 2))
        for k in range(2):
            rare[random.choice(60, k + 1, replace=False), k] = 1
        x = np.column_stack([random.normal(40, 3, 60), rare])
        fit = fit_logistic(y, x, ("a", "one", "two"), "firth")
        p = fit.probability(x)
        w = fit.x * np.sqrt(p * (1 - p))[:, None]
        hat = np.einsum("ij,ji->i", w, np.linalg.solve(w.T @ w, w.T))
        assert np.abs(fit.x.T @ (y - p + hat * (0.5 - p))).max() < 1e-6
        assert np.isfinite(fit.profile_interval()).all()


def test_where_a_column_begins_changes_no_effect():
    """Days since 1900 as well as years of age; in separated classes, too."""
    random = np.random.default_rng(5)
    age = random.normal(0, 9, 80)
    y = (random.random(80) < 1 / (1 + np.exp(-age * 0.08))).astype(int)
    near, far = (fit_logistic(y, (age + start)[:, None], ("age",)) for start in (0.0, 1e9))
    close([far.coefficients[1], far.std_error[1]], [near.coefficients[1], near.std_error[1]], 1e-6)
    assert far.log_likelihood[1] == pytest.approx(near.log_likelihood[1], abs=1e-6)
    y = (age > 0).astype(int)
    near, far = (fit_logistic(y, (age + start)[:, None], ("age",), "firth") for start in (0, 60))
    assert far.likelihood_ratio_p()[1] == pytest.approx(near.likelihood_ratio_p()[1], rel=1e-6)
    lower = [fit.profile_interval()[0][1] for fit in (near, far)]
    assert lower[1] == pytest.approx(lower[0], rel=1e-6)


def test_logistic_refuses_one_class_and_collinear_columns():
    random = np.random.default_rng(3)
    x = random.normal(size=(60, 2))
    with pytest.raises(DataProblem, match="both 0 and 1"):
        fit_logistic(np.ones(60), x)
    with pytest.raises(DataProblem, match="c is a linear combination of a, b"):
        fit_logistic(random.random(60) < 0.5, np.c_[x, x.sum(axis=1)], ["a", "b", "c"])


@every_binary_dataset
def test_optimism_of_a_logistic_model_equals_rms(name):
    rows, design = _made(name)
    theirs = values(name, "binary.json")["validate_lrm_B500"]
    ours = validate_logistic(rows["y"], design.matrix, design.names, resamples=500, seed=1)
    told = {**ours.indexes, "c": ours.c}
    assert told["c"].apparent == pytest.approx(theirs["mean"]["C_apparent"], abs=1e-9)
    for mine in ("c", "slope", "intercept", "brier"):
        key = "C_corrected" if mine == "c" else f"{mine}_corrected"
        room = 4 * theirs["sd_between_seeds"][key] * np.sqrt(1 + 1 / theirs["n_seeds"])
        assert abs(told[mine].corrected - theirs["mean"][key]) <= room, mine
    assert ours.usable > 490
