import numpy as np
import pandas as pd
import pytest

from modeling.methods.design_matrix import Term
from modeling.methods.regression_table import tabulate_cox, tabulate_logistic
from tests.modeling.survival_reference import (
    close,
    every_binary_dataset,
    every_dataset,
    survival,
    table,
    values,
)


def _terms(meta):
    factors = meta["factors"]
    return [Term(name, tuple(factors.get(name, ()))) for name in meta["covariates"]]


@every_dataset
def test_cox_table_equals_coxph_and_drop1(name):
    theirs, meta = values(name, "cox.json"), values(name, "meta.json")
    ours = tabulate_cox(*survival(name), table(name, "input_complete.csv"), _terms(meta))
    lines = {f"{line.term}{line.level}": line for line in ours.lines if not line.reference}
    shown = theirs["multivariable"]["tab"]
    for k, term in enumerate(shown["term"]):
        together = lines[term].together
        assert together.ratio == pytest.approx(shown["hr"][k], rel=1e-6)
        assert together.lower == pytest.approx(shown["hr_lo"][k], rel=1e-6)
        assert together.p_value == pytest.approx(shown["p"][k], abs=1e-6)
    for single in theirs["univariable"].values():
        for k, term in enumerate(single["tab"]["term"]):
            assert lines[term].alone.ratio == pytest.approx(single["tab"]["hr"][k], rel=1e-6)
            assert lines[term].alone.p_value == pytest.approx(single["tab"]["p"][k], abs=1e-6)
    drop = theirs["terms_lr"]
    for k, term in enumerate(drop["term"]):
        if term in ours.term_tests:
            together = ours.term_tests[term][1]
            close(together.statistic, drop["lrt"][k], 1e-6)
            close(together.p_value, drop["p"][k], 1e-6)
    for term, single in theirs["univariable"].items():
        close(ours.term_tests[term][0].statistic, single["lr"][0], 1e-6)


@every_dataset
def test_levels_add_up_to_everybody(name):
    meta = values(name, "meta.json")
    ours = tabulate_cox(*survival(name), table(name, "input_complete.csv"), _terms(meta))
    for factor in meta["factors"]:
        own = [line for line in ours.lines if line.term == factor]
        assert [line.level for line in own] == meta["factors"][factor]
        assert sum(line.n for line in own) == ours.n
        assert sum(line.events for line in own) == ours.events
        assert [line.reference for line in own] == [True, *[False] * (len(own) - 1)]


@every_binary_dataset
def test_logistic_terms_equal_drop1(name):
    theirs, rows = values(name, "binary.json")["logistic"], table(name, "input.csv")
    columns = [c for c in rows if c not in ("id", "y")]
    terms = [
        Term(c, () if pd.api.types.is_numeric_dtype(rows[c]) else tuple(sorted(set(rows[c]))))
        for c in columns
    ]
    ours = tabulate_logistic(rows["y"], rows, terms)
    for k, term in enumerate(theirs["terms_lrt"]["term"]):
        if term in ours.term_tests:
            close(ours.term_tests[term][1].statistic, theirs["terms_lrt"]["LRT"][k], 1e-6)
            close(ours.term_tests[term][1].p_value, theirs["terms_lrt"]["p"][k], 1e-6)


def test_what_cannot_be_estimated_is_listed_and_the_rest_is_there():
    random = np.random.default_rng(1)
    event = random.random(80) < 0.6
    rows = pd.DataFrame(
        {"age": random.normal(60, 8, 80), "stage": np.where(event & (np.arange(80) < 20), "b", "a")}
    )
    ours = tabulate_cox(
        random.exponential(10, 80) + event * 0.0,
        event,
        rows,
        [Term("age"), Term("stage", ("a", "b", "c"))],
    )
    by_name = {line.term + line.level: line for line in ours.lines}
    assert by_name["age"].alone.ratio is not None
    assert by_name["stagec"].alone.ratio is None
    assert by_name["age"].together.ratio is None
    assert any("stagec" in str(p.column) for p in ours.problems)
