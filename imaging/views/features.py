"""Extractor versions and how far their features reach."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from imaging.stages import extractor_versions, features_stage
from studies.models import Study
from studies.views.doors import study_page


@study_page("aggregates")
def feature_page(request: HttpRequest, study: Study) -> HttpResponse:
    return render(request, "imaging/features.html", {
        "study": study,
        "versions": extractor_versions(study),
        "state": features_stage(study, request.user),
    })  # fmt: skip
