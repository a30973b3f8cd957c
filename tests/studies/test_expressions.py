"""Derived variables: strict against at least, what is missing stays missing, nothing is run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.methods.clinical_risk_score import clinical_risk_score
from studies.methods.derivations import derive_all, evaluate, meanings
from studies.methods.dictionary import DEFAULT_DERIVED, DEFAULT_DICTIONARY, DerivedSpec
from studies.methods.expressions import ExpressionError, read_expression

NAMES = meanings(DEFAULT_DICTIONARY)


def result(text: str, **values: object) -> object:
    stored = {name: v if isinstance(v, dict) else {"v": v} for name, v in values.items()}
    return evaluate("x", read_expression(text, NAMES), NAMES, stored).value


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("cea_ng_ml > 200", {"cea_ng_ml": 200.0}, False),
        ("cea_ng_ml >= 200", {"cea_ng_ml": 200.0}, True),
        ("largest_metastasis_cm > 5", {"largest_metastasis_cm": 5.0}, False),
        ("largest_metastasis_cm >= 5", {"largest_metastasis_cm": 5.0}, True),
        ("cea_ng_ml > 200", {"cea_ng_ml": {"v": 200.0, "comparator": ">"}}, True),
        ("cea_ng_ml > 200", {"cea_ng_ml": {"v": 200.0, "comparator": ">="}}, None),
        ("cea_ng_ml >= 200", {"cea_ng_ml": {"v": 200.0, "comparator": "<"}}, False),
        ("cea_ng_ml < 0.5", {"cea_ng_ml": {"v": 0.5, "comparator": "<"}}, True),
        ("cea_ng_ml < 0.4", {"cea_ng_ml": {"v": 0.5, "comparator": "<"}}, None),
        ("log2(cea_ng_ml) > 1", {"cea_ng_ml": {"v": 0.5, "comparator": "<"}}, None),
        ("log2(cea_ng_ml)", {"cea_ng_ml": 8.0}, 3.0),
        ("log2(cea_ng_ml)", {"cea_ng_ml": 0.0}, None),
        ("cea_ng_ml / metastasis_count", {"cea_ng_ml": 8.0, "metastasis_count": 0.0}, None),
        ("18 <= age_years <= 75", {"age_years": 75.0}, True),
        ("18 <= age_years <= 75", {"age_years": 75.1}, False),
        ('sex == "female" or age_years > 60', {"sex": "female"}, True),
        ('sex == "female" and age_years > 60', {"sex": "female"}, None),
        ('sex == "female" and age_years > 60', {"sex": "male"}, False),
        ('not sex == "female"', {}, None),
        ('ecog in ("0", "1")', {"ecog": "1"}, True),
        ('ecog not in ("0", "1")', {"ecog": "1"}, False),
        ('"a" if age_years > 60 else "b"', {"age_years": {"missing": "unknown"}}, None),
        ("is_missing(age_years)", {"age_years": {"missing": "unknown"}}, True),
        ("points(age_years > 60, cea_ng_ml > 200)", {"age_years": 61.0}, None),
        ("minimum(age_years, 2) + -1", {"age_years": 61.0}, 1.0),
        ("days_between(treatment_started_on, died_on)",
         {"treatment_started_on": "2020-01-01", "died_on": "2020-03-01"}, 60.0),
        ("days_between(treatment_started_on, died_on)",
         {"treatment_started_on": "2020-01-01",
          "died_on": {"v": "2020-03-01", "precision": "month"}}, None),
        ("died_on > treatment_started_on",
         {"treatment_started_on": "2020-01-01",
          "died_on": {"v": "2020-03-01", "precision": "month"}}, True),
        ("died_on > treatment_started_on",
         {"treatment_started_on": "2020-03-10",
          "died_on": {"v": "2020-03-01", "precision": "month"}}, None),
    ],
)  # fmt: skip
def test_what_an_expression_says(text: str, values: dict[str, object], expected: object) -> None:
    assert result(text, **values) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("__import__('os').system('true')", "__import__"),
        ("cea_ng_ml.real > 1", "cea_ng_ml.real"),
        ("(lambda: 1)()", "lambda"),
        ("[x for x in (1, 2)]", "[x for"),
        ("cea_ng_ml ** 9 > 1", "**"),
        ("9e99 > cea_ng_ml", "9e+99"),
        ("True", "True"),
        ("cea_ng_m > 200", "Did you mean cea_ng_ml"),
        ('sex == "woman"', "female"),
        ('ecog in ("0", "9")', "'9'"),
        ("sex > 3", "sex|3"),
        ("points(cea_ng_ml)", "yes or no"),
        ('cea_ng_ml if sex == "male" else "x"', "'x'"),
        ("died_on", "a date"),
        ("(" * 400, "brackets"),
        ("1 + " * 200 + "1", "at most"),
        ("", "an expression"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text: str, found: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_expression(text, NAMES)
    assert any(part in str(caught.value) for part in found.split("|"))


def maybe(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | values


@given(
    node=maybe(st.booleans()),
    synchronous=maybe(st.booleans()),
    interval=maybe(st.sampled_from([0.0, 11.9, 12.0, 40.0])),
    cea=maybe(st.sampled_from([1.0, 199.9, 200.0, 200.1])),
    count=maybe(st.sampled_from([0.0, 1.0, 2.0])),
    size=maybe(st.sampled_from([1.0, 4.9, 5.0, 5.1])),
)
def test_the_clinical_risk_score_is_the_published_one(
    node: bool | None, synchronous: bool | None, interval: float | None,
    cea: float | None, count: float | None, size: float | None,
) -> None:  # fmt: skip
    yes_no = {None: {"missing": "unknown"}, True: {"v": "yes"}, False: {"v": "no"}}
    numbers = {
        "disease_free_interval_months": interval, "cea_ng_ml": cea,
        "liver_metastasis_count": count, "largest_metastasis_cm": size,
    }  # fmt: skip
    values = {name: {"v": v} for name, v in numbers.items() if v is not None}
    values |= {"node_positive": yes_no[node], "synchronous_metastases": yes_no[synchronous]}
    found = {d.name: d for d in derive_all(DEFAULT_DERIVED, DEFAULT_DICTIONARY, values)}
    expected = clinical_risk_score(node, synchronous, interval, cea, count, size)
    assert found["clinical_risk_score"].value == expected
    group = None if expected is None else "3-5" if expected >= 3 else "0-2"
    assert found["clinical_risk_group"].value == group


def test_the_working_names_each_step() -> None:
    spec = DerivedSpec("s", "S", "points(cea_ng_ml > 200, age_years >= 65)")
    values = {"cea_ng_ml": {"v": 250.0}, "age_years": {"v": 61.0}}
    (found,) = derive_all([spec], DEFAULT_DICTIONARY, values)
    assert found.working == (
        "cea_ng_ml > 200: 250 ng/mL, yes", "age_years >= 65: 61 a, no", "points: 1 + 0 = 1",
    )  # fmt: skip
    (blank,) = derive_all([spec], DEFAULT_DICTIONARY, {"age_years": {"v": 61.0}})
    assert blank.value is None
    assert "cea_ng_ml is blank" in blank.working
