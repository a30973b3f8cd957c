"""Firth's Cox model: R's likelihood and information maximised there, and tables by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.firth_cox import fit_firth_cox
from studies.methods.problems import DataProblem
from tests.modeling.lung_r import FILE, R, lung
from tests.modeling.survival_reference import close

REFERENCES = FILE.parent
NAMES = ["age", "ph.ecog", "early"]


def _lung():
    return lung().assign(early=lambda rows: (rows["time"] <= 200).astype(float))


def _same(fit, theirs):
    close(fit.coefficients, theirs["coef"], 1e-6)
    close(fit.std_error, theirs["se"], 1e-6)
    close(fit.log_likelihood, theirs["loglik"], 1e-6)
    low, high = fit.profile_interval()
    close(low, theirs["lower"], 1e-5)
    close(high, theirs["upper"], 1e-5)
    close(fit.likelihood_ratio_p(), theirs["p"], 1e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_separated_column_has_the_estimate_and_profile_of_r(ties):
    rows = _lung()
    with pytest.raises(DataProblem, match="separation") as refusal:
        fit_cox(rows["time"], rows["event"], rows[NAMES], NAMES, ties)
    assert [p.column for p in refusal.value.problems] == ["early"]
    assert "fit_firth_cox" in refusal.value.problems[0].remedy
    fit = fit_firth_cox(rows["time"], rows["event"], rows[NAMES], NAMES, ties)
    _same(fit, R[f"firth_{ties}"])


def test_strata_have_baselines_of_their_own():
    rows = _lung()
    columns = ["age", "early"]
    fit = fit_firth_cox(rows["time"], rows["event"], rows[columns], columns, strata=rows["female"])
    _same(fit, R["firth_strata"])
    assert fit.strata == ("0", "1")
    assert fit.survival(rows[columns][:1], [180.0], "0") < fit.survival(
        rows[columns][:1], [180.0], "1"
    )


@pytest.mark.parametrize(("exposed", "unexposed"), [(6, 0), (4, 3), (0, 5)])
def test_with_equal_risk_sets_one_half_is_added_to_each_count(exposed, unexposed):
    """Strata of 3 exposed and 2 unexposed with one event each: p = (d1 + 1/2)/(d + 1), by hand."""
    strata = np.repeat(np.arange(exposed + unexposed), 5)
    x = np.tile([1.0, 1, 1, 0, 0], exposed + unexposed)
    event = np.array([[1, 0, 0, 0, 0]] * exposed + [[0, 0, 0, 1, 0]] * unexposed).ravel()
    time = np.where(event == 1, 1.0, 2.0)
    fit = fit_firth_cox(time, event, x, ["exposed"], strata=strata)
    ratio = (exposed + 0.5) / (unexposed + 0.5) * 2 / 3
    assert fit.coefficients[0] == pytest.approx(np.log(ratio), abs=1e-8)


def test_scaling_and_shifting_a_column_changes_nothing_else():
    rows = _lung()
    x = rows[NAMES].to_numpy(float)
    first = fit_firth_cox(rows["time"], rows["event"], x)
    second = fit_firth_cox(rows["time"], rows["event"], x * [1, 10, 100] + [5, -3, 1000])
    close(second.coefficients * [1, 10, 100], first.coefficients, 1e-7)
    close(np.array(second.profile_interval()) * [1, 10, 100], first.profile_interval(), 1e-6)
    close(second.likelihood_ratio.statistic, first.likelihood_ratio.statistic, 1e-7)


def test_nearly_as_many_columns_as_events_still_have_their_maximum():
    """Where the information alone would take steps without end: no slope is left."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 13))
    x[:, :2] = rng.random((20, 2)) < 0.3
    fit = fit_firth_cox(rng.exponential(20, 20), np.arange(20) > 0, x)
    beta = fit.coefficients * fit.likelihood.scale
    slope = fit.likelihood.score(beta, fit.likelihood.at(beta))
    assert np.abs(slope).max() < 1e-6
    assert fit.iterations < 30
    assert "several_tops" in {notice.code for notice in fit.notices}


def test_what_no_penalty_helps_is_refused():
    rows = _lung()
    with pytest.raises(DataProblem, match="0 events"):
        fit_firth_cox(rows["time"], np.zeros(len(rows)), rows[NAMES], NAMES)
    with pytest.raises(DataProblem, match="linear combination"):
        fit_firth_cox(rows["time"], rows["event"], rows.assign(b=rows["age"] * 2)[["age", "b"]])
    early = rows.assign(gone=(rows.index == 5) * 1.0)
    early.loc[5, ["time", "event"]] = 1, 0
    with pytest.raises(DataProblem, match="no event tells anything of gone"):
        fit_firth_cox(early["time"], early["event"], early[["age", "gone"]], ["age", "gone"])
    with pytest.raises(DataProblem, match="no maximum"):  # its maximum lies beyond numbers
        fit_firth_cox(rows["time"], rows["event"], -rows["time"], ["order of time"])


def test_the_highest_of_several_tops_ends_a_profile():
    """Nine events for eight columns; R climbed from several starts (``few_events.R``)."""
    told = json.loads((REFERENCES / "few_events.json").read_text("utf-8"))
    rows = np.array(told["rows"], dtype=float)
    fit = fit_firth_cox(rows[:, 0], rows[:, 1], rows[:, 2:], told["columns"][2:])
    close(fit.coefficients, told["coef"], 1e-5)
    close(fit.profile_interval()[1][6], told["upper_of_x7"], 1e-5)


def test_a_fit_below_another_top_is_refused():
    """Ten events for eight columns: held elsewhere, one coefficient leads higher than the fit."""
    rng = np.random.default_rng(9)
    n, p = rng.integers(12, 24), rng.integers(5, 9)
    x = rng.normal(size=(n, p))
    for j in range(p // 2 + 1):
        x[:, j] = rng.random(n) < rng.choice([0.2, 0.3, 0.5])
    fit = fit_firth_cox(np.round(rng.exponential(20, n) + 0.5), rng.random(n) < 0.6, x)
    with pytest.raises(DataProblem, match="two tops"):
        fit.profile_interval()
