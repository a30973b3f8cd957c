"""Prognosis as a method: what a small study gets, and what is said about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.methods.folds import stratified_folds
from modeling.methods.prognosis import apply_prognosis, fit_prognosis
from modeling.methods.prognosis_plan import PrognosisPlan
from studies.methods.problems import DataProblem

PLAN = PrognosisPlan(
    candidates=("age", "marker", "kind", "same"),
    always=("score",),
    factors={"kind": ("a", "b", "rare")},
    times=(6.0, 12.0, 600.0),
)


def _table(n, seed=1, effect=0.8):
    random = np.random.default_rng(seed)
    table = pd.DataFrame({
        "age": random.normal(60, 9, n), "marker": random.normal(size=n),
        "kind": random.choice(["a", "b"], n), "score": random.random(n), "same": 1.0,
    })  # fmt: skip
    table.loc[table.index[:2], "kind"] = "rare"
    lp = effect * table["marker"] - table["score"]
    time = random.exponential(15 / np.exp(lp.to_numpy()))
    return table, np.minimum(time, 60), time < 60


def test_a_marker_is_kept_and_the_score_enters_whatever_lasso_says():
    table, time, event = _table(150)
    fit = fit_prognosis(table, time, event, PLAN, seed=2)
    assert fit.columns[0] == "score"
    assert "marker" in fit.kept
    codes = {notice.code for notice in fit.notices}
    assert {"rare_level", "constant", "lasso_kept", "beyond_follow_up"} <= codes
    assert fit.nomogram.times == (6.0, 12.0)


def test_a_rare_level_gets_its_reference_in_other_rows_too():
    table, time, event = _table(150)
    plan = PrognosisPlan((), ("score", "kind"), PLAN.factors, (6.0,))
    fit = fit_prognosis(table, time, event, plan)
    rare, reference = table.head(1).assign(kind="rare"), table.head(1).assign(kind="a")
    np.testing.assert_array_equal(apply_prognosis(fit, rare), apply_prognosis(fit, reference))
    with pytest.raises(DataProblem, match="level"):
        apply_prognosis(fit, table.head(1).assign(kind="unheard of"))


def test_few_events_make_the_choice_give_way_and_it_is_said():
    table, time, event = _table(18, effect=2.0)
    fit = fit_prognosis(table.assign(kind="a"), time, event, PLAN)
    assert (len(fit.columns)) * 5 <= max(event.sum(), 5)
    if fit.lasso is not None and fit.lasso.minimum.selected and not fit.kept:
        assert "too_few_events_for_choice" in {notice.code for notice in fit.notices}


@pytest.mark.parametrize("seed", range(6))
def test_a_handful_of_patients_gets_a_model_or_a_problem_never_a_traceback(seed):
    table, time, event = _table(14, seed)
    try:
        fit = fit_prognosis(table, time, event, PLAN, seed)
    except DataProblem:
        return
    assert np.isfinite(fit.cox.coefficients).all()


def test_prognosis_refuses_ten_patients():
    with pytest.raises(DataProblem, match="10 rows"):
        fit_prognosis(*_table(10), PLAN)


def test_folds_hold_events_evenly_and_follow_the_seed():
    event = np.arange(100) < 40
    fold = stratified_folds(event, 10, 3)
    assert {int(event[fold == k].sum()) for k in range(10)} == {4}
    np.testing.assert_array_equal(fold, stratified_folds(event, 10, 3))
