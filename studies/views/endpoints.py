"""How the endpoints are defined: every version of each rule, in words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studies import overviews
from studies.models import Study

from .doors import study_page


@study_page()
def endpoint_list(request: HttpRequest, study: Study) -> HttpResponse:
    context = {"study": study, "definitions": overviews.endpoint_rules(study)}
    return render(request, "studies/endpoints.html", context)
