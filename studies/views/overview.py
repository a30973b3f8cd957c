"""The studies I may see, and one of them at a glance."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studies import homes, overviews
from studies.models import Study
from studies.services import visit_mark

from .doors import study_page


@login_required
def study_list(request: HttpRequest) -> HttpResponse:
    return render(request, "studies/list.html", {"cards": overviews.study_cards(request.user)})


@study_page()
def study_overview(request: HttpRequest, study: Study) -> HttpResponse:
    visit_mark(study, request.user)
    context = {"study": study, **homes.home_of(request.user, study)}
    return render(request, "studies/overview.html", context)
