"""The studies I may see, and one of them at a glance."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studies import access, overviews
from studies.models import Study

from .doors import study_page


@login_required
def study_list(request: HttpRequest) -> HttpResponse:
    return render(request, "studies/list.html", {"cards": overviews.study_cards(request.user)})


@study_page()
def study_overview(request: HttpRequest, study: Study) -> HttpResponse:
    stages = overviews.stages_with_steps(request.user, study)
    return render(
        request,
        "studies/overview.html",
        {
            "study": study,
            "stages": stages,
            "done": sum(stage.state.state == "ready" for stage in stages),
            "sites": overviews.sites_of(study),
            "part": overviews.part_of(request.user, study),
            "patients": overviews.patients_of(request.user, study).count(),
            "readable": access.reads_names(request.user, study),
            "jobs": overviews.latest_jobs(study),
            "batches": overviews.latest_batches(study),
        },
    )
