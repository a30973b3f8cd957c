"""Units as the dictionary keeps them (UCUM) and as people write them."""

from __future__ import annotations

import re

from .wording import say

# Years lived and years passed are two words elsewhere (岁, 年); the place is always empty.
YEARS_OF_AGE = say("years{of_age}", of_age="")


def readable_unit(unit: str, name: str = "") -> str:
    """UCUM as people write it; ``name`` is the variable's, or its label."""
    if unit == "a" and is_age(name):
        return YEARS_OF_AGE
    spoken = {"a": "years", "mo": "months", "d": "days", "{count}": "", "1": "", "[U]/mL": "U/mL"}
    return spoken.get(unit, unit.replace("[U]", "U").replace("{", "").replace("}", ""))


def is_age(name: str) -> bool:
    """Whether a variable's name or label is one of an age: ``age_years``, ``Age at surgery``."""
    return "age" in re.split(r"[\W_]+", name.lower())
