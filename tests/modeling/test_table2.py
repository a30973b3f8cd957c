"""Table 2: which likelihood tells it, and what so few outcomes cannot tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.firth_cox import fit_firth_cox
from modeling.services.prognosis_rows import ALWAYS, CANDIDATES, FACTORS, TITLES
from modeling.services.prognosis_table2 import table2_of
from modeling.services.report_table2 import table2_note


def _rows(n: int, events: int, separated: bool = False) -> pd.DataFrame:
    random = np.random.default_rng(n)
    rows = pd.DataFrame(random.normal(size=(n, len(ALWAYS + CANDIDATES))),
                        columns=[*ALWAYS, *CANDIDATES])  # fmt: skip
    for name, levels in FACTORS.items():
        rows[name] = random.choice(levels[:2], n)
    event = random.permutation(np.arange(n) < events)
    if separated:
        rows.loc[event, "sex"] = "female"
    return rows.assign(event=event, duration_months=random.exponential(20, n), cohort="training",
                       response=random.choice(["PR", "PD"], n))  # fmt: skip


def _part(rows: pd.DataFrame) -> dict[str, Any]:
    return table2_of(rows, "progression_free_survival")[0]


@pytest.mark.parametrize(
    ("events", "separated", "penalty", "because"),
    [(130, False, "none", None), (50, False, "firth", "few events"),
     (120, True, "firth", "separation")],
)  # fmt: skip
def test_the_likelihood_that_the_outcomes_can_carry(events, separated, penalty, because):
    rows = _rows(220, events, separated)
    part = _part(rows)
    assert (part["penalty"], part.get("because")) == (penalty, because)
    line = next(x for x in part["lines"] if x["variable"] == "suv_max")
    fit = (fit_cox if penalty == "none" else fit_firth_cox)(
        rows["duration_months"], rows["event"], rows[["suv_max"]]
    )
    assert line["alone"]["ratio"] == pytest.approx(np.exp(fit.coefficients[0]), rel=1e-7)
    assert all(x["reference"] or x["together"]["ratio"] for x in part["lines"])


@pytest.mark.parametrize(
    ("n", "events", "said", "unsaid"),
    [(220, 120, "Sex: male separates the outcomes", "Few outcomes"),
     (60, 25, "Sex: male separates the outcomes", "Few outcomes"),
     (60, 8, "Few outcomes per coefficient", "separate")],
)  # fmt: skip
def test_the_note_names_the_column_and_says_what_to_do(n, events, said, unsaid):
    part = _part(_rows(n, events, separated=events > 8))
    note = str(table2_note(part, TITLES))
    assert said in note
    assert unsaid not in note
    assert ("join rare levels" in note) == ("separates" in said)


def test_a_level_of_the_study_that_a_cohort_lacks_is_not_its_reference():
    rows = _rows(220, 130)
    rows["grade"] = np.where(np.arange(220) % 2 == 0, "b", "c")
    variables = {"suv_max": (), "grade": ("a", "b", "c")}
    (part,) = table2_of(rows, "progression_free_survival", variables)
    told = [(x["level"], x["reference"], x["n"]) for x in part["lines"] if x["variable"] == "grade"]
    assert told == [("b", True, 110), ("c", False, 110)]
    fit = fit_cox(rows["duration_months"], rows["event"], (rows[["grade"]] == "c").astype(float))
    shown = next(x for x in part["lines"] if x["level"] == "c")
    assert shown["alone"]["ratio"] == pytest.approx(np.exp(fit.coefficients[0]), rel=1e-7)


def test_fewer_than_two_outcomes_for_each_coefficient_are_told_alone():
    part = _part(_rows(60, 25))
    shown = [line for line in part["lines"] if not line["reference"]]
    assert len(shown) == 13
    assert all(line["alone"]["ratio"] for line in shown)
    assert all(line["together"]["ratio"] is None for line in shown)
    assert part["notes"][-1].startswith("25 outcomes for 13 coefficients")
    assert all(together is None for _, together in part["term_tests"].values())
