"""Columns of a matrix as specimens of patients."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from genomics.models import SequencingBatch
from genomics.selectors import RNA
from studies.consents import GENOMICS, refusals
from studies.methods.dates import read_date
from studies.methods.plausible_dates import CHECK_YEAR, impossible_day
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say
from studies.models import (
    FormerPseudonym,
    ImportBatch,
    Job,
    Patient,
    Procedure,
    Specimen,
    SpecimenChoice,
    Study,
)
from studies.selectors import (
    notice_former,
    patients_by_former,
    patients_by_pseudonym,
    patients_carried,
    said_former,
)
from studies.services import file_read

from .signatures import signature_text

Named = TypeVar("Named")
CHOICE_RULE = "resection before biopsy, then the earliest, then by label"
SPECIMEN_COLUMNS = ("specimen", "patient_id")
OTHER_COLUMNS = ("procedure", "tissue", "collected_on", "batch")


def patients_of_columns(
    study: Study, labels: Sequence[str], filename: str, leave_out: bool
) -> tuple[dict[str, Patient], list[Notice]]:
    """The patient of each label: ``pseudonym``, ``pseudonym-T1``, or a specimen known already.

    A former pseudonym that was not freed is its patient's, with a notice. Columns of nobody in the
    study are refused, all at once, or left out with a notice; so are, always, labels of specimens
    that carry a pseudonym which was freed since.
    """
    patients, former = patients_carried(study), patients_by_former(study)
    known = {
        specimen.label: specimen.patient
        for specimen in Specimen.objects.filter(study=study).select_related("patient")
    }
    if doubts := list(_freed_since(study, labels, known, filename)):
        raise DataProblem(doubts)
    named = {label: _by_pseudonym(label, patients) for label in labels}
    found = {label: known.get(label) or named[label] for label in labels}
    refused = refusals(study, GENOMICS)
    strangers = [
        label for label, patient in found.items() if patient is None or patient.pk in refused
    ]
    if strangers and (not leave_out or len(strangers) == len(labels)):
        raise DataProblem(_stranger(label, filename, found[label], refused) for label in strangers)
    mine = {
        label: patient
        for label, patient in found.items()
        if patient is not None and patient.pk not in refused
    }
    notices = [
        notice_former(name, patient)
        for name, patient in former.items()
        if any(label not in known and named[label] == patient for label in mine)
    ]
    if not strangers:
        return mine, notices
    shown = ", ".join(strangers[:12])
    if len(strangers) > 12:
        shown = say("{shown} and more", shown=shown)
    text = say(
        "{n} columns of no patient of the study, or of no consent, left out: {shown}.",
        n=len(strangers),
        shown=shown,
    )
    return mine, [*notices, Notice("columns_left_out", text)]


def _by_pseudonym(label: str, patients: Mapping[str, Named]) -> Named | None:
    """Of the longest pseudonym that the label is, or begins with before a hyphen."""
    stem = label
    while stem:
        if stem in patients:
            return patients[stem]
        stem = stem.rpartition("-")[0]
    return None


def _freed_since(
    study: Study, labels: Sequence[str], known: dict[str, Patient], filename: str
) -> Iterable[Problem]:
    """Specimens whose label carries their patient's former pseudonym, which was freed."""
    rows = FormerPseudonym.objects.filter(study=study, freed_at__isnull=False)
    freed = set(rows.values_list("pseudonym", "patient_id"))
    for label in labels if freed else ():
        owner = known.get(label)
        names = {stem for stem, patient in freed if owner and patient == owner.pk}
        name = _by_pseudonym(label, {stem: stem for stem in names})
        if owner and name and name != owner.pseudonym:
            found = say(
                "{label}, a specimen of {owner}, who was called {pseudonym}",
                label=label, owner=owner.pseudonym, pseudonym=name,
            )  # fmt: skip
            expected = say("a label that does not carry a pseudonym which was freed")
            remedy = say("Give the column another label, and name its patient in a specimen table.")
            yield Problem(filename, found, expected, remedy, 1, label)


def _stranger(
    label: str, filename: str, patient: Patient | None, refused: dict[int, str]
) -> Problem:
    if patient is not None:
        remedy = say("Record the consent first, or remove the column.")
        found = say("{who}: {why}", who=label, why=say(refused[patient.pk]))
        return Problem(filename, found, "a patient whose tissue may be used", remedy, 1, label)
    return Problem(
        filename,
        label,
        "a pseudonym of the study, alone or followed by - and the specimen's number, or a "
        "specimen of the specimen table",
        "Upload the cohort table first, or a specimen table that names its patient, or remove the "
        "column.",
        row=1,
        column=label,
    )


def specimens_import(batch: ImportBatch, job: Job | None = None) -> dict[str, Any]:
    """Which specimen is whose, and in which batch it was sequenced, from a table.

    Raises
    ------
    DataProblem
        Every problem of the table at once: unknown patients, a specimen of two, dates, procedures.
    """
    rows = _rows(signature_text(file_read(batch.file), batch.filename), batch.filename)
    problems = specimen_problems(batch.study, rows, batch.filename)
    if problems:
        raise DataProblem(problems)
    patients = patients_by_pseudonym(batch.study)
    known = {s.label: s for s in Specimen.objects.filter(study=batch.study)}
    with transaction.atomic():
        specimens = _write_specimens(rows, patients, known)
        batches = [
            SequencingBatch(
                patient=specimens[row["specimen"]].patient,
                specimen=specimens[row["specimen"]],
                name=row["batch"],
                batch=batch,
            )
            for row in rows
            if row["batch"]
        ]
        SequencingBatch.objects.bulk_create(batches)
        summary = {
            "specimens": len(rows),
            "new": len(set(specimens) - set(known)),
            "sequencing_batches": len({b.name for b in batches}),
        }
        batch.mark_ready(summary)
    return summary


def specimen_problems(study: Study, rows: list[dict[str, Any]], name: str) -> list[Problem]:
    """What is wrong with lines (``line`` and the columns), against the patients of the study."""
    patients, former = patients_by_pseudonym(study), patients_by_former(study)
    known = {s.label: s for s in Specimen.objects.filter(study=study).select_related("patient")}
    found = [p for row in rows for p in _row_problems(row, patients, known, name, former)]
    return found + _twice(rows, name)


def _rows(text: str, name: str) -> list[dict[str, Any]]:
    lines = text.splitlines()
    separator = max(",\t;", key=lines[0].count) if lines else ","
    reader = csv.DictReader(lines, delimiter=separator)
    header = [str(label).strip().lower() for label in reader.fieldnames or ()]
    reader.fieldnames = header
    absent = [column for column in SPECIMEN_COLUMNS if column not in header]
    if absent:
        found = say("no column {absent}", absent=", ".join(absent))
        expected = say(
            "{specimen_columns}; {other_columns} where known",
            specimen_columns=", ".join(SPECIMEN_COLUMNS),
            other_columns=", ".join(OTHER_COLUMNS),
        )
        raise refuse(name, found, expected, "Add the column.", row=1)
    columns = (*SPECIMEN_COLUMNS, *OTHER_COLUMNS)
    rows = [
        {"line": reader.line_num} | {c: (row.get(c) or "").strip() for c in columns}
        for row in reader
    ]
    if not rows:
        raise refuse(name, say("a header only"), "a line per specimen", "Choose the complete file.")
    return rows


def _row_problems(
    row: dict[str, Any],
    patients: dict[str, Patient],
    known: dict[str, Specimen],
    name: str,
    former: dict[str, Patient],
) -> Iterable[Problem]:
    def problem(column: str, expected: str, remedy: str) -> Problem:
        found = row[column] or say("an empty cell")
        return Problem(name, found, expected, remedy, row=row["line"], column=column)

    patient, specimen = patients.get(row["patient_id"]), known.get(row["specimen"])
    if not 0 < len(row["specimen"]) <= 120:
        yield problem("specimen", say("a label of at most 120 signs"), say("Name the specimen."))
    if now := former.get(row["patient_id"]):
        remedy = say("Write {pseudonym}.", pseudonym=now.pseudonym)
        yield Problem(name, said_former(row["patient_id"], now), say("the pseudonym of today"),
                      remedy, row=row["line"], column="patient_id")  # fmt: skip
    elif patient is None:
        remedy = say("Upload the cohort table first, or correct the pseudonym.")
        yield problem("patient_id", say("a patient of the study"), remedy)
    elif specimen is not None and specimen.patient_id != patient.pk:
        remedy = say("A specimen keeps its patient: correct the table, or give it another label.")
        yield problem("specimen", say("a specimen of this patient"), remedy)
    if row["procedure"] and row["procedure"].lower() not in Procedure.values:
        yield problem(
            "procedure", ", ".join(Procedure.values), say("Write one of them, or nothing.")
        )
    if row["collected_on"] and _date(row["collected_on"]) is None:
        yield problem("collected_on", say("a date as 2021-03-31"), say("Correct the date."))
    elif row["collected_on"] and (
        expected := impossible_day(read_date(row["collected_on"]), timezone.localdate())
    ):
        yield problem("collected_on", expected, say(CHECK_YEAR))
    if len(row["batch"]) > 80:
        yield problem("batch", say("a name of at most 80 signs"), say("Shorten the name."))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _twice(rows: list[dict[str, Any]], name: str) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for row in rows:
        if (line := first.setdefault(row["specimen"], row["line"])) == row["line"]:
            continue
        found = say(
            "{specimen}, which stands in row {line} already", specimen=row["specimen"], line=line
        )
        place = {"row": row["line"], "column": "specimen"}
        problems.append(
            Problem(name, found, "each specimen once", "Remove one of the lines.", **place)
        )
    return problems


def _write_specimens(
    rows: list[dict[str, Any]], patients: dict[str, Patient], known: dict[str, Specimen]
) -> dict[str, Specimen]:
    """Specimens by label; what the table says of a known one is written over, with its history."""
    fresh = []
    for row in rows:
        specimen = known.get(row["specimen"]) or Specimen(
            patient=patients[row["patient_id"]], label=row["specimen"]
        )
        before = (specimen.procedure, specimen.tissue, specimen.collected_on)
        specimen.procedure = row["procedure"].lower() or specimen.procedure
        specimen.tissue = row["tissue"][:80] or specimen.tissue
        specimen.collected_on = _date(row["collected_on"]) or specimen.collected_on
        if row["specimen"] not in known:
            fresh.append(specimen)
        elif before != (specimen.procedure, specimen.tissue, specimen.collected_on):
            specimen.save()
    made = {specimen.label: specimen for specimen in Specimen.objects.bulk_create(fresh)}
    return {row["specimen"]: known.get(row["specimen"]) or made[row["specimen"]] for row in rows}


def specimens_of_columns(study: Study, patients: dict[str, Patient]) -> dict[str, Specimen]:
    """A specimen per label, made where it is new."""
    have = {s.label: s for s in Specimen.objects.filter(study=study, label__in=patients)}
    fresh = [
        Specimen(patient=patient, label=label)
        for label, patient in patients.items()
        if label not in have
    ]
    return have | {specimen.label: specimen for specimen in Specimen.objects.bulk_create(fresh)}


def specimens_choose(specimens: Iterable[Any]) -> None:
    """One specimen with RNA speaks for a patient; a choice that was made stays."""
    by_patient: dict[int, list[Any]] = defaultdict(list)
    for specimen in specimens:
        by_patient[specimen.patient_id].append(specimen)
    chosen = [min(several, key=_rank) for several in by_patient.values()]
    SpecimenChoice.objects.bulk_create(
        [
            SpecimenChoice(
                patient=specimen.patient, specimen=specimen, purpose=RNA, rule=CHOICE_RULE
            )
            for specimen in chosen
        ],
        ignore_conflicts=True,
    )


def _rank(specimen: Specimen) -> tuple[int, str, str]:
    order = {"resection": 0, "unknown": 1, "biopsy": 2}
    return order[specimen.procedure], str(specimen.collected_on or "9999"), specimen.label
