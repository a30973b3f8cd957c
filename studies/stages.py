"""How the cohort stands, for the study's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studies import access
from studies.languages import spoken
from studies.methods.wording import listed, say
from studies.models import BatchState, CohortMember, ImportBatch, Study
from studies.registry import StageState
from studies.value_words import word_of


def cohort_stage(study: Study, user: Any) -> StageState:
    """Patients per cohort, as far as the user's rows reach."""
    url = reverse("studies:cohorts", args=[study.uid])
    counts = (
        CohortMember.objects.filter(study=study)
        .values_list("cohort__name")
        .annotate(n=Count("patient_id"))
        .order_by("cohort_id")
    )
    newest = access.visible(ImportBatch.objects.filter(kind="cohort_table"), user, study).first()
    if not counts:
        state = {BatchState.FAILED: "failed", BatchState.RUNNING: "running"}.get(
            newest.state if newest else "", "empty"
        )
        return StageState(state, _("No patients yet"), _("Upload the cohort table first."), url)
    detail = spoken(listed(say("{cohort} {n}", cohort=word_of(name), n=n) for name, n in counts))
    total = sum(n for name, n in counts)
    told = ngettext("{n} patient in cohorts", "{n} patients in cohorts", total)
    return StageState("ready", told.format(n=total), detail, url)
