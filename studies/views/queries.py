"""Queries: the list, one thread, and asking."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from studies import access, query_reads, scopes, services
from studies.filters import QueryFilter
from studies.forms import QueryForm, QueryMessageForm, refuse_in
from studies.forms.queries import STEPS
from studies.listings import QUERIES
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import Query, QueryState, Study

from .doors import study_page


@study_page("rows")
def query_list(request: HttpRequest, study: Study) -> HttpResponse:
    rows = access.visible(Query.objects.all(), request.user, study)
    rows = rows.select_related("patient", "site", "raised_by", "assignee")
    narrowed = QueryFilter(request.GET, rows, study=study, user=request.user)
    context = {"counts": query_reads.query_counts(request.user, study)}
    return list_response(
        request, study, QUERIES, narrowed.qs, "studies/queries.html", context, narrowed=narrowed,
        rows_of=partial(query_reads.with_labels, study),
    )  # fmt: skip


@study_page("rows")
def query_page(request: HttpRequest, study: Study, query_uid: UUID) -> HttpResponse:
    rows = access.visible(Query.objects.all(), request.user, study)
    rows = rows.select_related("patient__site", "patient__study", "raised_by", "assignee")
    query = get_object_or_404(rows, uid=query_uid)
    sent = request.POST if request.method == "POST" else None
    initial = {"assignee": query.assignee, "state": query.state}
    form = QueryMessageForm(sent, patient=query.patient, initial=initial)
    if form.is_valid() and _said(request, query, form):
        return redirect("studies:query", study.uid, query.uid)
    context = {
        "study": study,
        "query": query,
        "form": form,
        "thread": query.messages.select_related("author"),
        "label": query_reads.label_of_field(query),
        "now": query_reads.asked_now(query, request.user),
        "steps": STEPS[QueryState(query.state)],
        "may_comment": "comment" in access.rights_of(request.user, study),
    }
    return render(request, "studies/query.html", context)


@study_page("comment")
def query_new(request: HttpRequest, study: Study, patient_uid: UUID, form: str) -> HttpResponse:
    mine = scopes.patients_of(request.user, study).select_related("site", "study")
    patient = get_object_or_404(mine, uid=patient_uid)
    field = request.POST.get("field", request.GET.get("field", ""))[:64]
    asked = QueryForm(request.POST if request.method == "POST" else None, patient=patient)
    if asked.is_valid():
        try:
            query = services.query_raise(
                patient, request.user, form=form, field=field, **asked.cleaned_data
            )
            messages.success(request, _("The query is open."))
            return redirect("studies:query", study.uid, query.uid)
        except DataProblem as refusal:
            refuse_in(asked, refusal)
    about = Query(patient=patient, form=form, field=field)
    context = {"study": study, "patient": patient, "form": asked, "field": field}
    context["label"] = query_reads.label_of_field(about)
    return render(request, "studies/query_new.html", context)


def _said(request: HttpRequest, query: Query, form: QueryMessageForm) -> bool:
    try:
        services.query_say(query, request.user, **form.cleaned_data)
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return False
    return True
