"""Table 1 against R, and a table that contradicts itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.methods.group_tests import compare_counts, compare_means, compare_ranks
from studies.methods.problems import DataProblem
from studies.methods.published_table import (
    PrintedHazard,
    PrintedRange,
    PrintedShare,
    PublishedTable,
    check_published_table,
    read_published_table,
)
from studies.methods.standardised_difference import (
    standardised_difference_of_means,
    standardised_difference_of_shares,
)
from studies.methods.table_one import describe_groups
from studies.methods.table_one_lines import Column

A = [61, 58, 47, 70, 66, 59, 73, 52, 64, 68]
B = [55, 62, 49, 71, 45, 60, 58, 51, 66, 57, 63, 48]
C = [67, 72, 75, 59, 64, 70, 69, 61, 77]
X, Y = [1.1, 2.7, 3.9, 8.4, 15.2, 40.5], [0.3, 0.8, 1.9, 2.2, 5.1, 7.7, 9.6]


@pytest.mark.parametrize(
    ("found", "name", "statistic", "p_value"),
    [  # R 4: t.test, oneway.test, wilcox.test, kruskal.test
        (compare_means([A, B]), "Welch's t-test", 1.37884231880018, 0.183928763875264),
        (
            compare_means([A, B, C]),
            "Welch's analysis of variance",
            6.57888537532611,
            0.00700714982654925,
        ),
        (compare_ranks([X, Y]), "Wilcoxon's rank-sum test, exact", 30, 0.234265734265734),
        (
            compare_ranks([[*X, 3.9], [*Y, 1.1]]),
            "Wilcoxon's rank-sum test",
            None,
            0.164159728478515,
        ),
        (compare_ranks([A, B, C]), "Kruskal-Wallis test", 8.76295249629928, 0.0125068817251837),
        (  # chisq.test(correct = FALSE), fisher.test
            compare_counts([[73, 32], [38, 22], [32, 10], [67, 32]]),
            "Chi-squared test",
            1.97762987012987,
            0.577062667215078,
        ),
        (compare_counts([[3, 2], [1, 9]]), "Fisher's exact test", None, 0.076923076923077),
        (
            compare_counts([[1, 104], [0, 59], [1, 41], [1, 98]]),
            "Fisher's exact test",
            None,
            0.6447945053349837,
        ),
        (
            compare_counts([[5, 1, 2], [1, 6, 3]]),
            "Fisher's exact test",
            None,
            0.0529731706202292,
        ),
    ],
)
def test_tests_between_groups_as_in_r(found, name, statistic, p_value):
    assert found.name == name
    assert found.p_value == pytest.approx(p_value, rel=1e-9)
    if statistic is not None:
        assert found.statistic == pytest.approx(statistic, rel=1e-9)


def test_small_tables_resample_as_in_r():
    """chisq.test(simulate.p.value = TRUE, B = 2e6) gives 0.00283; 20,000 tables are near it."""
    found = compare_counts([[8, 3, 1], [2, 6, 5], [1, 4, 9]])
    assert found is not None
    assert found.name == "Chi-squared test, 20,000 resampled tables"
    assert abs(found.p_value - 0.00283) < 4 * (0.00283 / 20_000) ** 0.5
    assert compare_counts([[8, 3, 1], [2, 6, 5], [1, 4, 9]]) == found


def test_nothing_to_compare_is_no_test():
    assert compare_means([[1.0, 1.0], [1.0]]) is None
    assert compare_ranks([[2.0], [2.0]]) is None
    assert compare_counts([[3, 0], [4, 0]]) is None


def test_standardised_differences_by_hand():
    """Means 2 and 4, variances 1 and 1: 2. Shares .5 and .25: .25 / sqrt((.25 + .1875) / 2)."""
    assert standardised_difference_of_means([1, 2, 3], [3, 4, 5]) == pytest.approx(2)
    shares = standardised_difference_of_shares([10, 10], [5, 15])
    assert shares == pytest.approx(0.25 / ((0.25 + 0.1875) / 2) ** 0.5)
    assert np.isnan(standardised_difference_of_shares([5, 0], [0, 7]))
    assert np.isnan(standardised_difference_of_shares([5, 5, 0], [0, 0, 7]))
    three = standardised_difference_of_shares([4, 3, 3], [3, 4, 3])
    assert three == pytest.approx(standardised_difference_of_shares([3, 3, 4], [3, 4, 3]))
    assert np.isnan(standardised_difference_of_means([1], [2, 3]))


def made_table():
    frame = pd.DataFrame(
        {
            "patient_id": range(20),
            "group": ["one"] * 10 + ["two"] * 10,
            "age": [float(n) for n in A] + [float(n) for n in B[:10]],
            "marker": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 4000] * 2,
            "sex": ["male"] * 6 + ["female"] * 3 + [None] + ["male"] * 5 + ["female"] * 5,
            "response": ["yes", "no", None, "yes", "no"] * 4,
            "os_duration": [float(n) for n in range(1, 21)],
            "os_event": [1.0] * 20,
        }
    )
    columns = [
        Column("age", "Age", "number", "years"),
        Column("marker", "Marker", "number"),
        Column("sex", "Sex", "category", levels=(("male", "male"), ("female", "female"))),
        Column(
            "response", "ORR", "category", levels=(("yes", "yes"), ("no", "no")),
            missing_counts=True,
        ),
        Column("os", "OS", "survival"),
    ]  # fmt: skip
    return describe_groups(
        frame, columns, ["one", "two"], lambda d, e: (10.5, 5.0, float("nan")), lambda *_: 0.04
    )


def test_every_share_names_its_denominator_and_the_missing_are_shown():
    lines = {(line.name, line.level): line for line in made_table().lines}
    assert lines["sex", "male"].cells[0].text == "6/9 (66.7%)"
    assert lines["sex", "missing"].cells[0].text == "1/10 (10.0%)"
    assert lines["response", "yes"].cells[0].text == "4/10 (40.0%)"  # NE stays in ORR
    assert lines["response", "missing"].label == "not evaluable or not assessed"
    assert lines["age", ""].statistic_text == "mean ± SD"
    assert lines["marker", ""].statistic_text == "median [IQR]"
    assert lines["marker", ""].cells[0].text == "5.50 [3.25; 7.75]"
    assert lines["os", ""].cells[0].text == "10.5 (5.0; –), 10/10"


def test_p_values_are_whole_and_adjusted_over_the_table():
    table = made_table()
    tested = [line for line in table.lines if line.p_value is not None]
    assert any(f"{len(tested)} tests" in rule for rule in table.rules)
    assert all(line.adjusted >= line.p_value for line in tested)
    assert {line.test for line in tested} >= {"Log-rank test", "Welch's t-test"}


def test_an_empty_group_is_refused():
    with pytest.raises(DataProblem):
        describe_groups(pd.DataFrame({"group": ["one"]}), [], ["one", "two"])


def codes(table: PublishedTable, **limits: tuple[float, float]) -> list[str]:
    return [notice.code for notice in check_published_table(table, limits)]


RECIST = {"CR": 5, "PR": 33, "SD": 25, "PD": 39}  # of a cohort said to be 99


def shares_of(size: int) -> list[PrintedShare]:
    return [
        PrintedShare("response", "RECIST", level, n, f"{100 * n / size:.1f}")
        for level, n in RECIST.items()
    ]


def test_percentages_that_fit_another_n_are_found():
    found = check_published_table(PublishedTable({"response": 99}, shares_of(102)))
    assert [notice.code for notice in found] == ["percentages_fit_another_n", "sum_differs"]
    assert "all of them fit n = 102" in found[0].text
    assert "sum to 102, not to n = 99" in found[1].text
    assert codes(PublishedTable({"response": 102}, shares_of(102))) == []


def test_one_wrong_percentage_is_named():
    shares = [*shares_of(102)[:3], PrintedShare("response", "RECIST", "PD", 39, "83.2")]
    assert codes(PublishedTable({"response": 102}, shares)) == ["percentage_wrong"]


@pytest.mark.parametrize(("n", "sums"), [(105, 103), (60, 65), (42, 37)])
def test_levels_that_do_not_sum_to_the_group_are_found(n: int, sums: int):
    shares = [PrintedShare("g", "RECIST", "a", sums - 9), PrintedShare("g", "RECIST", "b", 9)]
    (found,) = check_published_table(PublishedTable({"g": n}, shares))
    assert f"sum to {sums}" in found.text


def test_ages_outside_the_criteria_are_found():
    table = PublishedTable({}, ranges=[PrintedRange("training", "age", 29, 81)])
    assert codes(table, age=(18, 75)) == ["outside_criteria"]
    assert codes(table, age=(18, 90)) == []


def test_an_interval_is_held_against_events_and_p():
    """Sex in the published table: 0.36 (0.14-0.96), p .0006 by log-rank, 62 and 31 events."""
    sex = PrintedHazard("sex", 0.36, 0.14, 0.96, 0.0006, (62, 31))
    assert codes(PublishedTable({}, hazards=[sex])) == [
        "error_against_events",
        "p_against_interval",
    ]
    assert (
        codes(PublishedTable({}, hazards=[PrintedHazard("sex", 0.5, 0.33, 0.76, 0.001, (62, 31))]))
        == []
    )
    assert codes(PublishedTable({}, hazards=[PrintedHazard("x", 2.0, 0.9, 2.2)])) == [
        "interval_not_centred"
    ]


def test_a_table_is_read_from_csv_or_refused_line_by_line():
    text = "group,n,variable,level,count,percent\nresponse,99,RECIST,CR,5,4.9%\n"
    table = read_published_table(text)
    assert table.sizes == {"response": 99}
    assert table.shares[0].percent == "4.9"
    with pytest.raises(DataProblem) as refusal:
        read_published_table("group,n,colour\na,x,red\nb,2,blue\n")
    assert [problem.row for problem in refusal.value.problems] == [1, 2, None]
