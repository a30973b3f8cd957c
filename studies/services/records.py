"""One patient's form: read as texts, checked as a whole, written once, moved through its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pghistory
from django.db import transaction
from django.utils import timezone

from studies.access import require, require_at
from studies.methods.course import (
    FACT_KINDS,
    MIRRORED,
    Fact,
    check_course,
    notice_course,
    read_course,
    start_of,
)
from studies.methods.derivations import Derived, derive_all
from studies.methods.dictionary import DerivedSpec, VariableSpec
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.record_checks import check_record
from studies.methods.values import (
    BadValueError,
    implausible,
    read_value,
    write_value,
)
from studies.models import (
    DictionaryVersion,
    EntryState,
    FormEntry,
    LabResult,
    Patient,
    PatientStatus,
    Query,
    QueryState,
)

from .dictionary import dictionary_current, dictionary_derived, dictionary_specs
from .endpoints import endpoints_compute
from .fact_rows import (
    cell_of,
    facts_of,
    lab_fields,
    parts_of,
    read_row,
    texts_of,
    write_row,
)
from .facts import MARKERS

LONGEST_TEXT = 2000
OCCASION = "baseline"
CLOSED = (EntryState.VERIFIED, EntryState.LOCKED)


class RecordChangedError(Exception):
    """Somebody saved this form since it was read: merge, show, and ask."""


@dataclass(frozen=True)
class Record:
    """A form of a patient as it stands: ``cells`` by variable name or ``kind:uid`` of a fact."""

    patient: Patient
    form: str
    dictionary: DictionaryVersion
    entry: FormEntry | None
    specs: tuple[VariableSpec, ...]
    derived: tuple[DerivedSpec, ...]
    rows: Mapping[str, list[Any]]
    cells: Mapping[str, str]

    @property
    def version(self) -> int:
        return self.entry.row_version if self.entry else 0

    @property
    def state(self) -> str:
        return self.entry.state if self.entry else ""

    @property
    def asked(self) -> tuple[VariableSpec, ...]:
        """Variables that the form asks for; the others follow from its dated rows."""
        return tuple(s for s in self.specs if not (self.has_course and s.name in MIRRORED))

    @property
    def has_course(self) -> bool:
        """The baseline form carries the dated facts."""
        return self.form == "baseline"


@dataclass(frozen=True)
class Checked:
    """A form read from texts: values and facts, everything wrong or notable, what follows."""

    values: dict[str, dict[str, Any]]
    facts: tuple[Fact, ...]
    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]
    implausible: dict[str, str]
    derived: tuple[Derived, ...]


def record_read(patient: Patient, form: str = "baseline") -> Record:
    """The form under the entry's dictionary version, or under the one in force when it is new."""
    entries = FormEntry.objects.filter(patient=patient, form=form, occasion=OCCASION)
    entry = entries.select_related("dictionary").first()
    dictionary = entry.dictionary if entry else dictionary_current(patient.study)
    specs = dictionary_specs(dictionary, form)
    rows = facts_of(patient) if form == "baseline" else {}
    record = Record(patient, form, dictionary, entry, specs, dictionary_derived(dictionary),
                    rows, {})  # fmt: skip
    return Record(**{**record.__dict__, "rows": _shown(record), "cells": _cells(record)})


def record_check(record: Record, cells: Mapping[str, str], complete: bool) -> Checked:
    """Read texts under the form's dictionary and find everything that is wrong with them.

    ``complete`` asks also for what a complete form must have.
    """
    problems: list[Problem] = []
    read = {spec.name: _read(spec, cells.get(spec.name, "").strip(), complete, problems)
            for spec in record.asked}  # fmt: skip
    facts = _read_facts(cells, problems)
    stated = {name: value for name, value in read.items() if value}
    problems += check_record(stated, record.patient.pseudonym)
    problems += check_course(facts, timezone.localdate())
    problems += _baseline_labs(record, facts)
    values = _values(record, cells, read, facts)
    known = {spec.name for spec in record.specs}
    asked = {name: v for name, v in values.items() if name in known}
    spoken = {spec.name: text for spec in record.asked
              if (text := implausible(values.get(spec.name, {}), spec))}  # fmt: skip
    derived = derive_all(_derivable(record), record.specs, asked)
    return Checked(values, tuple(facts), tuple(problems), tuple(notice_course(facts)), spoken,
                   derived)  # fmt: skip


@transaction.atomic
def record_write(
    patient: Patient,
    user: Any,
    form: str,
    cells: Mapping[str, str],
    version: int,
    complete: bool = True,
    reason: str = "",
) -> FormEntry:
    """Store a form and what follows from it: facts, mirrored variables, endpoints.

    A cell that is not given keeps what it holds. A change to a verified form needs a reason and
    leaves it complete, to be verified again.

    Raises
    ------
    RecordChangedError
        ``version`` is not the stored one.
    DataProblem
        Everything that is wrong, by the cell it stands in.
    PermissionDenied
        Without the rights to enter data and to see dates at the patient's site.
    """
    require_at(user, patient, "enter", "identifiers")
    patient = Patient.objects.select_for_update().select_related("study", "site").get(pk=patient.pk)
    record = record_read(patient, form)
    if record.version != version:
        raise RecordChangedError
    cells = {**record.cells, **cells}
    changed = [key for key in cells if cells[key] != record.cells.get(key, "")]
    state = EntryState.COMPLETE if complete else EntryState.DRAFT
    if record.entry and not changed and (record.state in CLOSED or record.state == state):
        return record.entry
    checked = record_check(record, cells, complete)
    problems = [*_closed(record, reason), *checked.problems]
    if problems:
        raise DataProblem(problems)
    with pghistory.context(reason=reason.strip()):
        _write_facts(record, checked, changed)
        entry = _write_entry(record, checked, state)
        _write_markers(record, checked)
    endpoints_compute(patient.study, [patient])
    return entry


@transaction.atomic
def record_state_set(
    patient: Patient, user: Any, form: str, state: str, reason: str = ""
) -> FormEntry:
    """Verify, lock, unlock or open again.

    draft or complete -> verified needs ``verify`` and no open query; verified -> locked and back
    need ``manage``; whatever opens a form needs a reason.

    Raises
    ------
    DataProblem
        A step that is none, no reason, an open query, or a form that is not complete.
    """
    entry = FormEntry.objects.select_for_update().filter(
        patient=patient, form=form, occasion=OCCASION
    ).first()  # fmt: skip
    now = entry.state if entry else ""
    right = STEPS.get((now, state))
    if entry is None or right is None:
        expected = ", ".join(after for before, after in STEPS if before == now) or "no step"
        raise refuse("state", f"{state or 'nothing'} after {now or 'nothing'}", expected,
                     "Reload the page.", column="state")  # fmt: skip
    if right == "manage":
        require(user, patient.study, right)
    require_at(user, patient, right)
    problems = list(_state_problems(patient, form, now, state, reason))
    if problems:
        raise DataProblem(problems)
    with pghistory.context(reason=reason.strip()):
        entry.state = state
        entry.row_version += 1
        entry.save(update_fields=["state", "row_version"])
    return entry


STEPS: dict[tuple[str, str], str] = {
    (EntryState.COMPLETE, EntryState.VERIFIED): "verify",
    (EntryState.VERIFIED, EntryState.LOCKED): "manage",
    (EntryState.LOCKED, EntryState.VERIFIED): "manage",
    (EntryState.VERIFIED, EntryState.COMPLETE): "verify",
}
OPENING = {(EntryState.LOCKED, EntryState.VERIFIED), (EntryState.VERIFIED, EntryState.COMPLETE)}


@transaction.atomic
def record_take_over(patient: Patient, user: Any, form: str) -> FormEntry:
    """Read an older entry under the dictionary in force.

    Raises
    ------
    DataProblem
        Every value that the new version does not admit, or a form that is verified or locked.
    """
    require_at(user, patient, "enter", "identifiers")
    record = record_read(patient, form)
    current = dictionary_current(patient.study)
    if record.entry is None or record.entry.dictionary_id == current.pk:
        raise refuse("dictionary", f"version {record.dictionary.number}", "an earlier version",
                     "Nothing has to be done.")  # fmt: skip
    if record.state in CLOSED:
        raise refuse("state", record.state, "a form that is open", "Open it again first.")
    newer = Record(**{**record.__dict__, "dictionary": current,
                      "specs": dictionary_specs(current, form),
                      "derived": dictionary_derived(current)})  # fmt: skip
    checked = record_check(newer, record.cells, complete=False)
    if checked.problems:
        raise DataProblem(checked.problems)
    entry = record.entry
    with pghistory.context(reason=f"taken over into dictionary {current.number}"):
        entry.dictionary, entry.values = current, checked.values
        entry.row_version += 1
        entry.save()
    return entry


def _shown(record: Record) -> dict[str, list[Any]]:
    """Rows of the page: a marker on the day of treatment start is a field, not a row."""
    start = next((t.date for t in record.rows.get("treatment", []) if t.is_index), None)
    fields = {MARKERS[s.name] for s in record.specs if s.name in MARKERS}
    return {
        kind: [row for row in rows
               if not (kind == "lab" and row.date == start and row.analyte in fields)]
        for kind, rows in record.rows.items()
    }  # fmt: skip


def _cells(record: Record) -> dict[str, str]:
    values = record.entry.values if record.entry else {}
    cells = {spec.name: write_value(values.get(spec.name)) for spec in record.asked}
    for kind, rows in _shown(record).items():
        cells |= {f"{kind}:{row.uid}": cell_of(texts_of(kind, row)) for row in rows}
    return cells


def _read(
    spec: VariableSpec, text: str, complete: bool, problems: list[Problem]
) -> dict[str, Any] | None:
    try:
        if not text:
            if complete and "complete" in spec.required_for:
                raise BadValueError(f"a value, or one of {', '.join(spec.missing_codes)}",
                                    "Fill it in, or say why there is none.")  # fmt: skip
            return None
        if len(text) > LONGEST_TEXT or "\0" in text:
            raise BadValueError(f"at most {LONGEST_TEXT} characters", "Shorten it.")
        return read_value(text, spec)
    except BadValueError as bad:
        found = repr(text[:80]) if text else "blank"
        problems.append(Problem(spec.label, found, bad.expected, bad.remedy, column=spec.name))
        return None


def _read_facts(cells: Mapping[str, str], problems: list[Problem]) -> list[Fact]:
    facts = []
    for cell, text in cells.items():
        kind, _, key = cell.partition(":")
        if not key or not text or kind not in FACT_KINDS:
            continue
        read = read_row(FACT_KINDS[kind], key, parts_of(text))
        problems += read.problems
        facts += [read.fact] if read.fact else []
    return facts


def _baseline_labs(record: Record, facts: list[Fact]) -> list[Problem]:
    start = start_of(facts)
    fields = {MARKERS[s.name]: s.label for s in record.asked if s.name in MARKERS}
    return [
        Problem("Laboratory", f"{fact.parts['analyte']} on the day of treatment start",
                f"the field {fields[fact.parts['analyte']]}", "Enter it there.",
                column=f"lab:{fact.key}:date")
        for fact in facts
        if fact.kind == "lab" and fact.parts.get("analyte") in fields and fact.day == start
    ]  # fmt: skip


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
    decided = read_course(facts)
    for spec in record.specs:
        if MIRRORED.get(spec.name) in touched:
            value = _admitted(spec, decided.get(spec.name))
            values.pop(spec.name, None)
            values |= {spec.name: value} if value else {}
    return values


def _admitted(spec: VariableSpec, value: dict[str, Any] | None) -> dict[str, Any] | None:
    """A mirrored value as the variable admits it; a drug without a code is not mirrored."""
    try:
        return read_value(write_value(value), spec) if value else None
    except BadValueError:
        return None


def _derivable(record: Record) -> tuple[DerivedSpec, ...]:
    """Derived variables whose names this form has."""
    if record.form == "baseline":
        return record.derived
    return ()


def _closed(record: Record, reason: str) -> list[Problem]:
    if record.patient.status == PatientStatus.WITHDRAWN:
        return [
            Problem("patient", "withdrawn", "a patient of the study", "Nothing more is entered.")
        ]
    if record.state == EntryState.LOCKED:
        return [Problem("state", "locked", "an open form", "Ask an administrator to unlock it.")]
    if record.state == EntryState.VERIFIED and not reason.strip():
        return [Problem("reason", "blank", "why a verified form changes", "Write a line.",
                        column="reason")]  # fmt: skip
    return []


def _write_facts(record: Record, checked: Checked, changed: list[str]) -> None:
    """Removed rows first, so that a day they held is free."""
    stored = {f"{kind}:{row.uid}": row for kind, rows in record.rows.items() for row in rows}
    facts = {f"{fact.kind}:{fact.key}": fact for fact in checked.facts}
    for key in changed:
        if key in stored and key not in facts:
            stored[key].delete()
    for key in changed:
        if key in facts:
            write_row(record.patient, facts[key], stored.get(key))


def _write_entry(record: Record, checked: Checked, state: str) -> FormEntry:
    entry = record.entry or FormEntry(
        patient=record.patient,
        form=record.form,
        occasion=OCCASION,
        dictionary=record.dictionary,
        row_version=0,
    )
    entry.values = checked.values
    entry.state = EntryState.COMPLETE if record.state in CLOSED else state
    entry.row_version += 1
    entry.save()
    return entry


def _write_markers(record: Record, checked: Checked) -> None:
    """Markers before treatment are laboratory results of the day it starts."""
    start = start_of(checked.facts)
    before = start_of(_read_facts(record.cells, []))
    of_patient = LabResult.objects.filter(patient=record.patient)
    for spec in record.asked:
        if spec.name not in MARKERS or not record.has_course:
            continue
        analyte, value = MARKERS[spec.name], checked.values.get(spec.name, {})
        wanted = lab_fields(value, spec.unit) if "v" in value and start else None
        if before and before != start:
            of_patient.filter(analyte=analyte, date=before.earliest).delete()
        if start is None:
            continue
        stored = of_patient.filter(analyte=analyte, date=start.earliest).first()
        if wanted is None and stored:
            stored.delete()
        elif wanted and (not stored or any(getattr(stored, k) != v for k, v in wanted.items())):
            of_patient.update_or_create(
                analyte=analyte,
                date=start.earliest,
                defaults=wanted,
                create_defaults={**wanted, "patient": record.patient, "study": record.patient.study,
                                 "site": record.patient.site, "precision": start.precision},
            )  # fmt: skip


def _state_problems(
    patient: Patient, form: str, now: str, state: str, reason: str
) -> list[Problem]:
    problems = []
    if (now, state) in OPENING and not reason.strip():
        problems.append(
            Problem("reason", "blank", "why it is opened again", "Write a line.", column="reason")
        )
    if state == EntryState.VERIFIED and now == EntryState.COMPLETE:
        asked = Query.objects.filter(patient=patient, form=form).exclude(state=QueryState.CLOSED)
        if number := asked.count():
            problems.append(Problem("queries", f"{number} not closed", "none",
                                    "Answer and close them first.", column="state"))  # fmt: skip
        record = record_read(patient, form)
        problems += record_check(record, record.cells, complete=True).problems
    return problems
