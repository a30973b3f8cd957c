"""Patients: the list by pseudonym, and one on a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from studies import (
    access,
    courses,
    endpoint_words,
    lesion_courses,
    registry,
    scopes,
    services,
    timelines,
    variable_filters,
)
from studies.filter_chips import condition_chips, variable_lines
from studies.filters import PatientFilter, SpecimenFilter
from studies.forms import PatientForm, refuse_in
from studies.listings import PATIENTS, SPECIMENS
from studies.lists import list_response, search_address, search_of
from studies.methods.problems import DataProblem
from studies.methods.wording import english
from studies.models import Patient, PatientStatus, QueryState, Specimen, Study
from studies.patient_queries import LINES, patients_found
from studies.sealed import searched
from studies.selectors import with_former_names
from studies.value_words import word_of

from .doors import study_page

PLACES = {"petct": "top", "rna": "top", "participation": "below"}  # of panels; else at the side


@study_page("rows")
def patient_list(request: HttpRequest, study: Study) -> HttpResponse:
    if exact := _exact(request, study):
        return redirect("studies:patient", study.uid, exact.uid)
    if away := search_address(request, study, names_patients=True):
        return redirect(away)
    search, narrowed = _narrowed(request, study)
    rights = access.rights_of(request.user, study)
    dates = "identifiers" in rights
    variables = variable_filters.variables_of(study, dates)
    conditions = variable_filters.conditions_of(request.GET, variables)
    met = variable_filters.narrowed(narrowed.qs, study, conditions)
    context = {
        "filter": narrowed,
        "search": search,
        "wrong": [condition.wrong for condition in conditions if condition.wrong],
        "lines": variable_lines(request.GET, variables),
        "operators": variable_filters.OPERATORS.items(),
        "scope": scopes.scope_of(request.user, study),
        "may_download": bool(access.sites_giving(request.user, study, "rows", "download")),
        "may_enter": "enter" in rights,
    }
    return list_response(
        request,
        study,
        PATIENTS,
        met.rows,
        "studies/patients.html",
        context,
        counted=met.counted,
        narrowed=narrowed,
        more_chips=condition_chips(request.GET, conditions),
        more_names=LINES,
    )


@study_page("rows")
def specimen_list(request: HttpRequest, study: Study) -> HttpResponse:
    rows = access.visible(Specimen.objects.all(), request.user, study)
    narrowed = SpecimenFilter(request.GET, rows, study=study, user=request.user)
    found = narrowed.qs.select_related("patient", "site", "lesion")
    context = {"scope": scopes.scope_of(request.user, study)}
    return list_response(
        request, study, SPECIMENS, found, "studies/specimens.html", context, narrowed=narrowed
    )


@study_page("enter")
def patient_new(request: HttpRequest, study: Study) -> HttpResponse:
    """A patient typed in, not uploaded: made, then straight to the empty form."""
    sent = request.POST if request.method == "POST" else None
    form = PatientForm(sent, sites=scopes.sites_entered(request.user, study))
    if form.is_valid():
        try:
            patient = services.patient_new(study, request.user, **form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(
                request,
                _("{pseudonym} is {status}.").format(
                    pseudonym=patient.pseudonym, status=word_of(patient.status)
                ),
            )
            return redirect(_first_page(request.user, patient))
    return render(request, "studies/patient_new.html", {"study": study, "form": form})


def _first_page(user: Any, patient: Patient) -> str:
    """The form to fill in, for who may see its dates."""
    if access.holds_at(user, patient, "rows", "identifiers"):
        return reverse("studies:entry", args=[patient.study.uid, patient.uid, "baseline"])
    return reverse("studies:patients", args=[patient.study.uid])


@study_page("rows")
def patient_page(request: HttpRequest, study: Study, patient_uid: UUID) -> HttpResponse:
    mine = scopes.patients_of(request.user, study).select_related("site", "study")
    whole = with_former_names(mine).prefetch_related(*courses.FACTS)
    patient: Any = get_object_or_404(whole, uid=patient_uid)
    rights = access.rights_of(request.user, study)
    dates = access.holds_at(request.user, patient, "rows", "identifiers")
    endpoints, course = courses.endpoints_of(patient), lesion_courses.measured_course(patient)
    started = lesion_courses.start_day(patient)
    context = {
        "study": study,
        "patient": patient,
        "may_enter": access.holds_at(request.user, patient, "enter", "identifiers")
        and patient.status != PatientStatus.WITHDRAWN,
        "may_comment": "comment" in rights,
        "queries": patient.queries.exclude(state=QueryState.CLOSED).count(),
        "dates": dates,
        "former": patient.former,
        "cohorts": patient.cohort_memberships.select_related("cohort").order_by("cohort_id"),
        "endpoints": endpoint_words.endpoints_said(patient, endpoints, started),
        "waiting": endpoint_words.waiting_progression(patient, endpoints, course, started),
        "responses": bool(patient.response_assessments.all()),
        "told_of_endpoints": courses.TOLD_OF_ENDPOINTS,
        "drawing": timelines.timeline_of(patient, endpoints, course),
        "measured": lesion_courses.lesion_view(patient, course, dates),
        "forms": courses.forms_of(patient, dates),
        "timeline": courses.course_of(patient, dates),
        "lesions": patient.lesions.order_by("number"),
        "specimens": patient.specimens.order_by("label"),
        "panels": _panels(patient),
    }
    return render(request, "studies/patient.html", context)


def _panels(patient: Patient) -> list[dict[str, Any]]:
    keys = {panel.title: slugify(english(panel.title)) for panel in registry.patient_panels()}
    return [
        {
            "key": keys[panel.title],
            "place": PLACES.get(keys[panel.title], "side"),
            "title": panel.title,
            "template": panel.template,
            "context": panel.context(patient),
        }
        for panel in registry.patient_panels()
    ]


def _exact(request: HttpRequest, study: Study) -> Patient | None:
    """The one patient of the pseudonym that was sent, present or former, if it is a whole one."""
    sent = searched(request.POST.get("search", ""))
    if not sent:
        return None
    mine = scopes.patients_of(request.user, study)
    still = Q(former_pseudonyms__pseudonym=sent, former_pseudonyms__freed_at__isnull=True)
    return mine.filter(pseudonym=sent).first() or mine.filter(still).first()


def _narrowed(request: HttpRequest, study: Study) -> tuple[str, PatientFilter]:
    search = search_of(request, study)
    mine = scopes.patients_of(request.user, study)
    mine = patients_found(mine, search)
    mine = mine.prefetch_related("site", "cohort_memberships__cohort", "treatments")
    return search, PatientFilter(request.GET, mine, study=study, user=request.user)
