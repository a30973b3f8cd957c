"""How the endpoints are defined: every version of each rule, in words, and another version."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from studies import access, endpoint_rules, services
from studies.forms import EndpointRuleForm, refuse_in
from studies.methods.endpoint_rules import KINDS
from studies.methods.problems import DataProblem
from studies.models import Study

from .doors import study_page


@study_page()
def endpoint_list(request: HttpRequest, study: Study) -> HttpResponse:
    context = {
        "study": study,
        "endpoints": endpoint_rules.endpoint_rules(study),
        "may_change": "manage" in access.rights_of(request.user, study),
    }
    return render(request, "studies/endpoints.html", context)


@study_page("manage")
def endpoint(request: HttpRequest, study: Study, name: str) -> HttpResponse:
    """Another rule for one endpoint, with a reason: a job puts it in force."""
    if name not in KINDS:
        raise Http404("No such endpoint.")
    now = services.endpoint_definition(study, name)
    sent = request.POST if request.method == "POST" else None
    form = EndpointRuleForm(sent, name=name, rule=now.rule)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            job = services.endpoint_change_start(study, request.user, name, form.rule(), reason)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            return redirect("studies:job", study.uid, job.uid)
    context = {"study": study, "form": form, "kind": KINDS[name], "now": now}
    return render(request, "studies/endpoint.html", context)
