"""The bell, the tour and saved views: what the product keeps for one person."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import desks
from studies.languages import sentence
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.services import bell_told, tour_hide, view_delete, view_save

from .doors import study_page


@login_required
def bell(request: HttpRequest) -> HttpResponse:
    """The list; what it shows is seen from now on."""
    jobs = desks.jobs_of(request.user)
    answer = render(request, "studies/bell.html", {"jobs": jobs})
    bell_told(request.user, {job.study for job in jobs if job.has_ended})
    return answer


@login_required
def bell_live(request: HttpRequest) -> HttpResponse:
    return render(request, "_partials/bell.html", {"bell": desks.bell_of(request.user)})


@require_POST
@study_page()
def tour_end(request: HttpRequest, study: Study) -> HttpResponse:
    tour_hide(study, request.user)
    return redirect("studies:overview", study.uid)


@require_POST
@study_page()
def view_new(request: HttpRequest, study: Study) -> HttpResponse:
    """Keep a list's filters, order and columns under a name."""
    page, query = request.POST.get("page", ""), request.POST.get("query", "")
    try:
        address = reverse(page, args=[study.uid])
    except NoReverseMatch:
        return redirect("studies:overview", study.uid)
    try:
        view = view_save(study, request.user, page, request.POST.get("name", ""), query)
        messages.success(request, _("Kept as {name}.").format(name=view.name))
    except DataProblem as refusal:
        messages.error(request, sentence(refusal.problems[0]))
    return redirect(f"{address}?{query}")


@require_POST
@study_page()
def view_drop(request: HttpRequest, study: Study, view_uid: UUID) -> HttpResponse:
    page = view_delete(study, request.user, view_uid)
    return redirect(page or "studies:overview", study.uid)
