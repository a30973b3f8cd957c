"""Sequencing batches and their correction."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from genomics import batches_page
from genomics.models import BatchCorrection
from studies import access
from studies.models import Study
from studies.views.doors import study_page

from .drawn import drawn


@study_page("rows")
def batches(request: HttpRequest, study: Study) -> HttpResponse:
    cohorts, counts = batches_page.batch_counts(request.user, study)
    rows = BatchCorrection.objects.filter(study=study).select_related("study")
    corrections = [(row, batches_page.correction_figure(request.user, row)) for row in rows]
    context = {"study": study, "cohorts": cohorts, "counts": counts, "corrections": corrections}
    rights = access.rights_of(request.user, study)
    context |= {"may_download": "download" in rights, "may_enter": "enter" in rights}
    return render(request, "genomics/batches.html", context)


@study_page("rows")
def correction_figure(
    request: HttpRequest, study: Study, correction_uid: UUID, form: str
) -> HttpResponse:
    rows = BatchCorrection.objects.select_related("study")
    row = get_object_or_404(rows, study=study, uid=correction_uid)
    return drawn(request, study, batches_page.correction_figure(request.user, row), form)
