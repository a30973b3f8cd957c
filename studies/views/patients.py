"""Patients: the list by pseudonym, and one on a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from studies import (
    access,
    courses,
    overviews,
    registry,
    timelines,
    variable_filters,
)
from studies.filters import PatientFilter, chips, condition_chips, variable_lines
from studies.models import Patient, QueryState, Study
from studies.paging import page_by_key
from studies.tables import PATIENT_COLUMNS, PatientTable

from .doors import has_read, study_page


@study_page("rows")
def patient_list(request: HttpRequest, study: Study) -> HttpResponse:
    if request.method == "POST":
        return _remember_search(request, study)
    search, narrowed = _narrowed(request, study)
    dates = "identifiers" in access.rights_of(request.user, study)
    variables = variable_filters.variables_of(study, dates)
    conditions = variable_filters.conditions_of(request.GET, variables)
    cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
    rows = variable_filters.narrowed(narrowed.qs, conditions)
    page = page_by_key(rows, "pseudonym", **cursor)
    has_read(request, PATIENT_COLUMNS, len(page.rows))
    context = {
        "study": study,
        "page": page,
        "table": PatientTable(page.rows, study=study),
        "filter": narrowed,
        "search": search,
        "chips": [*chips(narrowed), *condition_chips(request.GET, conditions)],
        "narrowed": bool(search or narrowed.form.changed_data or conditions),
        "wrong": [condition.wrong for condition in conditions if condition.wrong],
        "lines": variable_lines(request.GET, variables),
        "operators": variable_filters.OPERATORS.items(),
        "scope": overviews.scope_of(request.user, study),
        "may_download": "download" in access.rights_of(request.user, study),
    }
    return render(request, "studies/patients.html", context)


@study_page("rows")
def patient_page(request: HttpRequest, study: Study, patient_uid: UUID) -> HttpResponse:
    mine = overviews.patients_of(request.user, study).select_related("site", "study")
    patient = get_object_or_404(mine.prefetch_related(*courses.FACTS), uid=patient_uid)
    rights = access.rights_of(request.user, study)
    dates = "identifiers" in rights
    endpoints = courses.endpoints_of(patient)
    context = {
        "study": study,
        "patient": patient,
        "may_enter": {"enter", "identifiers"} <= rights,
        "may_comment": "comment" in rights,
        "queries": patient.queries.exclude(state=QueryState.CLOSED).count(),
        "dates": dates,
        "cohorts": patient.cohort_memberships.select_related("cohort").order_by("cohort_id"),
        "endpoints": endpoints,
        "drawing": timelines.timeline_of(patient, endpoints),
        "forms": courses.forms_of(patient, dates),
        "timeline": courses.course_of(patient, dates),
        "lesions": patient.lesions.order_by("number"),
        "specimens": patient.specimens.order_by("label"),
        "panels": _panels(patient),
    }
    return render(request, "studies/patient.html", context)


def _panels(patient: Patient) -> list[dict[str, Any]]:
    return [
        {"title": panel.title, "template": panel.template, "context": panel.context(patient)}
        for panel in registry.patient_panels()
    ]


def _search_key(study: Study) -> str:
    return f"patients:{study.uid}"


def _remember_search(request: HttpRequest, study: Study) -> HttpResponse:
    """Kept in the session: no pseudonym ever stands in a URL."""
    search = request.POST.get("search", "").replace("\0", "").strip()[:64]
    request.session[_search_key(study)] = search
    mine = overviews.patients_of(request.user, study)
    exact = mine.filter(pseudonym=search).first() if search else None
    if exact:
        request.session[_search_key(study)] = ""
        return redirect("studies:patient", study.uid, exact.uid)
    return redirect("studies:patients", study.uid)


def _narrowed(request: HttpRequest, study: Study) -> tuple[str, PatientFilter]:
    search = request.session.get(_search_key(study), "")
    mine = overviews.patients_of(request.user, study)
    if search.startswith("*"):
        mine = mine.filter(pseudonym__contains=search[1:])
    elif search:
        mine = mine.filter(pseudonym__startswith=search)
    mine = mine.select_related("site").prefetch_related("cohort_memberships__cohort", "treatments")
    return search, PatientFilter(request.GET, mine, study=study, user=request.user)
