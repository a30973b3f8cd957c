"""A table of patients checked against a dictionary, line by line, in the memory of one line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .cells import Value, cell_reader, mangled_identifier
from .dictionary import VariableSpec
from .problems import DataProblem, Notice, Problem
from .record_checks import check_record
from .table_columns import COHORT, PATIENT, SITE, ColumnPlan
from .table_lines import Table, TableOptions
from .values import BadValueError, implausible, write_value
from .wording import say

_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PADDED = re.compile(r"0\d+")
_LONGEST_SITE = 200
_COHORTS = re.compile(r"\s*;\s*")
ELIGIBLE_AGE = (18, 75)
TOLD = 50


@dataclass
class CheckedLine:
    """One line: who, where, the values that are not blank, and what is wrong with it.

    ``values`` maps a variable to ``{"v": ...}`` (with ``comparator``, ``precision`` or
    ``unit_as_entered``) or ``{"missing": code}``; ``blank`` names those that are blank and needed.
    """

    row: int
    pseudonym: str
    site: str
    cohorts: tuple[str, ...]
    values: dict[str, Value]
    problems: list[Problem] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)


@dataclass
class Told:
    """What can go on: counted in full, spelled out up to a number."""

    counts: Counter[str] = field(default_factory=Counter)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def tell(self, code: str, text: str) -> None:
        self.counts[code] += 1
        if self.counts[code] <= TOLD:
            self.texts.setdefault(code, []).append(text)

    def notices(self) -> list[Notice]:
        found = [Notice(code, text) for code, texts in self.texts.items() for text in texts]
        more = [(code, n - TOLD) for code, n in self.counts.items() if n > TOLD]
        return found + [Notice(code, say("and {n:,} more of this kind", n=n)) for code, n in more]


@dataclass
class TableCheck:
    """The check of one table.

    Parameters
    ----------
    table : Table
    plan : ColumnPlan
    dictionary : sequence of VariableSpec
    cohort_use : mapping of str to str
        Admissible cohorts and their use (development, validation, descriptive).
    options : TableOptions
    today : datetime.date
        No date is later.
    stored : collection of str
        Pseudonyms that are known already, for zeros that a spreadsheet took away.
    """

    table: Table
    plan: ColumnPlan
    dictionary: Sequence[VariableSpec]
    cohort_use: Mapping[str, str]
    options: TableOptions
    today: date
    stored: frozenset[str] = frozenset()
    told: Told = field(default_factory=Told)

    def lines(self) -> Iterator[CheckedLine]:
        """Every line, in order; a second line of a patient adds a cohort or is a problem."""
        readers = self._readers()
        keys = {name: at for at, name in enumerate(self.plan.columns) if name in _KEYS}
        width, padded = len(self.table.header), self._padded()
        earlier: dict[str, tuple[int, tuple[str, ...], int]] = {}
        for row, cells in self.table.lines():
            if len(cells) != width and (len(cells) < width or any(cells[width:])):
                yield CheckedLine(row, "", "", (), {}, [_ragged(row, len(cells), width)])
                continue
            line = self._line(row, cells, keys, readers)
            line.problems += _lost_zeros(line, padded)
            line.problems += check_record(line.values, line.pseudonym, row)
            line.problems += self._twice(line, earlier)
            if not line.problems:
                self._notice(line)
            yield line

    def _readers(self) -> list[tuple[int, VariableSpec, Callable[[str], Value | BadValueError]]]:
        by_name = {spec.name: spec for spec in self.dictionary}
        return [
            (at, by_name[name], cell_reader(by_name[name], self.options, self.today))
            for at, name in enumerate(self.plan.columns)
            if name in by_name
        ]

    def _padded(self) -> dict[str, str]:
        """Known pseudonyms that begin with zeros, by what a spreadsheet would make of them."""
        return {name.lstrip("0"): name for name in self.stored if _PADDED.fullmatch(name)}

    def _line(self, row: int, cells: list[str], keys: dict[str, int], readers: Any) -> CheckedLine:
        who = cells[keys[PATIENT]]
        site = cells[keys[SITE]] if SITE in keys else self.plan.site
        named = cells[keys[COHORT]] if COHORT in keys else self.plan.cohort
        cohorts = tuple(dict.fromkeys(_COHORTS.split(named))) if named else ()
        line = CheckedLine(row, str(who), str(site), cohorts, {})
        line.problems += _check_who(line, who)
        line.problems += _check_site(line)
        line.problems += self._check_cohorts(line, named)
        for at, spec, read in readers:
            if not (text := cells[at]):
                if "import" in spec.required_for:
                    line.blank.append(spec.name)
                continue
            value = read(text)
            if type(value) is dict:
                line.values[spec.name] = value
            else:
                line.problems.append(
                    Problem(
                        line.pseudonym, repr(str(text)), value.expected, value.remedy,
                        row, spec.name,
                    )
                )  # fmt: skip
        return line

    def _check_cohorts(self, line: CheckedLine, named: str) -> Iterator[Problem]:
        for name in line.cohorts:
            if name not in self.cohort_use:
                expected = say("one of {known}", known=", ".join(sorted(self.cohort_use)))
                yield Problem(line.pseudonym, repr(name), expected, "Correct it.", line.row, COHORT)
        uses = {self.cohort_use.get(name) for name in line.cohorts}
        if {"development", "validation"} <= uses:
            yield Problem(line.pseudonym, named, _WALL, "Keep one side.", line.row, COHORT)

    def _twice(self, line: CheckedLine, earlier: dict[str, Any]) -> Iterator[Problem]:
        said = hash(json.dumps(line.values))
        first = earlier.setdefault(line.pseudonym, (line.row, line.cohorts, said))
        if first[0] == line.row:
            return
        uses = {self.cohort_use.get(name) for name in (*first[1], *line.cohorts)}
        none = say("no cohort")
        here = say(
            "line {first} ({cohorts}) and line {row} ({others})",
            first=first[0], cohorts=", ".join(first[1]) or none,
            row=line.row, others=", ".join(line.cohorts) or none,
        )  # fmt: skip
        if {"development", "validation"} <= uses:
            remedy = say("Keep one of the two lines.")
            yield Problem(line.pseudonym, here, _WALL, remedy, line.row, PATIENT)
        elif set(first[1]) & set(line.cohorts) or not line.cohorts or first[2] != said:
            expected = say("one line per patient and cohort, with equal values")
            remedy = say("Remove the line, or give the second patient another pseudonym.")
            yield Problem(line.pseudonym, here, expected, remedy, line.row, PATIENT)

    def _notice(self, line: CheckedLine) -> None:
        for spec in self.dictionary:
            value = line.values.get(spec.name)
            if value and (why := implausible(value, spec)):
                number = f"{write_value(value)} {spec.unit}".rstrip()
                text = say(
                    "{pseudonym} (line {row}): {name} {number}, {why}",
                    pseudonym=line.pseudonym, row=line.row, name=spec.name, number=number, why=why,
                )  # fmt: skip
                self.told.tell("implausible_value", text)
        if COHORT in self.plan.columns and not line.cohorts:
            self.told.tell(
                "no_cohort",
                say(
                    "{pseudonym} (line {row}) is in no cohort",
                    pseudonym=line.pseudonym,
                    row=line.row,
                ),
            )
        age = line.values.get("age_years", {}).get("v")
        if age is not None and not ELIGIBLE_AGE[0] <= age <= ELIGIBLE_AGE[1]:
            text = say(
                "{pseudonym} (line {row}): age {age:g}, inclusion is {low}-{high}",
                pseudonym=line.pseudonym, row=line.row, age=age,
                low=ELIGIBLE_AGE[0], high=ELIGIBLE_AGE[1],
            )  # fmt: skip
            self.told.tell("inclusion_age", text)


def is_pseudonym(text: str) -> bool:
    """Whether a text may stand as a pseudonym: up to 64 letters, digits, dots and dashes."""
    return _PSEUDONYM.fullmatch(text) is not None


PSEUDONYM_SAID = say("a pseudonym of letters, digits, '.', '_' or '-' (64 at most)")
_KEYS = (PATIENT, SITE, COHORT)
_WALL = say("a patient in development or in validation, never in both")


def check_table(check: TableCheck) -> list[CheckedLine]:
    """All lines of a small table of new patients at once.

    Raises
    ------
    DataProblem
        With every problem of the file.
    """
    lines = list(check.lines())
    labels = {spec.name: spec.label for spec in check.dictionary}
    problems = [problem for line in lines for problem in line.problems]
    problems += [
        needed(line.pseudonym, labels[name], line.row, name)
        for line in lines
        for name in line.blank
    ]
    if not lines:
        problems.append(refuse_nobody())
    if problems:
        raise DataProblem(problems)
    return lines


def needed(who: str, label: str, row: int, name: str) -> Problem:
    """A blank cell of a variable that a new patient needs."""
    remedy = say("Fill it in: a new patient needs it.")
    return Problem(who, say("blank"), label, remedy, row, name)


def refuse_nobody() -> Problem:
    """What is said of a file without a patient."""
    return Problem("file", say("no patient"), "at least one line below the header", "Add patients.")


def _ragged(row: int, found: int, expected: int) -> Problem:
    return Problem(
        "line",
        say("{found} cells", found=found),
        say("{expected} cells as in the header", expected=expected),
        "Quote cells that hold the separator.",
        row,
    )


def _check_who(line: CheckedLine, cell: str) -> Iterator[Problem]:
    if cell and (wrong := mangled_identifier(cell)):
        yield Problem("patient", repr(str(cell)), wrong.expected, wrong.remedy, line.row, PATIENT)
    elif not _PSEUDONYM.fullmatch(cell):
        yield Problem("patient", repr(str(cell)), PSEUDONYM_SAID, "Correct it.", line.row, PATIENT)


def _check_site(line: CheckedLine) -> Iterator[Problem]:
    if not line.site:
        expected = say("the hospital's name")
        yield Problem(line.pseudonym, say("blank"), expected, "Fill it in.", line.row, SITE)
    elif len(line.site) > _LONGEST_SITE:
        found = say("{n} characters", n=len(line.site))
        expected = say(
            "a hospital's name of at most {longest_site} characters", longest_site=_LONGEST_SITE
        )
        yield Problem(line.pseudonym, found, expected, "Shorten it.", line.row, SITE)


def _lost_zeros(line: CheckedLine, padded: dict[str, str]) -> Iterator[Problem]:
    """``12`` where ``0012`` is known."""
    known = padded.get(line.pseudonym)
    if known and known != line.pseudonym:
        expected = say(
            "{known!r}, as stored; a spreadsheet drops zeros at the beginning", known=known
        )
        remedy = say("Format the column as text and enter the pseudonyms in full.")
        yield Problem(line.pseudonym, repr(line.pseudonym), expected, remedy, line.row, PATIENT)
