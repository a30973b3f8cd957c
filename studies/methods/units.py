"""Units as the dictionary keeps them (UCUM) and as people write them."""

from __future__ import annotations


def readable_unit(unit: str) -> str:
    """UCUM as people write it."""
    spoken = {"a": "years", "mo": "months", "d": "days", "{count}": "", "1": "", "[U]/mL": "U/mL"}
    return spoken.get(unit, unit.replace("[U]", "U").replace("{", "").replace("}", ""))
