"""What a fit would meet, told before it: gaps, levels, separation, collinearity, size, leaks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.methods.covariate_review import review_covariates
from modeling.methods.leak_survival import check_out_of_fold, check_outcome_order, check_unseen
from modeling.methods.prognosis import fit_prognosis
from modeling.methods.prognosis_plan import PrognosisPlan
from modeling.methods.sample_size import plan_sample_size
from studies.methods.problems import DataProblem

FACTORS = {"stage": ("I", "II", "III")}


def rows(n: int = 80) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    table = pd.DataFrame(random.normal(size=(n, 3)), columns=["score", "age", "marker"])
    table["stage"] = random.choice(["I", "II"], n)
    time = random.exponential(20 * np.exp(-0.5 * table["score"]))
    return table, time, (time < 25).astype(int)


def plan(**given: object) -> PrognosisPlan:
    base = {"candidates": ("age", "marker", "stage"), "always": ("score",), "factors": FACTORS,
            "times": (6.0, 12.0), "selection": "fixed"}  # fmt: skip
    return PrognosisPlan(**{**base, **given})  # type: ignore[arg-type]


def separated() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table, time, event = rows()
    table.loc[(event == 0) & (np.arange(80) % 2 == 0), "stage"] = "III"
    return table, time, event


def twice() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table, time, event = rows()
    table["marker"] = 3 - 2 * table["age"]
    return table, time, event


@pytest.mark.parametrize(("made", "named"), [(separated, "stageIII"), (twice, "marker")])
def test_what_a_fit_refuses_is_named_before_it(made, named):
    table, time, event = made()
    found = review_covariates(table, time, event, plan())
    assert [p.column for p in found.problems] == [named]
    with pytest.raises(DataProblem, match=named if made is twice else "separation"):
        fit_prognosis(table, time, event, plan())
    told = review_covariates(table, time, event, plan(selection="lasso"))
    assert not told.problems  # the LASSO may leave it out
    assert "if_kept" in {notice.code for notice in told.notices}
    with_firth = review_covariates(table, time, event, plan(penalty="firth"))
    assert bool(with_firth.problems) == (made is twice)
    assert with_firth.separated == ((named,) if made is separated else ())


def test_counts_are_of_complete_patients_and_gaps_of_all():
    table, time, event = rows()
    table.loc[:6, "age"] = np.nan
    time[9] = np.nan
    found = review_covariates(table, time, event, plan(splines=("marker",)))
    assert (found.rows, found.n) == (80, 72)
    known = np.r_[7:9, 10:80]
    assert found.events == event[known].sum()
    by_name = {one.name: one for one in found.covariates}
    assert by_name["age"].missing == 7
    levels = {level.level: (level.n, level.events) for level in by_name["stage"].levels}
    second = (table["stage"] == "II").to_numpy()[known]
    assert levels["II"] == (second.sum(), event[known][second].sum())
    assert levels["III"] == (0, 0)
    # score, age, marker with a bend, one level of stage that anybody has
    assert found.parameters == 5


def test_too_few_events_stop_it_and_near_collinearity_does_not():
    table, time, event = rows()
    assert review_covariates(table, time, np.zeros(80), plan()).problems
    table["marker"] = table["age"] + np.random.default_rng(1).normal(0, 0.05, 80)
    found = review_covariates(table, time, event, plan())
    assert not found.problems
    assert [n.code for n in found.notices if n.code == "nearly_collinear"] == [
        "nearly_collinear"
    ] * 2


def test_sample_size_ahead_is_that_of_pmsampsize():
    """Its published example: 30 parameters, R² 0.051, rate 0.065, 2 years, mean follow-up 2.07."""
    found = plan_sample_size(100_000, 13_455, 30, 207_000.0, 2.0, 0.051)
    assert (found.required_for_shrinkage, found.required_for_optimism) == (5143, 1039)
    assert found.required == 5143
    usual = plan_sample_size(100, 40, 5, 2400.0, 24.0)
    assert usual.r2 == pytest.approx(0.15 * usual.r2_largest)
    assert not usual.enough


def test_a_column_made_of_the_outcome_is_found_and_a_strong_marker_is_not():
    table, time, event = rows(200)
    strong = pd.DataFrame({"score": table["score"], "copy": -np.log(time + 1)})
    assert [p.column for p in check_outcome_order(strong, time, event)] == ["copy"]
    classes = pd.DataFrame({
        "quarter": np.digitize(time, np.quantile(time, [0.25, 0.5, 0.75])).astype(float),
        "class": np.where(time < np.median(time), "short", "long"),
        "gone": np.where(event == 1, "yes", "no"), "reason": event * (1.0 + (table["age"] > 0)),
        "stage": table["stage"], "risk": np.where(table["score"] > 0.5, "low", "high"),
    })  # fmt: skip
    told = [p.column for p in check_outcome_order(classes, time, event)]
    assert told == ["quarter", "class", "gone", "reason"]
    recent = pd.DataFrame({"late": np.where(np.arange(200) < 25, 1.0, 0.0)})
    short = np.where(recent["late"] == 1, 0.1, time + 0.2)  # nobody's event comes so early
    flag = event * (recent["late"] == 0)
    assert check_outcome_order(recent, short, flag) == []
    first, few = np.argsort(np.where(event == 1, time, np.inf))[:12], {1: [], 12: ["rare"]}
    for apart, refused in few.items():  # one patient who fails first says nothing of a column
        rare = pd.DataFrame({"rare": np.where(np.isin(np.arange(200), first[:apart]), "yes", "no")})
        assert [p.column for p in check_outcome_order(rare, time, event)] == refused
    named = strong.rename(columns={"score": "event_free"})[["event_free"]]
    assert [p.column for p in check_outcome_order(named, time, event)] == ["event_free"]
    assert [p.where for p in check_unseen({"a"}, {"v": ["a", "b"], "w": ["c"]})] == ["v"]
    assert len(check_out_of_fold(["t", "t", "u"], ["out_of_fold", None, "applied"])) == 1
