"""Sequencing batches and their correction."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from genomics import batches_page
from genomics.drawings import CORRECTION
from genomics.models import BatchCorrection
from studies import access
from studies.models import Study
from studies.views.doors import study_page


@study_page("rows")
def batches(request: HttpRequest, study: Study) -> HttpResponse:
    cohorts, counts = batches_page.batch_counts(request.user, study)
    corrections = BatchCorrection.objects.filter(study=study)
    context = {"study": study, "cohorts": cohorts, "counts": counts, "corrections": corrections}
    context["page_drawn"] = CORRECTION
    rights = access.rights_of(request.user, study)
    context |= {"may_download": "download" in rights, "may_enter": "enter" in rights}
    return render(request, "genomics/batches.html", context)
