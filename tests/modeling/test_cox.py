import numpy as np
import pytest

from modeling.methods.cox import fit_cox
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, design, every_dataset, survival, table, values


def _fit(name, ties="efron"):
    x, names = design(name)
    return fit_cox(*survival(name), x, names, ties)


@every_dataset
@pytest.mark.parametrize(
    ("ties", "key"), [("efron", "multivariable"), ("breslow", "multivariable_breslow")]
)
def test_multivariable_equals_coxph(name, ties, key):
    theirs, ours = values(name, "cox.json")[key], _fit(name, ties)
    low, high = ours.interval()
    assert list(ours.names) == theirs["tab"]["term"]
    for part, mine in {
        "coef": ours.coefficients,
        "se": ours.std_error,
        "p": ours.p_value,
        "coef_lo": low,
        "coef_hi": high,
    }.items():
        close(mine, theirs["tab"][part], 1e-6)
    assert (ours.n, ours.n_events) == (theirs["n"], theirs["nevent"])
    close(ours.log_likelihood, theirs["loglik"], 1e-6)
    close(ours.aic, theirs["AIC"], 1e-6)
    close(ours.likelihood_ratio.statistic, theirs["lr"][0], 1e-6)
    close(ours.score.statistic, theirs["score"][0], 1e-6)
    close(ours.wald.statistic, theirs["wald"][0], 5.1e-3)  # coxph prints it to two decimals
    close(ours.wald.p_value, theirs["wald"][2], 1e-6)


@every_dataset
def test_univariable_equals_coxph(name):
    x, names = design(name)
    for theirs in values(name, "cox.json")["univariable"].values():
        columns = [names.index(term) for term in theirs["tab"]["term"]]
        ours = fit_cox(*survival(name), x[:, columns], theirs["tab"]["term"])
        close(ours.coefficients, theirs["tab"]["coef"], 1e-6)
        close(ours.std_error, theirs["tab"]["se"], 1e-6)
        close(ours.p_value, theirs["tab"]["p"], 1e-6)


@every_dataset
@pytest.mark.parametrize(
    ("ties", "file"), [("efron", "cox_predictions.csv"), ("breslow", "cox_predictions_breslow.csv")]
)
def test_survival_of_every_patient_equals_r(name, ties, file):
    theirs, times = table(name, file), values(name, "meta.json")["times"]
    ours = _fit(name, ties)
    close(
        ours.survival(design(name)[0], times), theirs[[f"surv_{t}" for t in times]].to_numpy(), 1e-6
    )
    if ties == "efron":
        uncentred = ours.linear_predictor(design(name)[0]) + ours.center @ ours.coefficients
        close(uncentred, theirs["lp_uncentered"], 1e-6)


@every_dataset
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_baseline_hazard_equals_basehaz(name, ties):
    theirs = values(name, "cox.json")[f"baseline_cumhaz_{ties}_uncentered"]
    ours = _fit(name, ties)
    at_zero = ours.baseline_at(theirs["time"]) * np.exp(-ours.center @ ours.coefficients)
    np.testing.assert_allclose(at_zero, theirs["hazard"], rtol=1e-6)


def _simulated(n=120, p=3, seed=3):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, p))
    time = np.ceil(random.exponential(20, n) / np.exp(x @ np.linspace(0.2, 0.6, p)))
    return time, random.random(n) < 0.8, x


def test_cox_is_invariant_to_row_order_shift_and_scale():
    time, event, x = _simulated()
    shuffled = np.random.default_rng(0).permutation(time.size)
    first, second = (
        fit_cox(time, event, x),
        fit_cox(time[shuffled], event[shuffled], x[shuffled] * [1, 10, 100] + [5, -3, 1000]),
    )
    np.testing.assert_allclose(first.coefficients, second.coefficients * [1, 10, 100], atol=1e-8)
    np.testing.assert_allclose(first.cumulative_hazard, second.cumulative_hazard, rtol=1e-8)


def test_cox_names_what_cannot_be_estimated():
    time, event, x = _simulated()
    names = ["a", "b", "c"]
    with pytest.raises(DataProblem, match="0 events"):
        fit_cox(time, np.zeros(time.size), x, names)
    with pytest.raises(DataProblem) as constant:
        fit_cox(time, event, np.where([True, False, False], 1.0, x), names)
    assert constant.value.problems[0].column == "a"
    with pytest.raises(DataProblem, match="linear combination"):
        fit_cox(time, event, np.c_[x[:, :2], x[:, 0] + x[:, 1]], names)
    with pytest.raises(DataProblem) as separated:
        fit_cox(time, event, np.c_[x[:, :2], event], names)
    assert separated.value.problems[0].column == "c"
    assert "Firth" in separated.value.problems[0].remedy
    with pytest.raises(DataProblem, match="beside the other columns"):  # each alone has a maximum
        fit_cox(time, event, np.c_[x[:, 0], x[:, 0] - time], names[:2])
    with pytest.raises(DataProblem, match="missing"):
        fit_cox(time, event, np.where(x > 2, np.nan, x), names)
    with pytest.raises(DataProblem, match="fewer columns than events"):
        fit_cox([1, 2, 3, 4], [1, 1, 0, 0], x[:4], names)


def test_few_events_per_column_is_a_notice():
    time, event, x = _simulated(25)
    assert [notice.code for notice in fit_cox(time, event, x).notices] == ["few_events_per_column"]


def test_survival_beyond_follow_up_is_unknown():
    time, event, x = _simulated()
    assert np.isnan(fit_cox(time, event, x).survival(x[:1], [time.max() + 1])).all()
