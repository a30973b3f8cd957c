"""The screening log of a study, and a new patient in it; whether consent is required."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from studies import access, consents, participations, scopes, services
from studies.filters import MoveFilter
from studies.forms import ConsentPolicyForm, ScreenForm, refuse_in
from studies.listings import SCREENING, without_column
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import PatientMove, Study
from studies.tables import csv_response

from .doors import study_page


@study_page("rows")
def screening(request: HttpRequest, study: Study) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    sent = request.POST if request.method == "POST" and "search" not in request.POST else None
    if sent is not None:
        access.require(request.user, study, "enter")
    sites = scopes.sites_entered(request.user, study)
    form = ScreenForm(sent, sites=sites) if "enter" in rights else None
    if form and form.is_valid():
        try:
            patient = services.patient_screen(study, request.user, **form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(
                request, _("{pseudonym} is screened.").format(pseudonym=patient.pseudonym)
            )
            return redirect("studies:participation", study.uid, patient.uid)
    moves = access.visible(PatientMove.objects.all(), request.user, study)
    rows = moves.select_related("patient", "site", "decided_by", "other")
    narrowed = MoveFilter(request.GET, rows, study=study, user=request.user)
    context = {
        "screen": form,
        "counts": participations.status_counts(request.user, study),
        "reasons": participations.exclusion_reasons(request.user, study),
    }
    listing = SCREENING if "identifiers" in rights else without_column(SCREENING, "on")
    return list_response(
        request, study, listing, narrowed.qs, "studies/screening.html", context, narrowed=narrowed
    )


@study_page()
def consent(request: HttpRequest, study: Study) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    if request.method == "POST":
        access.require(request.user, study, "manage")
    policy = consents.policy_of(study)
    required = policy is None or policy.required
    start = {"required": "yes" if required else "no", "reason": policy.reason if policy else ""}
    form = ConsentPolicyForm(request.POST or None, initial=start) if "manage" in rights else None
    if form and form.is_valid():
        try:
            services.consent_policy_set(study, request.user, **form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(request, _("The decision holds from now on."))
            return redirect("studies:consent", study.uid)
    context = {
        "study": study,
        "policy": policy,
        "required": required,
        "form": form,
        "scopes": participations.scope_counts(request.user, study),
        "left_out": participations.left_out(request.user, study) if "rows" in rights else [],
        "shown": participations.SHOWN,
        "may_read": "rows" in rights,
        "may_download": {"rows", "download"} <= rights,
    }
    return render(request, "studies/consent.html", context)


@study_page("download")
def left_out_csv(request: HttpRequest, study: Study) -> HttpResponse:
    """Who may not be used for what, and why: pseudonyms and reasons only."""
    access.require(request.user, study, "rows")
    rows = participations.left_out(request.user, study, limit=None)
    cells = [[row.patient.pseudonym, row.patient.site.name, *row.reasons] for row in rows]
    columns = ["patient_id", "site", *(f"not_for_{scope}" for scope in consents.SCOPES)]
    return csv_response("left-out.csv", columns, cells)
