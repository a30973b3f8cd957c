"""Whether a printed table agrees with itself: shares, sums, ranges, intervals.

Given counts, percentages, ranges and hazard ratios as printed, it finds what cannot all be true:
percentages that fit another n, levels that do not sum to their group, ages outside the criteria,
intervals that the event counts or the p-value contradict.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt

from scipy import stats

from .problems import DataProblem, Notice, Problem
from .wording import say

COLUMNS = (
    "group", "n", "variable", "level", "count", "percent", "minimum", "maximum",
    "hazard_ratio", "lower", "upper", "p", "events_1", "events_2",
)  # fmt: skip
Z = 1.959964


@dataclass(frozen=True)
class PrintedShare:
    """``count`` patients of a level, and the percentage as it is printed (``"4.9"``)."""

    group: str
    variable: str
    level: str
    count: int
    percent: str = ""


@dataclass(frozen=True)
class PrintedRange:
    """A printed minimum and maximum of a variable in a group."""

    group: str
    variable: str
    minimum: float
    maximum: float


@dataclass(frozen=True)
class PrintedHazard:
    """A hazard (or odds) ratio with its 95 % interval; events of the two sides where known."""

    variable: str
    ratio: float
    lower: float
    upper: float
    p_value: float | None = None
    events: tuple[int, int] | None = None


@dataclass(frozen=True)
class PublishedTable:
    """``sizes`` is the stated n of each group."""

    sizes: Mapping[str, int]
    shares: Sequence[PrintedShare] = ()
    ranges: Sequence[PrintedRange] = ()
    hazards: Sequence[PrintedHazard] = field(default=())


def check_published_table(
    table: PublishedTable, limits: Mapping[str, tuple[float | None, float | None]] | None = None
) -> tuple[Notice, ...]:
    """Everything that contradicts something else in the table, or the criteria.

    Parameters
    ----------
    table : PublishedTable
    limits : mapping of str to (float or None, float or None), optional
        Admitted range by variable, such as ``{"age": (18, 75)}``.

    Returns
    -------
    tuple of Notice
        ``percentages_fit_another_n``, ``percentage_wrong``, ``sum_differs``, ``outside_criteria``,
        ``interval_not_centred``, ``error_against_events``, ``p_against_interval``.

    References
    ----------
    Ours: arithmetic that a table must obey. The variance of a Cox coefficient against its
    events is Schoenfeld D. A. Biometrics 1983;39:499.
    """
    found = [
        *_check_percentages(table),
        *_check_sums(table),
        *_check_ranges(table, limits or {}),
        *(notice for hazard in table.hazards for notice in _check_hazard(hazard)),
    ]
    return tuple(found)


def _check_percentages(table: PublishedTable) -> Iterable[Notice]:
    for group, size in table.sizes.items():
        printed = [share for share in table.shares if share.group == group and share.percent]
        wrong = [share for share in printed if not _fits(share, size)]
        if not wrong:
            continue
        other = _better_size(printed, size)
        if other is not None:
            text = say(
                "{group}: {n} of {total} percentages do not fit n = {size}; all of them fit n = "
                "{other}",
                group=group,
                n=len(wrong),
                total=len(printed),
                size=size,
                other=other,
            )
            yield Notice("percentages_fit_another_n", text)
            continue
        for share in wrong:
            right = 100 * share.count / size if size else float("nan")
            text = say(
                "{group}, {variable}, {level}: {count} of {size} is {right:.2f} %, not {percent} %",
                group=group,
                variable=share.variable,
                level=share.level,
                count=share.count,
                size=size,
                right=right,
                percent=share.percent,
            )
            yield Notice("percentage_wrong", text)


def _fits(share: PrintedShare, size: int) -> bool:
    """Whether the count over ``size``, rounded as printed, gives the printed percentage."""
    if size <= 0 or share.count > size:
        return False
    digits = len(share.percent.partition(".")[2])
    return abs(100 * share.count / size - float(share.percent)) <= 0.5 * 10**-digits + 1e-9


def _better_size(printed: Sequence[PrintedShare], size: int) -> int | None:
    """The size nearest the stated one that every percentage fits; one share proves nothing."""
    if len(printed) < 2:
        return None
    largest = 3 * size + 10
    sizes = [n for n in range(1, largest) if all(_fits(share, n) for share in printed)]
    return min(sizes, key=lambda n: abs(n - size)) if sizes else None


def _check_sums(table: PublishedTable) -> Iterable[Notice]:
    counted: dict[tuple[str, str], list[int]] = {}
    for share in table.shares:
        counted.setdefault((share.group, share.variable), []).append(share.count)
    for (group, variable), counts in counted.items():
        size = table.sizes.get(group)
        if size is None or (len(counts) < 2 and sum(counts) <= size):
            continue
        if sum(counts) != size:
            text = say(
                "{group}, {variable}: the levels sum to {counts}, not to n = {size}",
                group=group,
                variable=variable,
                counts=sum(counts),
                size=size,
            )
            yield Notice("sum_differs", text)


def _check_ranges(
    table: PublishedTable, limits: Mapping[str, tuple[float | None, float | None]]
) -> Iterable[Notice]:
    for printed in table.ranges:
        low, high = limits.get(printed.variable, (None, None))
        told = say(
            "{group}, {variable}: {minimum:g} to {maximum:g}",
            group=printed.group, variable=printed.variable,
            minimum=printed.minimum, maximum=printed.maximum,
        )  # fmt: skip
        below = low is not None and printed.minimum < low
        above = high is not None and printed.maximum > high
        if below or above:
            admitted = say(
                "{low} to {high}",
                low="" if low is None else f"{low:g}", high="" if high is None else f"{high:g}",
            )  # fmt: skip
            yield Notice(
                "outside_criteria",
                say("{told}, but the criteria admit {admitted}", told=told, admitted=admitted),
            )


def _check_hazard(hazard: PrintedHazard) -> Iterable[Notice]:
    if not 0 < hazard.lower < hazard.upper or hazard.ratio <= 0:
        text = say(
            "{variable}: {lower:g} to {upper:g} is no interval",
            variable=hazard.variable,
            lower=hazard.lower,
            upper=hazard.upper,
        )
        yield Notice("interval_not_centred", text)
        return
    error = (log(hazard.upper) - log(hazard.lower)) / (2 * Z)
    middle = exp((log(hazard.upper) + log(hazard.lower)) / 2)
    if abs(log(hazard.ratio) - log(middle)) > max(0.25 * error, 0.03):
        text = say(
            "{variable}: a ratio of {ratio:g} does not lie in the middle of {lower:g} to "
            "{upper:g} ({middle:.2f})",
            variable=hazard.variable,
            ratio=hazard.ratio,
            lower=hazard.lower,
            upper=hazard.upper,
            middle=middle,
        )
        yield Notice("interval_not_centred", text)
    if hazard.events and min(hazard.events) > 0:
        expected = sqrt(1 / hazard.events[0] + 1 / hazard.events[1])
        if not 0.75 <= error / expected <= 1.5:
            text = say(
                "{variable}: the interval means a standard error of {error:.2f}; {first} and "
                "{second} events imply about {expected:.2f}",
                variable=hazard.variable,
                error=error,
                first=hazard.events[0],
                second=hazard.events[1],
                expected=expected,
            )
            yield Notice("error_against_events", text)
    if hazard.p_value is not None and hazard.p_value > 0:
        implied = 2 * float(stats.norm.sf(abs(log(hazard.ratio)) / error))
        if max(implied, 1e-12) / hazard.p_value > 5 or hazard.p_value / max(implied, 1e-12) > 5:
            text = say(
                "{variable}: p = {p_value:g}, but ratio and interval mean p = {implied:.2g}",
                variable=hazard.variable,
                p_value=hazard.p_value,
                implied=implied,
            )
            yield Notice("p_against_interval", text)


def read_published_table(text: str) -> PublishedTable:
    """A table typed in as CSV with the columns of ``COLUMNS``, one printed number per line.

    Raises
    ------
    DataProblem
        Every line that cannot be read.
    """
    rows = list(csv.DictReader(io.StringIO(text.strip().lstrip("\ufeff"))))
    unknown = sorted({name for row in rows for name in row if name not in COLUMNS and name})
    problems = [
        Problem(
            name,
            say("an unknown column"),
            say("one of {known}", known=", ".join(COLUMNS)),
            "Rename it.",
            1,
            name,
        )
        for name in unknown
    ]
    sizes: dict[str, int] = {}
    shares, ranges, hazards = [], [], []
    for number, row in enumerate(rows, start=2):
        try:
            group, variable = row.get("group") or "", row.get("variable") or ""
            if row.get("n"):
                sizes[group] = int(row["n"])
            if row.get("count"):
                level, percent = row.get("level") or "", _percent(row.get("percent"))
                shares.append(PrintedShare(group, variable, level, int(row["count"]), percent))
            if row.get("minimum") or row.get("maximum"):
                ranges.append(PrintedRange(group, variable, float(row["minimum"]),
                                           float(row["maximum"])))  # fmt: skip
            if row.get("hazard_ratio"):
                hazards.append(_hazard(variable, row))
        except (ValueError, TypeError, KeyError) as error:
            problems.append(
                Problem(
                    say("line {number}", number=number),
                    str(error),
                    "numbers as printed",
                    "Correct the line.",
                    number,
                )
            )
    if not rows or not (shares or ranges or hazards):
        problems.append(Problem("table", say("no number"), "a header and lines below it",
                                "Paste the table with the columns named below."))  # fmt: skip
    if problems:
        raise DataProblem(problems)
    return PublishedTable(sizes, shares, ranges, hazards)


def _percent(text: str | None) -> str:
    plain = (text or "").replace("%", "").strip()
    if plain:
        float(plain)
    return plain


def _hazard(variable: str, row: Mapping[str, str]) -> PrintedHazard:
    events = None
    if row.get("events_1") and row.get("events_2"):
        events = (int(row["events_1"]), int(row["events_2"]))
    p_value = float(row["p"]) if row.get("p") else None
    return PrintedHazard(variable, float(row["hazard_ratio"]), float(row["lower"]),
                         float(row["upper"]), p_value, events)  # fmt: skip
