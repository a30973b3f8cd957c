"""Conditions as they stand in an address, and as people read them.

``clinical.sex=male`` (again for another level), ``clinical.age_years:from=60``,
``clinical.age_years:below=70``, ``clinical.cea_ng_ml:limit=<``, ``clinical.sex:missing=1``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from .problems import DataProblem, Problem
from .selection import LIMITS, NUMBER, Column, Condition
from .wording import listed, marked, say

PARTS = ("from", "below", "limit", "missing")
LIMIT_WORDS = {
    "<": marked("stated as below a limit"),
    ">": marked("stated as above a limit"),
    "~": marked("known roughly"),
}


def read_conditions(
    columns: Mapping[str, Column], pairs: Iterable[tuple[str, str]]
) -> tuple[Condition, ...]:
    """Conditions from the pairs of an address, in the order of the columns.

    Parameters
    ----------
    columns : mapping of key to Column
    pairs : iterable of (name, value)
        Names without a point are other parameters of the address and left alone.

    Raises
    ------
    DataProblem
        Every pair that names no column, no level or no number: a selection is never half applied.
    """
    given: dict[str, dict[str, list[str]]] = {}
    problems = []
    for name, value in pairs:
        key, _, part = name.partition(":")
        if "." not in key or value == "":
            continue
        problem = _wrong(columns, key, part, value)
        if problem:
            problems.append(problem)
        else:
            given.setdefault(key, {}).setdefault(part, []).append(value)
    found = [_condition(key, given[key]) for key in columns if key in given]
    problems += [_empty(c) for c in found if c.low is not None and c.high is not None
                 and c.low >= c.high]  # fmt: skip
    if problems:
        raise DataProblem(problems)
    return tuple(condition for condition in found if condition.asks)


def _condition(key: str, given: Mapping[str, list[str]]) -> Condition:
    return Condition(
        key,
        tuple(dict.fromkeys(given.get("", ()))),
        float(given["from"][-1]) if "from" in given else None,
        float(given["below"][-1]) if "below" in given else None,
        tuple(name for name in LIMITS if name in given.get("limit", ())),
        "missing" in given,
    )


def _wrong(columns: Mapping[str, Column], key: str, part: str, value: str) -> Problem | None:
    column = columns.get(key)
    if column is None:
        return Problem(key, value, "a column of the study", "Remove this condition.", column=key)
    if part and part not in PARTS:
        return Problem(
            key,
            part,
            say("one of {known}", known=", ".join(PARTS)),
            "Correct the address.",
            column=key,
        )
    if part == "missing":
        return None
    if column.kind == NUMBER:
        return _wrong_number(column, part, value)
    if part:
        return Problem(column.title, part, "levels", "It has no numbers to bound.", column=key)
    if value not in dict(column.levels):
        known = ", ".join(label for _, label in column.levels) or say("nothing")
        return Problem(
            column.title, value, say("one of {known}", known=known), "Choose a bar.", column=key
        )
    return None


def _wrong_number(column: Column, part: str, value: str) -> Problem | None:
    if part == "limit" and value in LIMITS:
        return None
    if part in ("from", "below"):
        try:
            if math.isfinite(float(value)):
                return None
        except ValueError:
            pass
    expected = (
        say("a number") if part in ("from", "below") else say("from, below, limit or missing")
    )
    return Problem(column.title, value, expected, "Write a number.", column=column.key)


def _empty(condition: Condition) -> Problem:
    return Problem(
        condition.column,
        say("{low:g} to below {high:g}", low=condition.low, high=condition.high),
        "a range with something in it",
        "Turn the bounds round.",
        column=condition.column,
    )


def write_conditions(conditions: Sequence[Condition]) -> list[tuple[str, str]]:
    """The pairs that :func:`read_conditions` reads back, the same for equal conditions."""
    pairs = []
    for one in sorted(conditions, key=lambda condition: condition.column):
        pairs += [(one.column, level) for level in sorted(one.levels)]
        if one.low is not None:
            pairs.append((f"{one.column}:from", f"{one.low:.12g}"))
        if one.high is not None:
            pairs.append((f"{one.column}:below", f"{one.high:.12g}"))
        pairs += [(f"{one.column}:limit", name) for name in one.limits]
        if one.missing:
            pairs.append((f"{one.column}:missing", "1"))
    return pairs


def address_of(conditions: Sequence[Condition]) -> str:
    """Conditions as a query string."""
    return urlencode(write_conditions(conditions))


def in_words(column: Column, condition: Condition) -> str:
    """``Age: 60 to below 70 years, or not known``."""
    labels = dict(column.levels)
    parts: list[str] = [say(labels[level]) for level in condition.levels]
    if condition.bounded:
        span, unit = _range(condition), column.unit
        parts.append(say("{span} {unit}", span=span, unit=unit) if unit else span)
    parts += [say(LIMIT_WORDS[name]) for name in condition.limits]
    parts += [say("not known")] if condition.missing else []
    either = listed(parts, marked("{first} or {rest}"))
    return say("{title}: {conditions}", title=say(column.title), conditions=either)


def _range(condition: Condition) -> str:
    if condition.low is None:
        return say("below {high:g}", high=condition.high)
    if condition.high is None:
        return say("{low:g} or more", low=condition.low)
    return say("{low:g} to below {high:g}", low=condition.low, high=condition.high)


def without(conditions: Sequence[Condition], column: str) -> tuple[Condition, ...]:
    """The conditions but those on ``column``."""
    return tuple(condition for condition in conditions if condition.column != column)


def toggled(conditions: Sequence[Condition], new: Condition) -> tuple[Condition, ...]:
    """Conditions with what was clicked put in, or taken out when it was there."""
    old = next((c for c in conditions if c.column == new.column), Condition(new.column))
    same = (new.bounded, new.low, new.high) == (old.bounded, old.low, old.high)
    low, high = (new.low, new.high) if new.bounded and not same else (old.low, old.high)
    if new.bounded and same:
        low = high = None
    changed = Condition(
        new.column,
        tuple(sorted(set(old.levels) ^ set(new.levels))),
        low,
        high,
        tuple(name for name in LIMITS if (name in old.limits) != (name in new.limits)),
        old.missing != new.missing,
    )
    rest = without(conditions, new.column)
    return (*rest, changed) if changed.asks else rest
