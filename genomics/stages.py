"""How RNA stands, for the study's page and the patient's."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from genomics.models import CellAbundance
from genomics.selectors import (
    CLUSTERED,
    fit_current,
    fit_is_stale,
    phenotype_table,
    slides_are_stale,
)
from studies.access import sees_all_sites
from studies.models import BatchState, ImportBatch, Study
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
