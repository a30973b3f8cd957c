import numpy as np
import pytest

from modeling.methods.log_rank import compare_log_rank, compare_log_rank_pairwise
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, every_dataset, survival, table, values


def _rows(name):
    label = table(name, "input_full.csv")[values(name, "meta.json")["group"]]
    return (*survival(name, "input_full.csv"), label.astype(str).to_numpy())


@every_dataset
def test_log_rank_equals_survdiff(name):
    theirs = values(name, "km_logrank.json")["tests"]
    order = [str(group) for group in theirs["logrank"]["groups"]]
    ours = compare_log_rank(*_rows(name), order)
    assert ours.degrees_of_freedom == theirs["logrank"]["df"]
    close(ours.statistic, theirs["logrank"]["chisq"], 1e-9)
    close(ours.p_value, theirs["logrank"]["p"], 1e-9)
    close(ours.observed, theirs["logrank"]["obs"], 1e-9)
    close(ours.expected, theirs["logrank"]["exp"], 1e-9)
    close(
        compare_log_rank(*_rows(name), order, rho=1).statistic,
        theirs["peto_peto_rho1"]["chisq"],
        1e-9,
    )


@every_dataset
def test_pairwise_adjustments_equal_r(name):
    theirs = values(name, "km_logrank.json")["tests"]
    pairwise = theirs["pairwise"]
    ours = compare_log_rank_pairwise(*_rows(name), [str(g) for g in theirs["logrank"]["groups"]])
    assert ours.pairs == tuple(
        (str(a), str(b)) for a, b in zip(pairwise["a"], pairwise["b"], strict=True)
    )
    close(ours.statistic, pairwise["chisq"], 1e-9)
    for key, mine in {
        "p": ours.p_value,
        "p_bonferroni": ours.bonferroni,
        "p_holm": ours.holm,
        "p_BH": ours.benjamini_hochberg,
    }.items():
        close(mine, pairwise[key], 1e-9)


def test_log_rank_does_not_depend_on_row_order_or_time_unit():
    random = np.random.default_rng(1)
    time, event = random.exponential(10, 60), random.random(60) < 0.7
    group = random.choice(["a", "b", "c"], 60)
    shuffled = random.permutation(60)
    first = compare_log_rank(time, event, group)
    second = compare_log_rank(time[shuffled] * 30, event[shuffled], group[shuffled])
    assert first.statistic == pytest.approx(second.statistic, abs=1e-10)


def test_log_rank_refuses_one_group():
    with pytest.raises(DataProblem, match="two or more"):
        compare_log_rank([1, 2], [1, 1], ["a", "a"])
