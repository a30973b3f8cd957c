"""How RNA stands, for the study's page and the patient's."""

from __future__ import annotations

from typing import Any

import pandas as pd
from django.urls import reverse

from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.methods.phenotype import standardise
from genomics.models import CellAbundance, Phenotype
from genomics.selectors import (
    CLUSTERED,
    abundance_table,
    fit_current,
    fit_is_stale,
    phenotype_table,
    scores_of,
    slides_are_stale,
)
from studies.access import sees_all_sites
from studies.models import BatchState, ImportBatch, Patient, Study
from studies.registry import StageState

OF_BATCH: dict[str, str] = {
    BatchState.RECEIVED: "running",
    BatchState.RUNNING: "running",
    BatchState.FAILED: "failed",
    BatchState.ERRORED: "failed",
}


def genomics_stage(study: Study, user: Any) -> StageState:
    """Patients with RNA, and their labels, as far as the user's rows reach."""
    url = reverse("genomics:phenotype", args=[study.uid])
    rows = CellAbundance.objects.filter(study=study, signature__name=CLUSTERED)
    measured = rows.values("patient_id").distinct().count()
    if not measured and not sees_all_sites(user, study):
        return StageState("empty", "No RNA of the patients that you see", "", url)
    if not measured:
        newest = ImportBatch.objects.filter(study=study, kind="expression_matrix").first()
        state = OF_BATCH.get(newest.state, "empty") if newest else "empty"
        return StageState(state, "No RNA yet", "Upload the expression matrix.", url)
    fit = fit_current(study)
    if fit is None:
        return StageState(
            "partial", f"RNA of {measured} patients", "Fit the immune phenotype.", url
        )
    labels = phenotype_table(study, as_found=True)
    counts = ", ".join(f"{n} {label}" for label, n in labels["label"].value_counts().items())
    detail = f"fit {fit.number} on {fit.n_training} development patients, {len(labels)} labelled"
    if sees_all_sites(user, study) and fit_is_stale(fit):
        return StageState("stale", counts, f"{detail}; the RNA of training has changed", url)
    if sees_all_sites(user, study) and slides_are_stale(study):
        return StageState("stale", counts, f"{detail}; slides were scored anew since", url)
    return StageState("ready", counts, detail, url)


def patient_panel(patient: Patient) -> dict[str, Any]:
    """Labels of one patient, and abundances in SD of the development cohort."""
    fit = fit_current(patient.study)
    rows = (
        Phenotype.objects.filter(patient=patient)
        .select_related("fit")
        .defer("fit__fit")
        .order_by("-stated_at", "-id")
    )
    labels = {row.source: row for row in reversed(rows) if row.fit in (None, fit)}
    table = abundance_table(patient.study) if fit else pd.DataFrame()
    cells = []
    if fit and patient.pk in table.index:
        frozen = Fit.from_dict(fit.fit)
        z = standardise(frozen, scores_of(table.loc[[patient.pk]]))[0]
        cells = sorted(zip(frozen.cell_types, z.tolist(), strict=True), key=lambda c: -c[1])
    return {"labels": [labels[source] for source in sorted(labels)], "cells": cells}
