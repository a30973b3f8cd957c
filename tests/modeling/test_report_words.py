"""What a report's cells say where a number is missing, and that its counts add up."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from modeling.methods.auc import estimate_auc
from modeling.methods.binary_evaluation import evaluate_binary
from modeling.services.report_cohorts import _median, _most_common, _responders
from modeling.services.report_notices import _typed
from modeling.services.report_sources import number_of
from modeling.templatetags.report_ui import cell

SOURCE = {"model_version": "Rad-Score 1", "snapshot_sha256": "0" * 64, "number": 1}


def test_a_perfect_auc_of_six_patients_claims_no_certainty() -> None:
    outcome, score = [0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]
    assert estimate_auc(outcome, score).auc == 1
    auc = evaluate_binary(list("abcdef"), outcome, score, 0.5, 20)["auc"]
    told = cell(number_of(auc, SOURCE, 6))
    assert "1.00" in told
    assert "interval not estimable: no variation" in told
    assert "1.00–1.00" not in told


def test_a_median_whose_upper_bound_is_not_reached_keeps_its_lower_bound() -> None:
    """By hand: S = 5/6, 4/6, 1/2, 1/3, so the median lies midway between 3 and 4 months."""
    days = pd.Series([30.4375 * months for months in (1, 2, 3, 4, 9, 9, float("nan"))])
    found = _median(days, pd.Series([1.0] * 4 + [0.0] * 3), SOURCE)
    assert isinstance(found, dict)
    assert found["value"] == 3.5
    assert found["ci"] == [1.0, None]
    assert "(1.0–not reached)" in cell(found)
    assert found["n"] == 6
    assert _median(days, pd.Series([1.0] * 2 + [0.0] * 5), SOURCE) == "not reached"


def test_not_evaluable_and_not_assessed_stay_in_the_denominator_and_are_shown() -> None:
    told = _responders(pd.Series(["CR", "PR", "SD", "PD", "NE", ""]))
    assert told.replace("\u00a0", " ") == "2/6 (33 %), 2 NE or not assessed"


def test_values_of_a_plan_are_written_as_people_write_them() -> None:
    told = [_typed(value) for value in ([12.0, 24.0], [], None, 0.5, True, {"by": ["a", "b"]})]
    assert told == ["12, 24", "nothing", "nothing", "0.5", "yes", "by a, b"]


def test_reasons_add_up_to_everybody_left_out() -> None:
    reasons = Counter({f"missing: {k}": 10 - k for k in range(8)})
    told = _most_common(reasons)
    assert told[-1] == ("other reasons", 4 + 3)
    assert sum(count for _, count in told) == reasons.total()
