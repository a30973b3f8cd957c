"""Which columns of a dictionary a prognosis may be offered, and the reason for each other."""

from __future__ import annotations

from functools import partial

import pytest

from modeling.methods.admissible_columns import (
    admit_columns,
    check_beside_parts,
    check_known_in_time,
)
from studies.methods.dictionary import (
    DEFAULT_DERIVED,
    DEFAULT_DICTIONARY,
    DerivedSpec,
    VariableSpec,
)

BEFORE = partial(VariableSpec, known_when="before_treatment")
OWN = (
    BEFORE("albumin_g_l", "Albumin", "number", "g/L"),
    BEFORE("surgeon_note", "Note", "text"),
    VariableSpec("relapse", "Relapse", "category", codes={"no": "no", "yes": "yes"},
                 known_when="at_outcome"),
    VariableSpec("toxicity", "Toxicity", "number", known_when="during_treatment"),
    VariableSpec("ldh_u_l", "LDH", "number", "U/L"),
    BEFORE("ctdna", "ctDNA", "number", form="week_8"),
    BEFORE("event_class", "Class", "number"),
    BEFORE("ttp_class", "Class of TTP", "number"),
    BEFORE("use", "Use", "number"),
)  # fmt: skip
DERIVED = (
    DerivedSpec("wait_days", "Wait", "days_between(consent_imaging_on, treatment_started_on)"),
    DerivedSpec("lived_days", "Lived", "days_between(treatment_started_on, died_on)"),
    DerivedSpec("late_too", "Late too", '"a" if lived_days > 3 else "b"'),
    DerivedSpec("low_albumin", "Low albumin", "albumin_g_l < 35"),
    DerivedSpec("braf_or", "BRAF if low", 'braf_status if albumin_g_l < 35 else "fine"'),
    DerivedSpec("ldh_ratio", "LDH by albumin", "ldh_u_l / albumin_g_l"),
    DerivedSpec("noted", "Noted", 'surgeon_note if albumin_g_l < 35 else "a"'),
)


@pytest.fixture(scope="module")
def columns():
    found = admit_columns((*DEFAULT_DICTIONARY, *OWN), (*DEFAULT_DERIVED, *DERIVED), {"ttp"})
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("albumin_g_l", ()),
        ("ecog", ("0", "1", "2", "3", "4")),
        ("braf_status", ("wild_type", "mutant")),
        ("clinical_risk_score", ()),
        ("age_group", ("under 65", "65 and over")),
        ("low_albumin", ("no", "yes")),
        ("braf_or", ("fine", "wild_type", "mutant")),
        ("wait_days", ()),
    ],
)
def test_what_is_known_before_treatment_is_admitted(columns, name, levels):
    assert (columns[name].refused, columns[name].levels) == ("", levels)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("response", "only at the outcome"),
        ("resection_margin", "only during treatment"),
        ("relapse", "only at the outcome"),
        ("toxicity", "only during treatment"),
        ("ldh_u_l", "does not say when"),
        ("ldh_ratio", "derived from ldh_u_l: the dictionary does not say when"),
        ("ctdna", "another form"),
        ("treatment_started_on", "a date"),
        ("surgeon_note", "free text"),
        ("noted", "free text"),
        ("event_class", "name of an outcome"),
        ("ttp_class", "name of an outcome"),
        ("use", "something else in a frozen table"),
        ("lived_days", "derived from died_on: known only at the outcome"),
        ("late_too", "derived from died_on: known only at the outcome"),
    ],
)
def test_what_may_know_the_outcome_or_is_no_number_is_refused_with_the_reason(
    columns, name, reason
):
    assert reason in columns[name].refused


def test_the_shipped_dictionary_says_of_everything_when_it_is_known_as_was_decided_before():
    """By section until it said so itself: nothing is admitted or refused that was not."""
    late = {spec.name for spec in DEFAULT_DICTIONARY if spec.section == "Course"}
    said = {spec.name: spec.known_when for spec in DEFAULT_DICTIONARY}
    assert {name for name, known in said.items() if known != "before_treatment"} == late
    assert all(said.values())


def test_of_what_nobody_has_said_the_remedy_is_to_say_it(columns):
    found = check_known_in_time([columns["ldh_u_l"], columns["relapse"], columns["albumin_g_l"]])
    assert [problem.remedy.split()[0] for problem in found] == ["Say", "Leave"]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (["clinical_risk_score", "age_years"], []),
        (["clinical_risk_score", "cea_ng_ml"], ["clinical_risk_score"]),
        (["clinical_risk_group", "node_positive"], ["clinical_risk_group"]),
        (["clinical_risk_group", "clinical_risk_score"], ["clinical_risk_group"]),
        (["age_group", "age_years", "albumin_g_l", "low_albumin"], ["age_group", "low_albumin"]),
    ],
)
def test_a_derived_column_does_not_stand_beside_its_parts(columns, chosen, told):
    assert [problem.found.split()[0] for problem in check_beside_parts(chosen, columns)] == told
