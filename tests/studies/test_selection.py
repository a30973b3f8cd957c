"""Patients narrowed by conditions: every count against the values one by one."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.methods.histogram import round_edges
from studies.methods.problems import DataProblem
from studies.methods.selection import (
    CATEGORY,
    LIMITS,
    NUMBER,
    SURVIVAL,
    Column,
    Condition,
    counted,
    selected,
    with_bars,
)
from studies.methods.selection_text import (
    address_of,
    in_words,
    read_conditions,
    toggled,
    write_conditions,
)

PLACES = {1: "<", 2: ">", 3: "~", 0: ""}
patients = st.lists(
    st.fixed_dictionaries(
        {
            "cohorts": st.sets(st.sampled_from("ab")),
            "sex": st.sampled_from(["m", "f", None]),
            "age": st.sampled_from([None, 0.5, 1, 2, 3.25, 40, 41, 1000]),
            "limit": st.sampled_from([0, 0, 0, 1, 2, 3]),
            "event": st.sampled_from([True, False, None]),
        }
    ),
    min_size=1,
    max_size=25,
)
bounds = st.sampled_from([None, 0, 0.5, 1, 2, 3.25, 41, 1000, 2000])
wanted = st.tuples(
    st.sets(st.sampled_from("ab")),
    st.sets(st.sampled_from("mf")),
    bounds,
    bounds,
    st.sets(st.sampled_from(list(LIMITS))),
    st.sets(st.sampled_from(["event", "censored"])),
    st.sets(st.sampled_from(["study.cohort", "clinical.sex", "clinical.age", "outcome.os"])),
)


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Column]:
    ages = np.array([np.nan if r["age"] is None else r["age"] for r in rows], dtype=float)
    limits = np.array([0 if r["age"] is None else r["limit"] for r in rows], dtype=np.int8)
    held = {
        "study.cohort": [[level in r["cohorts"] for r in rows] for level in "ab"],
        "clinical.sex": [[r["sex"] == level for r in rows] for level in "mf"],
        "outcome.os": [[r["event"] is answer for r in rows] for answer in (True, False)],
    }
    levels = {
        "study.cohort": (("a", "A"), ("b", "B")),
        "clinical.sex": (("m", "male"), ("f", "female")),
        "outcome.os": (("event", "event"), ("censored", "censored")),
    }
    found = {
        key: Column(key, key, SURVIVAL if key == "outcome.os" else CATEGORY,
                    levels=levels[key], held=np.array(held[key], dtype=bool),
                    values=np.where([r["event"] is None for r in rows], np.nan, 1.0))
        for key in held
    }  # fmt: skip
    age = Column("clinical.age", "Age", NUMBER, unit="years", values=ages, limits=limits,
                 edges=round_edges(ages[np.isfinite(ages) & (limits == 0)]))  # fmt: skip
    return {key: with_bars(column) for key, column in {**found, "clinical.age": age}.items()}


def conditions_of(drawn: tuple[Any, ...]) -> list[Condition]:
    cohorts, sexes, low, high, limits, events, missing = drawn
    if low is not None and high is not None and low >= high:
        high = None
    found = [
        Condition("study.cohort", tuple(sorted(cohorts)), missing="study.cohort" in missing),
        Condition("clinical.sex", tuple(sorted(sexes)), missing="clinical.sex" in missing),
        Condition("clinical.age", (), low, high, tuple(name for name in LIMITS if name in limits),
                  missing="clinical.age" in missing),
        Condition("outcome.os", tuple(sorted(events)), missing="outcome.os" in missing),
    ]  # fmt: skip
    return [condition for condition in found if condition.asks]


def fits(row: dict[str, Any], condition: Condition) -> bool:
    """The meaning of a condition, said once more for one patient."""
    if condition.column == "study.cohort":
        return bool(row["cohorts"] & set(condition.levels)) or (
            condition.missing and not row["cohorts"]
        )
    if condition.column != "clinical.age":
        name, words = ("sex", {"m": "m", "f": "f"}) if "sex" in condition.column else (
            "event", {True: "event", False: "censored"})  # fmt: skip
        value = row[name]
        return condition.missing if value is None else words[value] in condition.levels
    age, limit = row["age"], PLACES[row["limit"]]
    if age is None:
        return condition.missing
    if limit and limit in condition.limits:
        return True
    if not condition.bounded:
        return False
    low, high = condition.low, condition.high
    inside = (low is None or age >= low) and (high is None or age < high)
    sure = not limit or (limit == ">" and high is None) or (limit == "<" and low is None)
    return inside and sure


@given(patients, wanted)
def test_a_selection_is_the_patients_who_fit_every_condition(rows: Any, drawn: Any):
    columns, conditions = columns_of(rows), conditions_of(drawn)
    mask = selected(columns, conditions, len(rows))
    assert mask.tolist() == [all(fits(row, c) for c in conditions) for row in rows]


@given(patients, wanted)
def test_counts_are_of_the_selected_and_bars_of_the_other_conditions(rows: Any, drawn: Any):
    columns, conditions = columns_of(rows), conditions_of(drawn)
    mask, counts = counted(columns, conditions, len(rows))
    for key, count in counts.items():
        others = [c for c in conditions if c.column != key]
        here = [row for row in rows if all(fits(row, c) for c in others)]
        assert count.n + count.missing == int(mask.sum())
        for bar in [*count.bars, count.absent]:
            clicked = {"levels": (bar.key,)}
            if bar is count.absent:
                clicked = {"missing": True}
            elif bar.low is not None:
                clicked = {"low": bar.low, "high": bar.high}
            elif key == "clinical.age":
                clicked = {"limits": (bar.key,)}
            one = Condition(key, **clicked)  # type: ignore[arg-type]
            assert bar.count == sum(fits(row, one) for row in here), (key, bar)
            assert bar.total == sum(fits(row, one) for row in rows), (key, bar)


@given(patients, wanted)
def test_an_address_says_the_same_conditions(rows: Any, drawn: Any):
    columns, conditions = columns_of(rows), conditions_of(drawn)
    pairs = parse_qsl(address_of(conditions), keep_blank_values=True)
    again = read_conditions(columns, pairs)
    assert sorted(again, key=repr) == sorted(conditions, key=repr)
    assert write_conditions(again) == write_conditions(conditions)
    assert all(in_words(columns[c.column], c) for c in again)


@given(patients, wanted, wanted)
def test_a_click_and_the_same_click_again_change_nothing(rows: Any, drawn: Any, clicked: Any):
    start = conditions_of(drawn)
    for click in conditions_of(clicked):
        old = next((c for c in start if c.column == click.column), Condition(click.column))
        if click.bounded or old.bounded:
            continue  # a range replaces a range
        twice = toggled(toggled(start, click), click)
        assert write_conditions(twice) == write_conditions(start)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clinical.nothing", "1"),
        ("clinical.sex", "x"),
        ("clinical.sex:from", "1"),
        ("clinical.age:from", "old"),
        ("clinical.age:below", "inf"),
        ("clinical.age:limit", "?"),
        ("clinical.age", "3"),
        ("clinical.age:of", "3"),
    ],
)
def test_a_wrong_condition_is_refused_whole(name: str, value: str):
    columns = columns_of([{"cohorts": set(), "sex": "m", "age": 3, "limit": 0, "event": None}])
    with pytest.raises(DataProblem):
        read_conditions(columns, [("clinical.sex", "m"), (name, value)])
    with pytest.raises(DataProblem, match="range"):
        read_conditions(columns, [("clinical.age:from", "5"), ("clinical.age:below", "5")])


def test_quartiles_are_given_of_exact_values_only():
    rows = [
        {"cohorts": set(), "sex": "m", "age": age, "limit": limit, "event": None}
        for age, limit in ((1, 0), (2, 0), (40, 0), (41, 2))
    ]
    columns = columns_of(rows)
    _, counts = counted(columns, [], 4)
    assert counts["clinical.age"].quartiles is None
    _, counts = counted(columns, [Condition("clinical.age", low=0, high=41)], 4)
    found = counts["clinical.age"].quartiles
    assert found is not None
    assert math.isclose(found[1], 2)
