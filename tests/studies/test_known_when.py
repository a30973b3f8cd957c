"""When values are known: the latest part speaks, and what nobody has said is no "before"."""

from __future__ import annotations

import pytest

from studies.methods.dictionary import DEFAULT_DICTIONARY, DerivedSpec, VariableSpec
from studies.methods.known_when import (
    OF_THE_COURSE,
    check_known_when,
    known_of_all,
    latest,
    why_untimely,
)

BEFORE, DURING, OUTCOME = "before_treatment", "during_treatment", "at_outcome"
OWN = (
    VariableSpec("a", "A", "number", known_when=BEFORE),
    VariableSpec("b", "B", "number", known_when=DURING),
    VariableSpec("c", "C", "number"),
    VariableSpec("died_on", "Death", "date"),
    VariableSpec("started_on", "Start", "date", known_when=BEFORE),
)


@pytest.mark.parametrize(
    ("parts", "known"),
    [((BEFORE, BEFORE), BEFORE), ((BEFORE, ""), ""), (("", DURING), DURING),
     ((DURING, OUTCOME, ""), OUTCOME), ((), BEFORE)],
)  # fmt: skip
def test_the_latest_speaks(parts, known):
    assert latest(parts) == known
    assert bool(why_untimely(known)) == (known != BEFORE)


@pytest.mark.parametrize(
    ("expression", "known"),
    [("a > 1", BEFORE), ("a + b", DURING), ("a + c", ""), ("first + c", ""), ("2 > 1", BEFORE),
     ("days_between(started_on, died_on)", OUTCOME),  # of the course, though nobody said so
     ("is_missing(died_on)", OUTCOME)],
)  # fmt: skip
def test_what_is_derived_follows_from_its_parts(expression, known):
    derived = DerivedSpec("first", "First", "a * 2"), DerivedSpec("x", "X", expression)
    assert known_of_all(OWN, derived)["x"] == known


def test_the_course_is_contradicted_by_nobody():
    shipped = {spec.name: spec for spec in DEFAULT_DICTIONARY}
    assert set(OF_THE_COURSE) == {name for name, spec in shipped.items()
                                  if spec.section == "Course"}  # fmt: skip
    for name, known in OF_THE_COURSE.items():
        told = [check_known_when(VariableSpec(name, name, "date", known_when=said))
                for said in (BEFORE, DURING, OUTCOME, "", "later")]  # fmt: skip
        allowed = [not problems for problems in told]
        assert allowed == [False, known == DURING, True, True, False], name
