"""Measured lesions from a table, one line per lesion and assessment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from studies.jobs import Progress, no_progress
from studies.methods.course import FACT_KINDS, Fact
from studies.methods.course_checks import check_course
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import (
    EntryState,
    FormEntry,
    ImportBatch,
    Job,
    LesionMeasurement,
    Patient,
    PatientStatus,
)
from studies.selectors import patients_by_former, patients_by_pseudonym, said_former

from .cohort_import import endpoints_told
from .endpoints import endpoints_hold
from .fact_rows import facts_of, read_row, texts_of, write_row
from .table_reading import table_open, table_options

KIND = FACT_KINDS["lesion"]
PARTS = tuple(part.name for part in KIND.parts)
NEEDED = ("patient_id", "date", "lesion", "role", "finding")


@dataclass(frozen=True)
class LesionLine:
    """A line of the file: whose, and the parts of a row in their order."""

    row: int
    pseudonym: str
    texts: list[str]


def lesions_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Take in a table of measured lesions; a lesion of a day replaces what was stored of it.

    What the file does not name stays. The same file again changes nothing.

    Raises
    ------
    DataProblem
        Every problem of the file at once: columns, patients, cells, and courses that cannot be.
    """
    progress(0, 1, say("reading the file"))
    lines = _lines(batch)
    with transaction.atomic():
        endpoints_hold(batch.study)
        people = patients_by_pseudonym(batch.study)
        problems, changes = _checked(batch, lines, people)
        if problems:
            raise DataProblem(sorted(problems, key=lambda problem: problem.row or 0))
        began = timezone.now()
        changed = _write(batch, changes)
        progress(0.6, 1, say("deriving endpoints"))
        notices = endpoints_told(batch, changed, progress, job)
        summary = {"lines": len(lines), "patients": len({line.pseudonym for line in lines}),
                   "written": sum(map(len, changes.values()))}  # fmt: skip
        batch.written = {"at": began.isoformat(), "until": timezone.now().isoformat()}
        batch.save(update_fields=["written"])
        batch.mark_ready(summary, notices)
    return summary


def _lines(batch: ImportBatch) -> list[LesionLine]:
    table = table_open(batch, table_options(batch))
    names = [name.strip().lower() for name in table.header]
    problems = [
        Problem(
            "header",
            say("no such column"),
            say("a column {name!r}", name=name),
            "Add the column.",
            1,
            name,
        )
        for name in NEEDED
        if name not in names
    ]
    if problems:
        raise DataProblem(problems)
    at = {name: names.index(name) for name in ("patient_id", *PARTS) if name in names}
    found = []
    for row, cells in table.lines():
        read = {name: cells[n].strip() if n < len(cells) else "" for name, n in at.items()}
        texts = [read.get(name, "") for name in PARTS]
        found.append(LesionLine(row, read["patient_id"], texts))
    if not found:
        raise DataProblem([Problem("file", "no line", "at least one", "Add lines.")])
    return found


Changes = dict[int, list[tuple[int, Fact, LesionMeasurement | None]]]


def _checked(
    batch: ImportBatch, lines: Sequence[LesionLine], people: dict[str, Patient]
) -> tuple[list[Problem], Changes]:
    """Everything wrong, and by patient the rows that differ from what is stored."""
    problems: list[Problem] = []
    changes: Changes = {}
    closed, former = _closed(batch), patients_by_former(batch.study)
    of_patient: dict[str, list[LesionLine]] = defaultdict(list)
    for line in lines:
        of_patient[line.pseudonym].append(line)
    for pseudonym, own in of_patient.items():
        patient = people.get(pseudonym)
        known = former.get(pseudonym)
        if (told := _refused(pseudonym, patient, own[0].row, known)) or patient is None:
            problems += told
            continue
        wrong, rows = _of_patient(patient, own)
        problems += wrong
        if rows and patient.pk in closed:
            found = say("other lesions in a form that is {state}", state=closed[patient.pk])
            problems.append(Problem(pseudonym, found, "a form that is open",
                                    "Open the form again first.", rows[0][0]))  # fmt: skip
        elif rows:
            changes[patient.pk] = rows
    return problems, changes


def _refused(
    pseudonym: str, patient: Patient | None, row: int, former: Patient | None = None
) -> list[Problem]:
    """``former``: whose former pseudonym it is."""
    if patient is None and former is not None:
        return [Problem("patient", said_former(pseudonym, former), "the pseudonym of today",
                        say("Write {pseudonym}.", pseudonym=former.pseudonym), row,
                        "patient_id")]  # fmt: skip
    if patient is None:
        return [Problem("patient", repr(pseudonym), "a pseudonym of the study that you see",
                        "Correct it, or bring the patient first.", row, "patient_id")]  # fmt: skip
    if patient.status == PatientStatus.WITHDRAWN:
        return [Problem(pseudonym, "a patient who has withdrawn",
                        "patients whose data may be used", "Take the line out.", row,
                        "patient_id")]  # fmt: skip
    return []


def _of_patient(
    patient: Patient, lines: Sequence[LesionLine]
) -> tuple[list[Problem], list[tuple[int, Fact, LesionMeasurement | None]]]:
    """A patient's lines beside the stored course: what cannot be, and what would change."""
    stored = facts_of(patient)
    known = {(str(row.date), row.lesion): row for row in stored["lesion"]}
    problems: list[Problem] = []
    read: dict[str, tuple[int, Fact]] = {}
    for line in lines:
        found = read_row(KIND, f"line{line.row}", line.texts)
        problems += [_at_line(problem, patient, line.row) for problem in found.problems]
        if found.fact:
            read[found.fact.key] = (line.row, found.fact)
    replaced = {_place(fact) for _, fact in read.values()}
    others = [
        fact
        for kind, rows in stored.items()
        for row in rows
        if (fact := read_row(FACT_KINDS[kind], str(row.uid), texts_of(kind, row)).fact)
        and not (kind == "lesion" and _place(fact) in replaced)
    ]
    facts = [*others, *(fact for _, fact in read.values())]
    for problem in check_course(facts, timezone.localdate()):
        key = (problem.column or "").split(":")[1]
        if key in read:
            problems.append(_at_line(problem, patient, read[key][0]))
    differing = [
        (row, fact, known.get(_place(fact)))
        for row, fact in read.values()
        if not _same(fact, known.get(_place(fact)))
    ]
    return problems, differing


def _place(fact: Fact) -> tuple[str, str]:
    return (fact.day.earliest.isoformat(), fact.parts["lesion"])


def _same(fact: Fact, row: LesionMeasurement | None) -> bool:
    if row is None:
        return False
    again = read_row(KIND, "", texts_of("lesion", row)).fact
    return again is not None and (again.day, again.parts) == (fact.day, fact.parts)


def _at_line(problem: Problem, patient: Patient, row: int) -> Problem:
    part = (problem.column or "").rpartition(":")[2]
    return Problem(
        patient.pseudonym, problem.found, problem.expected, problem.remedy, row, part or None
    )


def _closed(batch: ImportBatch) -> dict[int, str]:
    """Patients whose form is verified or locked, with its state."""
    entries = FormEntry.objects.filter(
        study=batch.study, form="baseline", state__in=(EntryState.VERIFIED, EntryState.LOCKED)
    )
    return dict(entries.values_list("patient_id", "state"))


def _write(batch: ImportBatch, changes: Changes) -> list[int]:
    """Store what differs; whoever has such a form open is told, as its number goes up."""
    people = Patient.objects.in_bulk(list(changes))
    for pk, rows in changes.items():
        for line, fact, stored in rows:
            write_row(people[pk], fact, stored, batch, line)
    FormEntry.objects.filter(patient_id__in=changes, form="baseline").update(
        row_version=F("row_version") + 1
    )
    return sorted(changes)
