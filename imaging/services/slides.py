"""Densities handed in: all checked, then written, or refused with every problem."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import transaction

from imaging.methods.density_table import Density, DensityTable, read_density_table
from imaging.methods.immunoscore import COLUMNS
from imaging.models import CellDensity
from imaging.selectors.slides import (
    SLIDES,
    density_table,
    specimens_by_label,
)
from imaging.services.profiles import profile_of_batch
from studies.consents import GENOMICS, refusals
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import marked, say
from studies.models import ImportBatch, Job, Patient, Specimen, SpecimenChoice, Study
from studies.selectors import patients_by_former, patients_by_pseudonym, said_former
from studies.services import file_read

CHOICE_RULE = "four densities before fewer, resection before biopsy, then by label"


def densities_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check a table of densities, then write it in one transaction, or refuse all of it.

    Raises
    ------
    DataProblem
        Every problem of the file, and every line of nobody or of another's specimen.
    """
    if CellDensity.objects.filter(batch=batch).exists():  # taken up again after its commit
        batch.mark_ready(batch.summary, batch.notices)
        return dict(batch.summary)
    progress(0, 3, say("reading the densities"))
    profile = profile_of_batch(batch)
    table = read_density_table(file_read(batch.file), batch.filename, profile)
    progress(1, 3, say("comparing with the study"))
    patients, known = patients_by_pseudonym(batch.study), specimens_by_label(batch.study)
    table = _with_patients(table, known)
    problems = list(_former(table, patients_by_former(batch.study), batch.filename))
    problems = problems or list(_strangers(table, patients, known, batch.filename))
    problems += _unconsented(table, patients, batch)
    if problems:
        raise DataProblem(problems)
    progress(2, 3, say("writing {n} densities", n=len(table.rows)))
    with transaction.atomic():
        specimens = _specimens(table, patients, known)
        CellDensity.objects.bulk_create(
            _row(row, specimens[row.specimen], batch) for row in table.rows
        )
        specimens_choose(batch.study, specimens.values())
        summary = _summary(table)
        batch.mark_ready(summary, table.notices)
    progress(3, 3, "done")
    return summary


def _with_patients(table: DensityTable, known: dict[str, Specimen]) -> DensityTable:
    """Lines that leave the patient out take the one whose specimen it is."""

    def named(row: Density) -> Density:
        if row.pseudonym or row.specimen not in known:
            return row
        return replace(row, pseudonym=known[row.specimen].patient.pseudonym)

    return replace(table, rows=tuple(named(row) for row in table.rows))


def _former(table: DensityTable, former: dict[str, Patient], name: str) -> Iterable[Problem]:
    """Lines under a pseudonym that was corrected since."""
    for row in table.rows:
        if now := former.get(row.pseudonym):
            yield Problem(name, said_former(row.pseudonym, now), "the pseudonym of today",
                          say("Write {pseudonym}.", pseudonym=now.pseudonym), row.row,
                          "patient_id")  # fmt: skip


def _strangers(
    table: DensityTable, patients: dict[str, Patient], known: dict[str, Specimen], name: str
) -> Iterable[Problem]:
    for row in table.rows:
        specimen = known.get(row.specimen)
        if row.pseudonym not in patients:
            yield Problem(
                name,
                row.pseudonym
                or say("specimen {specimen}, which nobody has", specimen=row.specimen),
                "a pseudonym of the study, or a specimen that it knows",
                "Upload the cohort table first, or correct the pseudonym or label.",
                row.row,
                "patient_id",
            )
        elif specimen is not None and specimen.patient.pseudonym != row.pseudonym:
            yield Problem(
                name,
                say("{specimen}, which is another patient's", specimen=row.specimen),
                say("a specimen of {pseudonym}", pseudonym=row.pseudonym),
                "Correct the label.",
                row.row,
                "specimen",
            )


def _unconsented(
    table: DensityTable, patients: dict[str, Patient], batch: ImportBatch
) -> Iterable[Problem]:
    """Lines of patients whose tissue may not be used."""
    refused = refusals(batch.study, GENOMICS)
    for row in table.rows:
        patient = patients.get(row.pseudonym)
        if patient is not None and patient.pk in refused:
            expected = marked("a patient whose tissue may be used")
            remedy = marked("Record the consent first, or take the line out.")
            yield Problem(
                batch.filename,
                say("{who}: {why}", who=row.pseudonym, why=say(refused[patient.pk])),
                expected,
                remedy,
                row.row,
                "patient_id",
            )


def _specimens(
    table: DensityTable, patients: dict[str, Patient], known: dict[str, Specimen]
) -> dict[str, Specimen]:
    """A specimen per label, made where it is new; a procedure that was unknown is filled in."""
    first = {row.specimen: row for row in reversed(table.rows)}
    fresh = [
        Specimen(patient=patients[row.pseudonym], label=label, procedure=row.procedure)
        for label, row in first.items()
        if label not in known
    ]
    for label, row in first.items():
        specimen = known.get(label)
        if specimen and specimen.procedure == "unknown" != row.procedure:
            specimen.procedure = row.procedure
            specimen.save(update_fields=["procedure"])
    made = {specimen.label: specimen for specimen in Specimen.objects.bulk_create(fresh)}
    return {label: made.get(label) or known[label] for label in first}


def _row(row: Density, specimen: Specimen, batch: ImportBatch) -> CellDensity:
    return CellDensity(
        patient=specimen.patient,
        specimen=specimen,
        batch=batch,
        source_row=row.row,
        marker=row.marker,
        region=row.region,
        per_mm2=row.per_mm2,
        as_entered=row.as_entered,
        unit=row.unit,
        working=row.working,
    )


def specimens_choose(study: Study, specimens: Iterable[Any]) -> None:
    """One specimen with slides speaks for a patient; a choice that was made stays."""
    measured = density_table(study)[list(COLUMNS)].notna().sum(axis=1)
    order = {"resection": 0, "unknown": 1, "biopsy": 2}
    by_patient: dict[int, list[Any]] = defaultdict(list)
    for specimen in specimens:
        by_patient[specimen.patient_id].append(specimen)
    chosen = [
        min(several, key=lambda s: (-measured.get(s.pk, 0), order[s.procedure], s.label))
        for several in by_patient.values()
    ]
    SpecimenChoice.objects.bulk_create(
        [
            SpecimenChoice(patient=s.patient, specimen=s, purpose=SLIDES, rule=CHOICE_RULE)
            for s in chosen
        ],
        ignore_conflicts=True,
    )


def _summary(table: DensityTable) -> dict[str, Any]:
    specimens = {row.specimen for row in table.rows}
    per_specimen = Counter(row.specimen for row in table.rows)
    return {
        "densities": len(table.rows),
        "specimens": len(specimens),
        "patients": len({row.pseudonym for row in table.rows}),
        "with all four": sum(n == len(COLUMNS) for n in per_specimen.values()),
    }
