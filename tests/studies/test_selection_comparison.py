"""Two selections side by side, against scipy, statsmodels and lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines.statistics import logrank_test
from scipy import stats
from statsmodels.stats.multitest import multipletests

from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.log_rank import adjust_benjamini_hochberg, compare_log_rank
from studies.methods.selection import CATEGORY, NUMBER, SURVIVAL, Column
from studies.methods.selection_comparison import compare_selections

RANDOM = np.random.default_rng(3)
N = 300
ONE = np.arange(N) < 120
OTHER = ~ONE
AGE = np.where(np.arange(N) % 11, RANDOM.normal(60, 9, N) + 3 * ONE, np.nan)
SEX = RANDOM.integers(0, 3, N)  # 2: not known
MONTHS = RANDOM.exponential(np.where(ONE, 20, 12))
EVENT = RANDOM.random(N) < 0.7
IN_TWO = np.array([np.ones(N, dtype=bool), ONE])
COLUMNS = {
    "age": Column("age", "Age", NUMBER, values=AGE),
    "sex": Column("sex", "Sex", CATEGORY, levels=(("m", "m"), ("f", "f")),
                  held=np.array([SEX == 0, SEX == 1])),
    "cohort": Column("cohort", "Cohort", CATEGORY, levels=(("a", "a"), ("b", "b")), held=IN_TWO),
    "arm": Column("arm", "Arm", CATEGORY, levels=(("x", "x"), ("y", "y")),
                  held=np.array([ONE, OTHER])),
    "os": Column("os", "OS", SURVIVAL, levels=(("event", "e"), ("censored", "c")),
                 held=np.array([EVENT, ~EVENT]), values=MONTHS),
}  # fmt: skip


def compare(one: np.ndarray = ONE, other: np.ndarray = OTHER):
    return {
        row.column.key: row
        for row in compare_selections(
            COLUMNS, one, other, {"arm"},
            lambda *rows: compare_log_rank(*rows).p_value,
            lambda *rows: estimate_kaplan_meier(*rows).median[0],
            adjust_benjamini_hochberg,
        )
    }  # fmt: skip


def test_every_p_value_is_an_outsiders():
    found, known = compare(), np.isfinite(AGE)
    p_age = stats.mannwhitneyu(AGE[ONE & known], AGE[OTHER & known], method="asymptotic").pvalue
    table = [[(SEX[group] == level).sum() for level in (0, 1)] for group in (ONE, OTHER)]
    p_sex = stats.chi2_contingency(table, correction=False).pvalue
    p_os = logrank_test(MONTHS[ONE], MONTHS[OTHER], EVENT[ONE], EVENT[OTHER]).p_value
    values = [p_age, p_sex, p_os]
    assert [found[key].test.p_value for key in ("age", "sex", "os")] == pytest.approx(values)
    adjusted = multipletests(values, method="fdr_bh")[1]
    assert [found[key].adjusted for key in ("age", "sex", "os")] == pytest.approx(adjusted)


def test_what_made_the_groups_is_not_tested_and_not_counted():
    found = compare()
    assert found["arm"].test is None
    assert found["arm"].chosen_by
    assert found["cohort"].reason == "patients stand in several"
    assert (found["age"].one.n, found["age"].one.missing) == (
        np.isfinite(AGE[ONE]).sum(),
        np.isnan(AGE[ONE]).sum(),
    )
    assert found["age"].standardised == pytest.approx(
        abs(np.nanmean(AGE[ONE]) - np.nanmean(AGE[OTHER]))
        / np.sqrt((np.nanvar(AGE[ONE], ddof=1) + np.nanvar(AGE[OTHER], ddof=1)) / 2)
    )


def test_groups_that_share_patients_are_refused():
    with pytest.raises(ValueError, match="share"):
        compare(ONE, np.ones(N, dtype=bool))
