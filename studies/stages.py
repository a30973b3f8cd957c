"""How the cohort stands, for the study's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.urls import reverse

from studies.models import BatchState, CohortMember, ImportBatch, Study
from studies.registry import StageState


def cohort_stage(study: Study, user: Any) -> StageState:
    """Patients per cohort, as far as the user's rows reach."""
    url = reverse("studies:cohorts", args=[study.uid])
    counts = (
        CohortMember.objects.filter(study=study)
        .values_list("cohort__name")
        .annotate(n=Count("patient_id"))
        .order_by("cohort_id")
    )
    newest = ImportBatch.objects.filter(study=study, kind="cohort_table").first()
    if not counts:
        state = {BatchState.FAILED: "failed", BatchState.RUNNING: "running"}.get(
            newest.state if newest else "", "empty"
        )
        return StageState(state, "No patients yet", "Upload the cohort table first.", url)
    detail = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts)
    return StageState("ready", f"{sum(n for _, n in counts)} patients in cohorts", detail, url)
