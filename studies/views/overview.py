"""The studies I may see, and one of them at a glance."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studies import overviews
from studies.models import Study

from .doors import study_page


@login_required
def study_list(request: HttpRequest) -> HttpResponse:
    return render(request, "studies/list.html", {"cards": overviews.study_cards(request.user)})


@study_page()
def study_overview(request: HttpRequest, study: Study) -> HttpResponse:
    context = {"study": study, **overviews.at_a_glance(request.user, study)}
    return render(request, "studies/overview.html", context)
