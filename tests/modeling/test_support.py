"""What the fitting rows cover: ranges and levels by hand, the whole by the distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.methods.design_matrix import build_design
from modeling.methods.support import (
    apply_support,
    fit_support,
    support_as_dict,
    support_from_dict,
)

RNG = np.random.default_rng(1)
AGE = RNG.normal(60, 10, 80)
FITTED = pd.DataFrame(
    {"age": AGE, "suv": AGE / 6 + RNG.normal(0, 0.3, 80), "stage": ["II", "III"] * 40}
)
DESIGN = build_design(FITTED, ["age", "suv", "stage"], {"stage": ("II", "III", "IV")})


@pytest.mark.parametrize(
    ("age", "suv", "stage", "said"),
    [
        (60.0, 10.0, "II", ()),
        (20.0, 10.0, "II", ("age: outside the range of the fitting patients",)),
        (60.0, 10.0, "IV", ("stage: no patient had IV",)),
        (45.0, float(FITTED["suv"].max()), "II", ("distance",)),  # each usual, not together
    ],
)
def test_what_lies_outside_is_named(
    age: float, suv: float, stage: str, said: tuple[str, ...]
) -> None:
    support = support_from_dict(support_as_dict(fit_support(FITTED, DESIGN)))
    patient = pd.DataFrame({"age": [age], "suv": [suv], "stage": [stage]})
    found = apply_support(support, patient, DESIGN.terms)
    assert found.inside == (not said)
    for part in said:
        assert any(part in reason for reason in found.reasons), found.reasons


def test_too_few_rows_for_a_distance_leave_the_ranges() -> None:
    few = FITTED.head(12)
    support = fit_support(few, build_design(few, ["age"]))
    assert support.together is None
    assert support.variable("age").usual == pytest.approx(float(few["age"].median()))
    found = apply_support(support, few.head(1), build_design(few, ["age"]).terms)
    assert found.inside
    assert np.isnan(found.distance)
