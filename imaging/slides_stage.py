"""How the slides stand, for the study's page and the patient's."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imaging.models import CellDensity
from imaging.selectors.slides import immunoscore_table, rule_current, rule_is_stale
from studies.access import sees_all_sites, visible
from studies.languages import spoken
from studies.models import BatchState, ImportBatch, Study
from studies.registry import StageState

OF_BATCH: dict[str, str] = {
    BatchState.RECEIVED: "running",
    BatchState.RUNNING: "running",
    BatchState.FAILED: "failed",
    BatchState.ERRORED: "failed",
}


def slides_stage(study: Study, user: Any) -> StageState:
    """Patients with densities, and their scores, as far as the user's rows reach."""
    url = reverse("imaging:slides", args=[study.uid])
    measured = CellDensity.objects.filter(study=study).values("patient_id").distinct().count()
    if not measured:
        batches = visible(ImportBatch.objects.filter(kind="cell_densities"), user, study)
        newest = batches.first()
        state = OF_BATCH.get(newest.state, "empty") if newest else "empty"
        return StageState(state, _("No densities yet"), _("Upload the cell densities."), url)
    rule = rule_current(study)
    if rule is None:
        headline = ngettext(
            "Densities of {n} patient", "Densities of {n} patients", measured
        ).format(n=measured)
        return StageState("partial", headline, _("Compute the Immunoscore."), url)
    table = immunoscore_table(study)
    scored, high = int(table["score"].notna().sum()), int(table["high"].fillna(False).sum())
    detail = _("{rule}, {high} high (3-4); {without} without a score").format(
        rule=spoken(str(rule)), high=high, without=len(table) - scored
    )
    headline = ngettext("Immunoscore of {n} patient", "Immunoscore of {n} patients", scored).format(
        n=scored
    )
    if sees_all_sites(user, study) and rule_is_stale(rule):
        told = _("{detail}; the reference has changed").format(detail=detail)
        return StageState("stale", headline, told, url)
    return StageState("ready", headline, detail, url)
