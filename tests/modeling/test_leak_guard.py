from datetime import date

import numpy as np
import pandas as pd
import pytest

from modeling.methods.leak_guard import (
    check_classes,
    check_cohort_uses,
    check_dated_before,
    check_features,
    check_identical_rows,
    check_measured_before,
    check_not_moved,
    check_patients_apart,
    check_shared_values,
    notice_events_per_variable,
    refuse_leaks,
)
from studies.methods.problems import DataProblem

NAMES = ["a", "b"]


def test_a_patient_on_both_sides():
    found = check_patients_apart(["P1", "P2"], {"internal": ["P3"], "external": ["P2", "P4"]})
    assert [(p.where, "P2" in p.found) for p in found] == [("external", True)]


def test_a_validating_cohort_in_a_fit():
    found = check_cohort_uses(["training", "external"], {"training": "development"})
    assert [p.where for p in found] == ["external"]
    assert check_cohort_uses(["training"], {"training": "development"}) == []


def test_one_image_under_two_names():
    X = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.1]])
    assert "P1, P2" in check_identical_rows(["P1", "P2", "P3"], X)[0].found
    assert check_identical_rows(["P1", "P1", "P3"], X) == []
    assert check_identical_rows(["P1", "P2", "P3"], X[:, :1]) == []


def test_one_image_though_its_features_were_rounded():
    X = np.random.default_rng(1).normal(size=(300, 12)) * 10.0 ** np.arange(12)
    X[7] = np.float32(X[200])
    keys = [f"P{n}" for n in range(300)]
    assert [p.found for p in check_identical_rows(keys, X)] == ["equal rows for P200, P7"]
    X[7, 3] = np.nan
    assert check_identical_rows(keys, X) == []
    few = np.random.default_rng(1).normal(size=(300, 2)).round(3)  # chance brings two together
    assert check_identical_rows(keys, few) == []


def test_one_person_under_two_names_shares_rare_values():
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 4)), columns=list("abcd"))
    table.loc[3, ["a", "b", "c"]] = table.loc[40, ["a", "b", "c"]]
    table.loc[5, ["a", "b"]] = table.loc[41, ["a", "b"]]
    table.loc[10:20, "d"] = 0.5  # what many have says nothing
    keys = [f"P{n}" for n in range(50)]
    assert ["P3, P40" in p.found for p in check_shared_values(keys, table)] == [True]


@pytest.mark.parametrize("seed", range(5))
def test_rounded_columns_share_values_by_chance(seed: int):
    table = pd.DataFrame(np.random.default_rng(seed).normal(size=(150, 20)).round(2))
    keys = [f"P{n}" for n in range(150)]
    assert check_shared_values(keys, table) == []
    table.loc[3] = table.loc[40]
    assert ["P3, P40" in p.found for p in check_shared_values(keys, table)] == [True]


@pytest.mark.parametrize("seed", range(3))
def test_ratios_of_shared_values_are_no_further_values(seed: int):
    """Two who share neutrophils and lymphocytes share their ratio; a whole row twice is found."""
    random = np.random.default_rng(seed)
    counts = np.exp(random.normal([1.4, 0.5, 5.5], 0.4, size=(120, 3))).round(1)
    table = pd.DataFrame(counts, columns=["neutrophils", "lymphocytes", "platelets"])
    table.loc[40, ["neutrophils", "lymphocytes"]] = table.loc[3, ["neutrophils", "lymphocytes"]] = (
        31.7,
        0.3,
    )
    table["nlr"] = (table["neutrophils"] / table["lymphocytes"]).round(2)
    keys = [f"P{n}" for n in range(120)]
    assert check_shared_values(keys, table) == []
    table["size"] = random.normal(size=120)
    table.loc[40] = table.loc[3]
    assert ["P3, P40" in p.found for p in check_shared_values(keys, table)] == [True]


def test_a_whole_row_twice_is_found_though_others_have_each_of_its_values():
    table = pd.DataFrame(np.random.default_rng(2).integers(0, 40, size=(1500, 8)).astype(float))
    keys = [f"P{n}" for n in range(1500)]
    assert check_shared_values(keys, table) == check_shared_values(keys, table[[0, 1, 2]]) == []
    table.loc[7] = table.loc[3]
    assert ["P3, P7" in p.found for p in check_shared_values(keys, table)] == [True]
    table.loc[7, 1] += 1
    assert check_shared_values(keys, table) == []
    table.loc[::2, range(2, 8)] = np.nan  # what a site never measures makes nobody the same
    assert check_shared_values(keys, table) == []


def test_who_was_moved_since_is_fitted_to_no_more():
    found = check_not_moved(["P1", "P2", "P3"], ["development", "validation", None])
    assert [problem.found for problem in found] == ["1 patients who validate today: P2"]


def test_values_dated_later_than_treatment_began_are_told_by_name():
    days = [date(2024, 1, 1), date(2024, 3, 1), None, date(2024, 2, 2)]
    starts = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1), None]
    [problem] = check_dated_before("Biopsy", ["P1", "P2", "P3", "P4"], days, starts)
    assert problem.found == "dated after treatment began in 1 patients: P2"
    assert check_dated_before("Biopsy", ["P1"], days[:1], starts[:1]) == []


def test_a_scan_of_later_than_the_outcome():
    days = [date(2024, 1, 1), date(2024, 3, 1), None]
    starts = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1)]
    assert "P2" in check_measured_before(["P1", "P2", "P3"], days, starts)[0].found


@pytest.mark.parametrize(
    ("outcome", "says"),
    [([1] * 20, "both classes"), ([], "both classes"), ([1] * 4 + [0] * 20, "at least 6")],
)
def test_too_few_of_a_class(outcome, says):
    assert says in check_classes(outcome, 6, 5)[0].expected
    assert check_classes([1] * 6 + [0] * 6, 6, 5) == []


@pytest.mark.parametrize(
    ("X", "says"),
    [
        (np.ones((4, 2)), "the same value"),
        (np.array([[np.nan, 1], [np.nan, 2]]), "values in a"),
        (np.array([[np.inf, 1], [1, 2]]), "values in a"),
        (np.empty((0, 2)), "0 by 2"),
    ],
)
def test_features_that_teach_nothing(X, says):
    assert says in check_features(X, NAMES)[0].found


def test_missing_values_may_be_filled_in_the_fold_but_not_a_whole_column():
    some = np.array([[np.nan, 1.0], [2.0, 2.0], [3.0, 4.0]])
    assert check_features(some, NAMES)
    assert check_features(some, NAMES, missing_allowed=True) == []
    some[:, 0] = np.nan
    assert check_features(some, NAMES, missing_allowed=True)


def test_events_per_variable_are_said():
    assert notice_events_per_variable(40, 256)[0].code == "events_per_variable"
    assert notice_events_per_variable(100, 10) == []


def test_everything_is_refused_at_once():
    problems = check_classes([1], 6, 5) + check_features(np.ones((4, 2)), NAMES)
    with pytest.raises(DataProblem) as refusal:
        refuse_leaks(problems)
    assert len(refusal.value.problems) == 2
    refuse_leaks([])
