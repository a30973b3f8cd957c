"""One value as people write it, read under its variable: a number, a date, a code, or why not."""

from __future__ import annotations

import difflib
import math
import re
from datetime import date
from typing import Any

from .dates import ClinicalDate, read_date
from .dictionary import VariableSpec
from .plausible_dates import unlikely_day
from .units import readable_unit
from .wording import say

_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")
_COMMA_OF_THOUSANDS = re.compile(r"[<>]?=?\s*[+-]?[1-9]\d{0,2},\d{3}")
_MARKED_THOUSANDS = re.compile(r"[<>]?=?\s*[+-]?\d{1,3}(?:,\d{3})+\.\d+")
_DECIMAL_COMMA = re.compile(r"[<>]?=?\s*[+-]?\d+,\d+")


class BadValueError(ValueError):
    """The text is no value of the variable: what may stand there, and what to do."""

    def __init__(self, expected: str, remedy: str):
        self.expected, self.remedy = expected, remedy
        super().__init__(expected)


def read_value(text: str, spec: VariableSpec) -> dict[str, Any]:
    """A stored value from text.

    Parameters
    ----------
    text : str
        Not blank: ``0.5``, ``<0.5``, ``2024-05-17``, ``2024-05``, a code, a missing-code.
    spec : VariableSpec

    Returns
    -------
    dict
        ``{"v": ...}`` with ``unit_as_entered``, ``comparator`` or ``precision`` where they apply,
        or ``{"missing": code}``.

    Raises
    ------
    BadValueError
        No value of this variable, or one outside its admissible range.
    """
    if text in spec.missing_codes:
        return {"missing": text}
    reader = {
        "number": _read_number,
        "date": _read_clinical_date,
        "category": _read_category,
        "text": lambda text, spec: {"v": text},
    }[spec.type]
    return reader(text, spec)


def write_value(value: dict[str, Any] | None) -> str:
    """The text that ``read_value`` reads back as ``value``; blank when there is none."""
    if not value:
        return ""
    if "missing" in value:
        return str(value["missing"])
    shown = value.get("v", "")
    if isinstance(shown, float):
        shown = repr(shown).removesuffix(".0")
    elif "precision" in value:
        shown = str(shown)[: {"day": 10, "month": 7, "year": 4}[value["precision"]]]
    return f"{value.get('comparator', '')}{shown}"


def implausible(value: dict[str, Any], spec: VariableSpec) -> str:
    """``plausible is 0.2 to 20000`` when a number or day is admissible but unlikely."""
    if "precision" in value:
        day = ClinicalDate(date.fromisoformat(value["v"]), value["precision"])
        return unlikely_day(spec.name, day)
    if spec.type != "number" or "v" not in value:
        return ""
    low = -math.inf if spec.plausible_minimum is None else spec.plausible_minimum
    high = math.inf if spec.plausible_maximum is None else spec.plausible_maximum
    return (
        ""
        if low <= value["v"] <= high
        else say("plausible is {low:g} to {high:g}", low=low, high=high)
    )


def _range(low: float, high: float, unit: str) -> str:
    span = say("{low:g} to {high:g}", low=low, high=high)
    return say("{span} {unit}", span=span, unit=unit) if unit else span


def _read_number(text: str, spec: VariableSpec) -> dict[str, Any]:
    match = _NUMBER.fullmatch(text)
    if not match:
        remedy = say("Write the number alone.")
        if spec.missing_codes:
            remedy = say(
                "Write the number alone, or a missing-code: {codes}",
                codes=", ".join(spec.missing_codes),
            )
        if _DECIMAL_COMMA.fullmatch(text):
            remedy = say("Write a decimal point: {text}", text=text.replace(",", "."))
        if _MARKED_THOUSANDS.fullmatch(text):
            remedy = say("Write {text}.", text=text.replace(",", ""))
        if _COMMA_OF_THOUSANDS.fullmatch(text):
            remedy = say(
                "Write {whole}, or {decimal} where the comma is a decimal one.",
                whole=text.replace(",", ""),
                decimal=text.replace(",", "."),
            )
        unit = readable_unit(spec.unit, spec.name)
        raise BadValueError(
            say("a number in {unit}", unit=unit) if unit else say("a number"), remedy
        )
    value = float(match[2])
    low = -math.inf if spec.minimum is None else spec.minimum
    high = math.inf if spec.maximum is None else spec.maximum
    if not math.isfinite(value) or not low <= value <= high:
        raise BadValueError(
            _range(low, high, readable_unit(spec.unit, spec.name)),
            say("Check the value and its unit."),
        )
    found: dict[str, Any] = {"v": value}
    if spec.unit:
        found["unit_as_entered"] = spec.unit
    if match[1]:
        found["comparator"] = match[1]
    return found


def _read_clinical_date(text: str, spec: VariableSpec) -> dict[str, Any]:
    try:
        day = read_date(text)
    except ValueError as error:
        raise BadValueError(
            say("a date as YYYY-MM-DD (or YYYY-MM, YYYY)"), say("Write year, month, day.")
        ) from error
    return {"v": day.earliest.isoformat(), "precision": day.precision}


def _read_category(text: str, spec: VariableSpec) -> dict[str, Any]:
    if text not in spec.codes:
        near = difflib.get_close_matches(text, list(spec.codes), 1)
        remedy = (
            say("Did you mean {near!r}?", near=near[0]) if near else say("Use one of the codes.")
        )
        raise BadValueError(say("one of {known}", known=", ".join(spec.codes)), remedy)
    return {"v": text}
