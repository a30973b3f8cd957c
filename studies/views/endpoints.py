"""How the endpoints are defined: every version of each rule, another version, another endpoint."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, endpoint_rules, services
from studies.endpoint_standings import is_retired
from studies.forms import (
    EndpointNewForm,
    EndpointOfferForm,
    EndpointRetireForm,
    EndpointRuleForm,
    refuse_in,
)
from studies.methods.endpoint_kinds import KINDS, SHIPPED, kind_of, title_of
from studies.methods.problems import DataProblem
from studies.models import EndpointDefinition, Study

from .doors import study_page


@study_page()
def endpoint_list(request: HttpRequest, study: Study) -> HttpResponse:
    reads = "rows" in access.rights_of(request.user, study)
    context = {
        "study": study,
        "endpoints": endpoint_rules.endpoint_rules(study),
        "may_change": "manage" in access.rights_of(request.user, study),
        "kinds": [kind for kind in KINDS.values() if kind.name != "response_at_6_months"],
        "outdated": endpoint_rules.outdated_patients(study).count() if reads else 0,
        "apart": endpoint_rules.disagreements(request.user, study) if reads else [],
    }
    return render(request, "studies/endpoints.html", context)


@require_POST
@study_page("manage")
def endpoints_derive(request: HttpRequest, study: Study) -> HttpResponse:
    """Derive again what an earlier version of the method gave."""
    job = services.endpoints_derive_start(study, request.user)
    return redirect("studies:job", study.uid, job.uid)


@study_page("manage")
def endpoint(request: HttpRequest, study: Study, name: str) -> HttpResponse:
    """Another rule for one endpoint, with a reason: a job puts it in force."""
    known = EndpointDefinition.objects.filter(study=study, name=name)
    if name not in SHIPPED and not known.exists():
        raise Http404(_("No such endpoint."))
    now = services.endpoint_definition(study, name)
    kind = kind_of(name, now.rule)
    sent = request.POST if request.method == "POST" else None
    form = EndpointRuleForm(sent, kind=kind, rule=now.rule)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            job = services.endpoint_change_start(study, request.user, name, form.rule(), reason)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            return redirect("studies:job", study.uid, job.uid)
    title = title_of(name, now.rule)
    context = {"study": study, "form": form, "kind": kind, "title": title, "now": now}
    return render(request, "studies/endpoint.html", context)


@study_page("manage")
def endpoint_standing(request: HttpRequest, study: Study, name: str) -> HttpResponse:
    """Retire an endpoint of the study's own, or offer it again, with a reason."""
    known = EndpointDefinition.objects.filter(study=study, name=name).order_by("-version").first()
    if known is None or name in SHIPPED:
        raise Http404(_("No such endpoint."))
    retired = is_retired(study, name)
    form = (EndpointOfferForm if retired else EndpointRetireForm)(request.POST or None)
    if form.is_valid():
        change = services.endpoint_offer if retired else services.endpoint_retire
        try:
            change(study, request.user, name, **form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            return redirect("studies:endpoints", study.uid)
    title = title_of(name, known.rule)
    context = {"study": study, "form": form, "title": title, "retired": retired}
    return render(request, "studies/endpoint_standing.html", context)


@study_page("manage")
def endpoint_new(request: HttpRequest, study: Study, kind: str) -> HttpResponse:
    """An endpoint of the study's own: a kind, a name and a rule; a job gives everybody's values."""
    if kind not in KINDS:
        raise Http404(_("No such kind of endpoint."))
    sent = request.POST if request.method == "POST" else None
    form = EndpointNewForm(sent, kind=KINDS[kind])
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            job = services.endpoint_create_start(
                study, request.user, kind=kind, rule=form.rule(), reason=reason, **form.named()
            )
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            return redirect("studies:job", study.uid, job.uid)
    context = {"study": study, "form": form, "kind": KINDS[kind]}
    return render(request, "studies/endpoint_new.html", context)
