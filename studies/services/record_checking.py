"""A form read from texts: values and facts, everything that is wrong, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from studies.methods.course import FACT_KINDS, NO_DRUG, Fact, treatment_start
from studies.methods.course_checks import check_course, notice_course
from studies.methods.course_endpoints import check_endpoints
from studies.methods.derivations import Derived, derive_all
from studies.methods.dictionary import DerivedSpec, VariableSpec
from studies.methods.endpoint_kinds import kind_of
from studies.methods.plausible_dates import BORN, CHECK_YEAR, check_lifetime, impossible_day
from studies.methods.problems import Notice, Problem
from studies.methods.record_checks import check_record, dates_of
from studies.methods.values import BadValueError, implausible, read_value, write_value
from studies.methods.wording import say

from .endpoints import rules_in_force
from .fact_rows import parts_of, read_row
from .facts import MARKERS
from .mirrors import mirrored
from .record_reading import Record

LONGEST_TEXT = 2000
TOLD_BY_DAY = ("treatment", "progression", "death")  # facts of which endpoints ask the day alone


@dataclass(frozen=True)
class Checked:
    """A form read from texts: values and facts, everything wrong or notable, what follows."""

    values: dict[str, dict[str, Any]]
    facts: tuple[Fact, ...]
    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]
    implausible: dict[str, str]
    derived: tuple[Derived, ...]


def record_check(record: Record, cells: Mapping[str, str], complete: bool) -> Checked:
    """Read texts under the form's dictionary and find everything that is wrong with them.

    ``complete`` asks also for what a complete form must have.
    """
    problems: list[Problem] = []
    read = {spec.name: _read(spec, cells.get(spec.name, "").strip(), complete, problems)
            for spec in record.asked}  # fmt: skip
    facts, partly = read_rows(cells, problems)
    stated = {name: value for name, value in read.items() if value}
    problems += check_record(stated, record.patient.pseudonym)
    dated = [*facts, *partly]
    problems += _days(record, read, dated)
    problems += check_course(facts, timezone.localdate(), partly)
    problems += _baseline_labs(record, dated)
    problems += _uncoded_drug(record, dated)
    by_day = [*facts, *(fact for fact in partly if fact.kind in TOLD_BY_DAY)]
    problems += check_endpoints(by_day, _survival_rules(record), _rows_told(problems))
    values = _values(record, cells, read, facts)
    known = {spec.name for spec in record.specs}
    asked = {name: v for name, v in values.items() if name in known}
    spoken = {spec.name: text for spec in record.asked
              if (text := implausible(values.get(spec.name, {}), spec))}  # fmt: skip
    derived = derive_all(_derivable(record), record.specs, asked)
    return Checked(values, tuple(facts), tuple(problems), tuple(notice_course(facts)), spoken,
                   derived)  # fmt: skip


def _read(
    spec: VariableSpec, text: str, complete: bool, problems: list[Problem]
) -> dict[str, Any] | None:
    try:
        if not text:
            if complete and "complete" in spec.required_for:
                raise BadValueError(
                    say(
                        "a value, or one of {missing_codes}",
                        missing_codes=", ".join(spec.missing_codes),
                    ),
                    say("Fill it in, or say why there is none."),
                )
            return None
        if len(text) > LONGEST_TEXT or "\0" in text:
            raise BadValueError(
                say("at most {longest_text} characters", longest_text=LONGEST_TEXT),
                say("Shorten it."),
            )
        return read_value(text, spec)
    except BadValueError as bad:
        found = repr(text[:80]) if text else say("blank")
        problems.append(Problem(spec.label, found, bad.expected, bad.remedy, column=spec.name))
        return None


def read_facts(cells: Mapping[str, str]) -> list[Fact]:
    """The rows that can be read as a whole."""
    return read_rows(cells, [])[0]


def read_rows(cells: Mapping[str, str], problems: list[Problem]) -> tuple[list[Fact], list[Fact]]:
    """Facts, and what of the rows that have problems can be checked all the same."""
    facts, partly = [], []
    for cell, text in cells.items():
        kind, _, key = cell.partition(":")
        if not key or not text or kind not in FACT_KINDS:
            continue
        read = read_row(FACT_KINDS[kind], key, parts_of(text))
        problems += read.problems
        facts += [read.fact] if read.fact else []
        partly += [read.partly] if read.partly else []
    return facts, partly


def _survival_rules(record: Record) -> dict[str, Mapping[str, Any]]:
    """The survival times that a course of this form must admit, by their rules in force."""
    if not record.has_course:
        return {}
    rules = rules_in_force(record.patient.study)
    return {name: rule for name, rule in rules.items() if kind_of(name, rule).is_survival}


def _rows_told(problems: list[Problem]) -> set[str]:
    """Rows of facts, ``kind:key``, of which something is told."""
    return {(problem.column or "").rpartition(":")[0] for problem in problems}


def _days(
    record: Record, read: Mapping[str, dict[str, Any] | None], facts: list[Fact]
) -> Iterator[Problem]:
    """Fields whose day cannot be, and facts that are not within the patient's life."""
    today, labels = timezone.localdate(), {spec.name: spec.label for spec in record.asked}
    days = dates_of({name: value for name, value in read.items() if value})
    for name, day in days.items():
        if expected := impossible_day(day, today):
            yield Problem(labels[name], str(day), expected, CHECK_YEAR, column=name)
    born = {name: day for name, day in days.items() if name in BORN}
    lived = born | {f"{fact.kind}:{fact.key}:date": fact.day for fact in facts}
    for place, found, expected, remedy in check_lifetime(lived):
        if place not in born:
            title = FACT_KINDS[place.partition(":")[0]].title
            yield Problem(title, found, expected, remedy, column=place)


def _baseline_labs(record: Record, facts: list[Fact]) -> list[Problem]:
    start = treatment_start(facts)
    fields = {MARKERS[s.name]: s.label for s in record.asked if s.name in MARKERS}
    return [
        Problem(
            "Laboratory",
            say("{analyte} on the day of treatment start", analyte=fact.parts["analyte"]),
            say("the field {fields}", fields=fields[fact.parts["analyte"]]),
            "Enter it there.",
            column=f"lab:{fact.key}:date",
        )
        for fact in facts
        if fact.kind == "lab" and fact.parts.get("analyte") in fields and fact.day == start
    ]


def _uncoded_drug(record: Record, facts: list[Fact]) -> list[Problem]:
    """The drug of the study treatment is a value of the form, which has codes; others are free."""
    codes = next((spec.codes for spec in record.specs if spec.name == "drug"), {})
    return [
        Problem(
            FACT_KINDS["treatment"].title,
            repr(fact.parts.get("drug")),
            say("one of {codes}", codes=", ".join(codes)),
            "Choose one for the study treatment, or add the drug to the dictionary.",
            column=f"treatment:{fact.key}:drug",
        )
        for fact in facts
        if codes
        and fact.parts.get("is_index") == "yes"
        and fact.parts.get("drug", NO_DRUG) not in {*codes, NO_DRUG}
    ]


def _values(
    record: Record,
    cells: Mapping[str, str],
    read: Mapping[str, dict[str, Any] | None],
    facts: list[Fact],
) -> dict[str, dict[str, Any]]:
    """What the entry will hold: what was typed, what the changed rows decide, the rest as it is."""
    values = dict(record.entry.values) if record.entry else {}
    for name, value in read.items():
        if value is None:
            values.pop(name, None)
        elif write_value(values.get(name)) != write_value(value):
            values[name] = value
    if not record.has_course:
        return values
    touched = {key.partition(":")[0] for key in {*cells, *record.cells}
               if ":" in key and cells.get(key, "") != record.cells.get(key, "")}  # fmt: skip
    return mirrored(record.specs, values, facts, touched)


def _derivable(record: Record) -> tuple[DerivedSpec, ...]:
    """Derived variables whose names this form has."""
    if record.form == "baseline":
        return record.derived
    return ()
