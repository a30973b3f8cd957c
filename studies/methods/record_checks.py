"""What must fit together within one patient's values: whole numbers, and the order of dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from .dates import ClinicalDate
from .endpoints import overall_survival, progression_free_survival
from .plausible_dates import check_lifetime
from .problems import DataProblem, Problem
from .wording import say

WHOLE = ("metastasis_count", "liver_metastasis_count", "treatment_line")
SEEN_ALIVE = ("last_known_alive_on", "last_assessed_on", "response_assessed_on")

Values = Mapping[str, Mapping[str, Any]]


def check_record(values: Values, where: str = "", row: int | None = None) -> list[Problem]:
    """Every contradiction within the values of one patient.

    Parameters
    ----------
    values : mapping of str to mapping
        Stored values by variable, as ``read_value`` gives them.
    where, row
        Patient and line, for the problems.
    """
    found = [
        *_counts(values),
        *check_lifetime(dates_of(values)),
        *_endpoints(values),
        *_response(values),
    ]
    return [Problem(where, was, must, remedy, row, name) for name, was, must, remedy in found]


def dates_of(values: Values) -> dict[str, ClinicalDate]:
    """The dates among the values."""
    return {
        name: _date(value["v"], value["precision"])
        for name, value in values.items()
        if "precision" in value
    }


@lru_cache(maxsize=50_000)
def _date(text: str, precision: str) -> ClinicalDate:
    return ClinicalDate(date.fromisoformat(text), precision)


_Found = tuple[str, str, str, str]


def _counts(values: Values) -> Iterator[_Found]:
    for name in WHOLE:
        if (number := _number(values, name)) is not None and number % 1:
            yield name, f"{number:g}", say("a whole number"), say("Correct it.")
    liver = _number(values, "liver_metastasis_count")
    every = _number(values, "metastasis_count")
    if liver is not None and every is not None and liver > every:
        found = say("{liver:g} in the liver of {every:g} in all", liver=liver, every=every)
        yield (
            "liver_metastasis_count",
            found,
            say("at most the number of metastases"),
            say("Correct one."),
        )


def _number(values: Values, name: str) -> float | None:
    value = values.get(name)
    return value.get("v") if value and isinstance(value.get("v"), float) else None


def _endpoints(values: Values) -> Iterator[_Found]:
    """The order of dates, asked of the endpoints themselves."""
    dates = dates_of(values)
    started, died = dates.get("treatment_started_on"), dates.get("died_on")
    alive = [dates[name] for name in SEEN_ALIVE if name in dates]
    told = set()
    for derive in (
        lambda: overall_survival(started, died, alive),
        lambda: progression_free_survival(started, dates.get("progressed_on"), died, alive),
    ):
        try:
            derive()
        except DataProblem as refusal:
            for problem in refusal.problems:
                name = problem.where if problem.where in dates else "last_known_alive_on"
                told.add((name, problem.found, problem.expected, problem.remedy))
    yield from sorted(told)


def _response(values: Values) -> Iterator[_Found]:
    if "v" in values.get("response", {}) and "v" not in values.get("response_assessed_on", {}):
        name, found = "response_assessed_on", say("a response without its date")
        yield name, found, say("the date of the assessment"), say("Fill it in.")
