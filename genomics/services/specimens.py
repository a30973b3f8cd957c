"""Columns of a matrix as specimens of patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from genomics.selectors import RNA
from studies.consents import GENOMICS, refusals
from studies.methods.problems import DataProblem, Notice, Problem
from studies.models import Patient, Specimen, SpecimenChoice, Study
from studies.selectors import patients_by_pseudonym

CHOICE_RULE = "resection before biopsy, then the earliest, then by label"


def patients_of_columns(
    study: Study, labels: Sequence[str], filename: str, leave_out: bool
) -> tuple[dict[str, Patient], list[Notice]]:
    """The patient of each label: ``pseudonym``, ``pseudonym-T1``, or a specimen known already.

    Columns of nobody in the study are refused, all at once, or left out with a notice.
    """
    patients = patients_by_pseudonym(study)
    known = {
        specimen.label: specimen.patient
        for specimen in Specimen.objects.filter(study=study).select_related("patient")
    }
    found = {label: known.get(label) or _by_pseudonym(label, patients) for label in labels}
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
    if not strangers:
        return mine, []
    shown = ", ".join(strangers[:12]) + (" and more" if len(strangers) > 12 else "")
    text = (
        f"{len(strangers)} columns of no patient of the study, or of no consent, left out: {shown}."
    )
    return mine, [Notice("columns_left_out", text)]


def _by_pseudonym(label: str, patients: dict[str, Patient]) -> Patient | None:
    """The longest pseudonym that the label is, or begins with before a hyphen."""
    stem = label
    while stem:
        if stem in patients:
            return patients[stem]
        stem = stem.rpartition("-")[0]
    return None


def _stranger(
    label: str, filename: str, patient: Patient | None, refused: dict[int, str]
) -> Problem:
    if patient is not None:
        remedy = "Record the consent first, or remove the column."
        found = f"{label}: {refused[patient.pk]}"
        return Problem(filename, found, "a patient whose tissue may be used", remedy, 1, label)
    return Problem(
        filename,
        label,
        "a pseudonym of the study, alone or followed by - and the specimen's number",
        "Upload the cohort table first, rename the column, or remove it.",
        row=1,
        column=label,
    )


def specimens_of_columns(study: Study, patients: dict[str, Patient]) -> dict[str, Specimen]:
    """A specimen per label, made where it is new."""
    have = {s.label: s for s in Specimen.objects.filter(study=study, label__in=patients)}
    fresh = [
        Specimen(patient=patient, label=label)
        for label, patient in patients.items()
        if label not in have
    ]
    return have | {specimen.label: specimen for specimen in Specimen.objects.bulk_create(fresh)}


def choose_specimens(specimens: Iterable[Any]) -> None:
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
