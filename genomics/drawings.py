"""The figures of genomics that a job draws: what each is drawn from, and how."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pandas as pd

from genomics import batches_page, overviews, quality_page
from genomics.models import BatchCorrection, ExpressionColumn, ExpressionMatrix
from genomics.selectors import (
    BESIDE,
    CLUSTERED,
    MARKERS,
    abundance_digests,
    batch_of_specimens,
    fit_current,
    fit_in_force,
    phenotype_table,
)
from studies import registry
from studies.figures.figure import Figure
from studies.methods.wording import marked
from studies.models import Patient, Study
from studies.registry import DrawnPage, PageInputs
from studies.services import patients_shown

PHENOTYPE, QUALITY, CORRECTION = "genomics:phenotype", "genomics:quality", "genomics:correction"
SCORES = ((CLUSTERED, "ssgsea"), (BESIDE, "ssgsea"), (MARKERS, "mcpcounter"))
Said = dict[str, Any]


def _visible(user: Any, study: Study) -> Any:
    return Patient.objects.visible_to(user).filter(study=study)


def _rows(table: pd.DataFrame, patients: dict[int, int]) -> list[list[str]]:
    """Lines of a table by patient as texts: the patients shown, in their order."""
    mine = table[table.index.isin(patients)].sort_index()
    return [[str(cell) for cell in row] for row in mine.itertuples()]


def _read_phenotype(study: Study, user: Any, subject: str) -> PageInputs | None:
    fit = fit_in_force(study)
    labels = phenotype_table(study, as_found=True)[["label", "core", "in_training", "digest"]]
    scores = abundance_digests(study, *SCORES)
    densities = registry.facts("marker_densities", study)
    wanted = set(labels.index) if fit else set()
    with_both = {patient for patient, found in scores.items() if SCORES[2] in found}
    patients = patients_shown(_visible(user, study), wanted | (with_both & set(densities)))
    if not patients:
        return None
    known = [[scores.get(p, {}).get(one, "") for one in SCORES] for p in patients]
    stained = [str(sorted(densities.get(patient, {}).items())) for patient in patients]
    about = _rows(overviews.about_patients(study), patients)
    digest = fit.digest if fit else ""
    return PageInputs((digest, _rows(labels, patients), known, stained, about), patients)


def _draw_phenotype(study: Study, user: Any, subject: str) -> tuple[list[Figure], Said]:
    fit = fit_current(study)
    agreement = overviews.agreement_of(user, study)
    figures = overviews.figures_of(user, study, fit) if fit else []
    shift = overviews.shift_of(user, study, fit) if fit else []
    said = {"shift": [notice.as_dict() for notice in shift]}
    return [*figures, *([agreement] if agreement else [])], said


def _matrix(study: Study, subject: str) -> ExpressionMatrix:
    rows = ExpressionMatrix.objects.select_related("study", "batch", "correction")
    return rows.get(study=study, uid=UUID(subject))


def _read_quality(study: Study, user: Any, subject: str) -> PageInputs | None:
    matrix = _matrix(study, subject)
    table = quality_page.quality_table(user, matrix)
    if table.empty:
        return None
    patients = patients_shown(_visible(user, study), set(table["patient_id"]))
    lines = [[str(cell) for cell in row] for row in table.drop(columns="patient").to_numpy()]
    return PageInputs((lines, matrix.quality.get("explained", [])), patients)


def _draw_quality(study: Study, user: Any, subject: str) -> tuple[list[Figure], Said]:
    matrix = _matrix(study, subject)
    table = quality_page.quality_table(user, matrix)
    return quality_page.quality_figures(matrix, table), {}


def _read_correction(study: Study, user: Any, subject: str) -> PageInputs | None:
    rows = ExpressionColumn.objects.visible_to(user).filter(
        matrix__correction__uid=UUID(subject), study=study, quality__has_key="before"
    )
    found = list(rows.order_by("pk").values_list("pk", "patient_id", "specimen_id"))
    if not found:
        return None
    patients = patients_shown(_visible(user, study), {patient for _, patient, _ in found})
    known = batch_of_specimens(study)
    batches = [[pk, known.get(specimen, "")] for pk, _, specimen in found]
    return PageInputs(
        (subject, batches, _rows(overviews.about_patients(study), patients)), patients
    )


def _draw_correction(study: Study, user: Any, subject: str) -> tuple[list[Figure], Said]:
    row = BatchCorrection.objects.select_related("study").get(study=study, uid=UUID(subject))
    figure = batches_page.correction_figure(user, row)
    return ([figure] if figure else []), {}


PAGES = (
    DrawnPage(
        PHENOTYPE,
        marked("Immune phenotype"),
        _read_phenotype,
        _draw_phenotype,
        "genomics/_shift.html",
    ),
    DrawnPage(QUALITY, marked("Quality of a matrix"), _read_quality, _draw_quality),
    DrawnPage(
        CORRECTION, marked("Batch correction"), _read_correction, _draw_correction, plain=True
    ),
)
