"""A cohort table read and checked against the dictionary: every problem at once, or typed rows."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .dates import ClinicalDate, read_date
from .dictionary import KEY_COLUMNS, VariableSpec
from .endpoints import overall_survival, progression_free_survival
from .problems import DataProblem, Notice, Problem, refuse
from .values import BadValueError, implausible, read_value

_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LONGEST_SITE = 200
ELIGIBLE_AGE = (18, 75)


@dataclass(frozen=True)
class CohortRow:
    """One checked line: who, where, and the values that are not blank.

    ``values`` maps a variable to ``{"v": ...}`` (with ``comparator``, ``precision`` or
    ``unit_as_entered``) or ``{"missing": code}``; ``dates`` repeats the dates as ``ClinicalDate``.
    """

    row: int
    pseudonym: str
    site: str
    cohort: str
    values: dict[str, dict[str, Any]]
    dates: dict[str, ClinicalDate] = field(default_factory=dict)


@dataclass(frozen=True)
class CohortTable:
    rows: tuple[CohortRow, ...]
    notices: tuple[Notice, ...]


def read_cohort_table(
    data: bytes, dictionary: Sequence[VariableSpec], cohort_use: Mapping[str, str]
) -> CohortTable:
    """Typed rows of a CSV file.

    Parameters
    ----------
    data : bytes
        UTF-8, comma or semicolon, one line per patient; columns ``patient_id``, ``site``,
        ``cohort`` and any of the dictionary's.
    dictionary : sequence of VariableSpec
    cohort_use : mapping of str to str
        Admissible cohorts and their use (development, validation, descriptive).

    Raises
    ------
    DataProblem
        With every problem of the file.
    """
    header, lines = _read_lines(data)
    problems = _check_header(header, dictionary)
    if problems:
        raise DataProblem(problems)
    variables = {spec.name: spec for spec in dictionary}
    notices: list[Notice] = []
    rows = [
        _read_row(number, dict(zip(header, cells, strict=True)), variables, cohort_use, problems)
        for number, cells in _complete(lines, header, problems)
    ]
    problems += _check_duplicates(rows, cohort_use)
    for row in rows:
        problems += _check_dates(row)
        notices += _plausible(row, variables)
    if not rows and not problems:
        problems.append(
            Problem("file", "no patient", "at least one line below the header", "Add patients.")
        )
    if problems:
        raise DataProblem(problems)
    return CohortTable(tuple(rows), (*notices, *_eligibility(rows)))


def _read_lines(data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(
            "file",
            f"byte {error.start} is not UTF-8",
            "text in UTF-8",
            "In the spreadsheet choose 'CSV UTF-8' when saving.",
        ) from error
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise refuse("file", str(error), "a CSV file", "Save the table as CSV.") from error
    if "\0" in text:
        raise refuse(
            "file",
            "characters of value 0",
            "text in UTF-8",
            "In the spreadsheet choose 'CSV UTF-8' when saving.",
        )
    if not lines:
        raise refuse("file", "an empty file", "a header and patients", "Upload the table again.")
    return lines[0][1], lines[1:]


def _check_header(header: list[str], dictionary: Sequence[VariableSpec]) -> list[Problem]:
    known = [*KEY_COLUMNS, *(spec.name for spec in dictionary)]
    required = [*KEY_COLUMNS, *(s.name for s in dictionary if "import" in s.required_for)]
    problems = [
        Problem("header", "absent", f"a column {name!r}", "Add the column.", 1, name)
        for name in required
        if name not in header
    ]
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            problems.append(
                Problem("header", f"{name!r} twice", "each column once", "Remove one.", 1, name)
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = (
                f"Did you mean {near[0]!r}?" if near else "Remove it or add it to the dictionary."
            )
            problems.append(
                Problem("header", repr(name), "a column of the dictionary", hint, 1, name)
            )
    return problems


def _complete(
    lines: list[tuple[int, list[str]]], header: list[str], problems: list[Problem]
) -> Iterable[tuple[int, list[str]]]:
    for number, cells in lines:
        if len(cells) == len(header):
            yield number, cells
        else:
            problems.append(
                Problem(
                    "line",
                    f"{len(cells)} cells",
                    f"{len(header)} cells as in the header",
                    "Quote cells that hold the separator.",
                    number,
                )
            )


def _read_row(
    number: int,
    cells: dict[str, str],
    variables: Mapping[str, VariableSpec],
    cohort_use: Mapping[str, str],
    problems: list[Problem],
) -> CohortRow:
    who = cells["patient_id"]
    if not _PSEUDONYM.fullmatch(who):
        expected = "a pseudonym of letters, digits, '.', '_' or '-' (64 at most)"
        problems.append(
            Problem("patient", repr(who), expected, "Correct it.", number, "patient_id")
        )
    if not cells["site"]:
        problems.append(Problem(who, "blank", "the hospital's name", "Fill it in.", number, "site"))
    elif len(cells["site"]) > _LONGEST_SITE:
        found = f"{len(cells['site'])} characters"
        expected = f"a hospital's name of at most {_LONGEST_SITE} characters"
        problems.append(Problem(who, found, expected, "Shorten it.", number, "site"))
    if cells["cohort"] not in cohort_use:
        expected = "one of " + ", ".join(sorted(cohort_use))
        found = repr(cells["cohort"])
        problems.append(Problem(who, found, expected, "Correct it.", number, "cohort"))
    values: dict[str, dict[str, Any]] = {}
    dates: dict[str, ClinicalDate] = {}
    for name, spec in variables.items():
        text = cells.get(name, "")
        if text == "":
            if "import" in spec.required_for:
                problems.append(Problem(who, "blank", f"{spec.label}", "Fill it in.", number, name))
            continue
        try:
            values[name] = read_value(text, spec)
        except BadValueError as bad:
            problems.append(Problem(who, repr(text), bad.expected, bad.remedy, number, name))
            continue
        if spec.type == "date" and "v" in values[name]:
            dates[name] = read_date(text)
    problems += _check_counts(number, who, values)
    return CohortRow(number, who, cells["site"], cells["cohort"], values, dates)


def _check_counts(number: int, who: str, values: dict[str, dict[str, Any]]) -> list[Problem]:
    whole = ("metastasis_count", "liver_metastasis_count", "treatment_line")
    problems = [
        Problem(who, f"{values[name]['v']:g}", "a whole number", "Correct it.", number, name)
        for name in whole
        if "v" in values.get(name, {}) and values[name]["v"] % 1
    ]
    liver = values.get("liver_metastasis_count", {}).get("v")
    every = values.get("metastasis_count", {}).get("v")
    if liver is not None and every is not None and liver > every:
        found = f"{liver:g} in the liver of {every:g} in all"
        expected = "at most the number of metastases"
        problems.append(
            Problem(who, found, expected, "Correct one.", number, "liver_metastasis_count")
        )
    return problems


def _check_duplicates(rows: Sequence[CohortRow], cohort_use: Mapping[str, str]) -> list[Problem]:
    first: dict[str, CohortRow] = {}
    problems = []
    for row in rows:
        earlier = first.setdefault(row.pseudonym, row)
        if earlier is row:
            continue
        here = f"line {earlier.row} ({earlier.cohort}) and line {row.row} ({row.cohort})"
        uses = {cohort_use.get(earlier.cohort), cohort_use.get(row.cohort)}
        if uses == {"development", "validation"}:
            expected = "a patient in development or in validation, never in both"
            remedy = "Keep one of the two lines."
        elif earlier.cohort != row.cohort and earlier.values == row.values:
            continue
        else:
            expected = "one line per patient and cohort, with equal values"
            remedy = "Remove the line, or give the second patient another pseudonym."
        problems.append(Problem(row.pseudonym, here, expected, remedy, row.row, "patient_id"))
    return problems


def _check_dates(row: CohortRow) -> list[Problem]:
    """The order of dates, asked of the endpoints themselves."""
    dates = row.dates
    started, died = dates.get("treatment_started_on"), dates.get("died_on")
    alive = [
        dates[name]
        for name in ("last_known_alive_on", "last_assessed_on", "response_assessed_on")
        if name in dates
    ]
    problems: list[Problem] = []
    for derive in (
        lambda: overall_survival(started, died, alive),
        lambda: progression_free_survival(started, dates.get("progressed_on"), died, alive),
    ):
        try:
            derive()
        except DataProblem as refusal:
            for problem in refusal.problems:
                column = problem.where if problem.where in dates else "last_known_alive_on"
                problems.append(
                    Problem(
                        row.pseudonym, problem.found, problem.expected, problem.remedy,
                        row.row, column,
                    )
                )  # fmt: skip
    if "v" in row.values.get("response", {}) and "response_assessed_on" not in dates:
        expected, remedy = "the date of the assessment", "Fill it in."
        found = "a response without its date"
        problems.append(
            Problem(row.pseudonym, found, expected, remedy, row.row, "response_assessed_on")
        )
    return list(dict.fromkeys(problems))


def _plausible(row: CohortRow, variables: Mapping[str, VariableSpec]) -> list[Notice]:
    notices = []
    for name, value in row.values.items():
        spec = variables[name]
        if why := implausible(value, spec):
            text = f"{row.pseudonym} (line {row.row}): {name} {value['v']:g} {spec.unit}".rstrip()
            notices.append(Notice("implausible_value", f"{text}, {why}"))
    return notices


def _eligibility(rows: Sequence[CohortRow]) -> list[Notice]:
    low, high = ELIGIBLE_AGE
    outside = sorted(
        row.pseudonym
        for row in rows
        if "v" in row.values.get("age_years", {})
        and not low <= row.values["age_years"]["v"] <= high
    )
    if not outside:
        return []
    text = f"{len(outside)} patients outside the inclusion age of {low}-{high}: "
    return [Notice("inclusion_age", text + ", ".join(outside))]
