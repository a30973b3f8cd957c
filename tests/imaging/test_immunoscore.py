"""Immunoscore against hand-worked specimens, scipy's percentiles and its own laws."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import percentileofscore, scoreatpercentile
from sklearn.metrics import cohen_kappa_score

from imaging.methods.immunoscore import (
    COLUMNS,
    ImmunoscoreRule,
    apply_immunoscore,
    compare_immunoscore_rules,
    compare_readings,
    fit_immunoscore_rule,
)
from studies.methods.problems import DataProblem


def cohort(n=40, seed=0, spread=0.6):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 1))
    own = rng.normal(size=(n, 4))
    medians = np.array([900, 1500, 280, 480])
    values = medians * np.exp(spread * (0.8 * shared + 0.6 * own))
    return pd.DataFrame(values, columns=list(COLUMNS), index=[f"S{i}" for i in range(n)])


FIXED = fit_immunoscore_rule(cohort(), "fixed", cuts=dict.fromkeys(COLUMNS, 100.0))


def specimen(*values):
    return pd.DataFrame([values], columns=list(COLUMNS), index=["S"], dtype=float)


@pytest.mark.parametrize(
    ("values", "score", "high"),
    [
        ((99, 99, 99, 99), 0, False),
        ((100, 99, 99, 99), 1, False),  # at the cut is high
        ((100, 100, 0, 99), 2, False),
        ((100, 500, 0, 100), 3, True),
        ((100, 100, 100, 100), 4, True),
    ],
)
def test_immunoscore_counts_densities_at_or_above_the_cut(values, score, high):
    result = apply_immunoscore(FIXED, specimen(*values)).loc["S"]
    assert (result.score, result.high, result.reason) == (score, high, "")


def test_a_missing_region_gives_no_score_and_never_0():
    result = apply_immunoscore(FIXED, specimen(500, np.nan, 500, np.nan)).loc["S"]
    assert result.score is pd.NA
    assert result.high is pd.NA
    assert result.consensus is pd.NA
    assert np.isnan(result.mean_percentile)
    assert result.reason == "not measured: CD3 invasive margin, CD8 invasive margin"
    assert result.cd3_percentile >= 0  # the marker's own rule uses what was measured


def test_a_biopsy_gives_no_score():
    biopsy = pd.Series([True], index=["S"])
    result = apply_immunoscore(FIXED, specimen(500, 500, 500, 500), biopsy).loc["S"]
    assert result.score is pd.NA
    assert "biopsy" in result.reason


def test_percentile_cuts_equal_scipy():
    table = cohort()
    rule = fit_immunoscore_rule(table)
    for column in COLUMNS:
        assert rule.cuts[column] == pytest.approx(scoreatpercentile(table[column], 75), rel=1e-12)


def test_mean_cuts_are_three_quarters_of_the_mean():
    rule = fit_immunoscore_rule(cohort(), "reference_mean_share")
    assert rule.cuts["CD8_tumor_center"] == pytest.approx(
        0.75 * cohort()["CD8_tumor_center"].mean()
    )


def test_mean_percentile_equals_scipy():
    table, new = cohort(), cohort(seed=3)
    expected = [
        np.mean([percentileofscore(table[c], row[c], "weak") for c in COLUMNS])
        for _, row in new.iterrows()
    ]
    result = apply_immunoscore(fit_immunoscore_rule(table), new)
    np.testing.assert_allclose(result.mean_percentile, expected)


@pytest.mark.parametrize(
    ("percentile", "expected"),
    [(0, 0), (10, 0), (11, 1), (25, 1), (26, 2), (70, 2), (71, 3), (95, 3), (96, 4), (100, 4)],
)
def test_consensus_classes_of_the_mean_percentile(percentile, expected):
    reference = pd.DataFrame({column: np.arange(1.0, 101.0) for column in COLUMNS})
    rule = fit_immunoscore_rule(reference)
    result = apply_immunoscore(rule, specimen(*[percentile + 0.5] * 4)).loc["S"]
    assert result.mean_percentile == pytest.approx(percentile)
    assert result.consensus == expected


cohorts = st.builds(cohort, st.integers(12, 80), st.integers(0, 2**31), st.floats(0.1, 1.5))


@given(cohorts)
@settings(max_examples=25, deadline=None)
def test_at_most_a_third_of_the_reference_is_high_at_the_75th_percentile(table):
    share = compare_immunoscore_rules(table)["reference_percentile"]
    assert share <= (np.ceil(0.25 * len(table)) * 4 / 3) / len(table) + 1e-9


@given(cohorts, st.floats(1.01, 5))
@settings(max_examples=25, deadline=None)
def test_more_cells_never_lower_the_score(table, factor):
    rule = fit_immunoscore_rule(table)
    before, after = apply_immunoscore(rule, table), apply_immunoscore(rule, table * factor)
    assert (after.score >= before.score).all()
    assert (after.consensus >= before.consensus).all()


@given(cohorts, st.floats(0.001, 1000))
@settings(max_examples=25, deadline=None)
def test_the_unit_does_not_matter_when_the_reference_has_it_too(table, factor):
    rule = fit_immunoscore_rule(table, "reference_mean_share")
    scaled = fit_immunoscore_rule(table * factor, "reference_mean_share")
    clear = ~np.isclose(table, pd.Series(rule.cuts)).any(axis=1)
    before = apply_immunoscore(rule, table).score[clear]
    assert before.equals(apply_immunoscore(scaled, table * factor).score[clear])


def test_the_cut_is_frozen():
    rule = fit_immunoscore_rule(cohort())
    alone = apply_immunoscore(rule, cohort(seed=9).iloc[[3]])
    together = apply_immunoscore(rule, cohort(seed=9))
    pd.testing.assert_frame_equal(alone, together.iloc[[3]])


def test_rule_survives_json():
    rule = fit_immunoscore_rule(cohort())
    stored = json.loads(json.dumps(rule.as_dict()))
    stored["cuts"] = dict(reversed(stored["cuts"].items()))  # a database keeps no order of keys
    assert ImmunoscoreRule.from_dict(stored) == rule
    before = apply_immunoscore(rule, cohort())
    pd.testing.assert_frame_equal(
        apply_immunoscore(ImmunoscoreRule.from_dict(stored), cohort()),
        before,
    )


def test_reference_of_few_or_equal_densities_is_refused_with_every_column():
    table = cohort()
    table.loc[table.index[5:], "CD8_invasive_margin"] = np.nan
    table["CD3_tumor_center"] = 5.0
    with pytest.raises(DataProblem) as refused:
        fit_immunoscore_rule(table)
    assert [p.where for p in refused.value.problems] == [
        "development cohort, CD3_tumor_center",
        "development cohort, CD8_invasive_margin",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "median"},
        {"parameter": 100.0},
        {"kind": "fixed"},
        {"kind": "fixed", "cuts": {"CD3_tumor_center": 5}},
    ],
)
def test_rules_that_mean_nothing_are_refused(options):
    with pytest.raises(DataProblem):
        fit_immunoscore_rule(cohort(), **options)


def test_agreement_of_readings_is_cohens_kappa():
    random = np.random.default_rng(3)
    calls = pd.DataFrame({name: random.random(60) > share for name, share in
                          (("a", 0.3), ("b", 0.6), ("c", 0.5))}).astype("boolean")  # fmt: skip
    calls.loc[random.integers(0, 60, 12), "b"] = pd.NA
    calls["same"] = True
    calls["none"] = pd.Series(pd.NA, index=calls.index, dtype="boolean")
    for row in compare_readings(calls).itertuples():
        both = calls[[row.first, row.second]].dropna().astype(bool)
        assert row.n == len(both)
        if row.n and both.nunique().max() > 1:
            expected = cohen_kappa_score(both[row.first], both[row.second])
            assert row.kappa == pytest.approx(expected, abs=1e-12)
        else:
            assert pd.isna(row.kappa)
