import numpy as np
import pytest

from modeling.methods.competing_risks import estimate_cumulative_incidence
from modeling.methods.gray_test import compare_cumulative_incidence
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from studies.methods.problems import DataProblem
from tests.modeling.lung_r import R, lung
from tests.modeling.survival_reference import close

TIMES = [180, 365, 700]


def test_incidence_and_its_error_equal_cuminc():
    rows = lung()
    for name, estimate, variance in zip(*(R["cuminc"][k] for k in ("names", "est", "var")),
                                        strict=True):  # fmt: skip
        group, cause = name.split()
        own = rows[rows["female"] == int(group)]
        found = estimate_cumulative_incidence(own["time"], own["cause"], int(cause))
        close(found.at(TIMES), estimate, 1e-9)
        close(found.std_error_at(TIMES) ** 2, variance, 1e-9)
        low, high = found.interval_at(TIMES)
        assert (low < found.at(TIMES)).all()
        assert (found.at(TIMES) < high).all()


def test_incidence_equals_survfit_of_several_states():
    rows, states = lung(), np.array(R["aj"]["pstate"])
    for k in (0, 1):
        own = rows[rows["female"] == k]
        for cause in (1, 2):
            found = estimate_cumulative_incidence(own["time"], own["cause"], cause)
            close(found.at(TIMES), states[3 * k : 3 * k + 3, cause - 1], 1e-9)


@pytest.mark.parametrize(("rho", "key"), [(0.0, "cuminc"), (1.0, "gray_rho1")])
def test_grays_test_of_two_groups_equals_cmprsk(rho, key):
    rows = lung()
    theirs = R["cuminc"]["gray"] if key == "cuminc" else R[key]
    for cause in (1, 2):
        ours = compare_cumulative_incidence(
            rows["time"], rows["cause"], rows["female"], cause, rho=rho
        )
        close(ours.statistic, theirs[cause - 1], 1e-9)
        if rho == 0:
            close(ours.p_value, R["cuminc"]["p"][cause - 1], 1e-9)


def test_grays_test_of_three_groups_and_strata_equals_cmprsk():
    rows = lung()
    group = np.minimum(rows["ph.ecog"], 2).astype(int)
    for cause in (1, 2):
        ours = compare_cumulative_incidence(rows["time"], rows["cause"], group, cause)
        close(ours.statistic, R["gray3"]["stat"][cause - 1], 1e-9)
        assert ours.degrees_of_freedom == 2
        within = compare_cumulative_incidence(
            rows["time"], rows["cause"], group, cause, strata=rows["female"]
        )
        close(within.statistic, R["gray3_strata"][cause - 1], 1e-9)


def test_without_competition_it_is_one_minus_kaplan_meier():
    rows = lung()
    alone = estimate_cumulative_incidence(rows["time"], rows["event"])
    curve = estimate_kaplan_meier(rows["time"], rows["event"])
    close(alone.at(TIMES), 1 - curve.at(TIMES), 1e-12)


def test_causes_share_what_is_lost():
    rows = lung()
    both = [estimate_cumulative_incidence(rows["time"], rows["cause"], k) for k in (1, 2)]
    every = estimate_kaplan_meier(rows["time"], rows["event"])
    close(both[0].at(TIMES) + both[1].at(TIMES), 1 - every.at(TIMES), 1e-12)
    assert np.isnan(both[0].at([5000]))[0]


def test_causes_are_whole_numbers_and_groups_two():
    with pytest.raises(DataProblem, match="whole number"):
        estimate_cumulative_incidence([1, 2], [0, 1.5])
    with pytest.raises(DataProblem, match="two groups"):
        compare_cumulative_incidence([1, 2, 3], [1, 2, 0], ["a", "a", "a"])
