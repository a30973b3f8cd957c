"""How RNA stands, for the study's page and the patient's."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from genomics.models import CellAbundance
from genomics.selectors import (
    CLUSTERED,
    abundances_are_outdated,
    fit_current,
    fit_is_stale,
    phenotype_table,
    slides_are_stale,
)
from studies.access import sees_all_sites, visible
from studies.languages import spoken
from studies.methods.wording import listed, say
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
        return StageState("empty", _("No RNA of the patients that you see"), "", url)
    if not measured:
        batches = visible(ImportBatch.objects.filter(kind="expression_matrix"), user, study)
        newest = batches.first()
        state = OF_BATCH.get(newest.state, "empty") if newest else "empty"
        return StageState(state, _("No RNA yet"), _("Upload the expression matrix."), url)
    fit = fit_current(study)
    if fit is None:
        told = ngettext("RNA of {n} patient", "RNA of {n} patients", measured).format(n=measured)
        return StageState("partial", told, _("Fit the immune phenotype."), url)
    labels = phenotype_table(study, as_found=True)
    counted = labels["label"].value_counts().items()
    counts = spoken(listed(say("{n} {label}", n=n, label=say(label)) for label, n in counted))
    detail = _("fit {number} on {n} development patients, {labelled} labelled").format(
        number=fit.number, n=fit.n_training, labelled=len(labels)
    )
    if sees_all_sites(user, study) and abundances_are_outdated(study):
        told = _("{detail}; abundances are of an earlier version of the method").format(
            detail=detail
        )
        return StageState("stale", counts, told, url)
    if sees_all_sites(user, study) and fit_is_stale(fit):
        told = _("{detail}; the RNA of training has changed").format(detail=detail)
        return StageState("stale", counts, told, url)
    if sees_all_sites(user, study) and slides_are_stale(study):
        told = _("{detail}; slides were scored anew since").format(detail=detail)
        return StageState("stale", counts, told, url)
    return StageState("ready", counts, detail, url)
