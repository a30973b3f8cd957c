"""Cohorts: role, use, who is in by site."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studies import access, overviews
from studies.models import Study

from .doors import study_page


@study_page()
def cohort_list(request: HttpRequest, study: Study) -> HttpResponse:
    sites, rows = overviews.cohort_rows(request.user, study)
    one_site = not access.sees_all_sites(request.user, study)
    context = {"study": study, "sites": sites, "cohorts": rows}
    context["one_site"] = ", ".join(site.name for site in sites) if one_site else ""
    return render(request, "studies/cohorts.html", context)
