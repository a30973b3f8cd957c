"""What became of each file of an upload, and the decisions that wait for a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from imaging import services
from imaging.forms import DecisionForm
from imaging.models import ArrivalState
from imaging.selectors.arrivals import (
    VisitWaiting,
    arrivals_readable,
    file_counts,
    files_readable,
    named,
    visits_of,
    visits_waiting,
)
from studies import access
from studies.forms import refuse_in
from studies.lists import search_address, search_of
from studies.methods.problems import DataProblem
from studies.models import ImportBatch, Study
from studies.paging import page_by_key
from studies.views.doors import study_page

VISITS_SHOWN = 100


@study_page()
def waiting_list(request: HttpRequest, study: Study) -> HttpResponse:
    """Quarantine, conflicts and refusals of all uploads."""
    if away := search_address(request, study, names_patients=True):
        return redirect(away)
    search = search_of(request, study)
    visits = visits_waiting(request.user, study, search)
    return render(request, "imaging/arrivals.html", {
        "study": study, "visits": visits, "search": search,
        "may_enter": _may_enter(request.user, study),
    })  # fmt: skip


@study_page()
def batch_files(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    """Every file of an upload with its state and reason, or those of one patient."""
    batch = _batch(request, study, batch_uid)
    if away := search_address(request, study, names_patients=True):
        return redirect(away)
    search = search_of(request, study)
    arrivals = arrivals_readable(request.user, study).filter(batch=batch).select_related("patient")
    files = files_readable(request.user, study).filter(batch=batch).select_related("arrival")
    arrivals, files = named(arrivals, search), named(files, search, "arrival__")
    state, counts = request.GET.get("state"), file_counts(files)
    files = files.filter(state=state) if state in ArrivalState.values else files
    after, before = (request.GET.get(name, "") for name in ("after", "before"))
    visits = visits_of(arrivals)
    return render(request, "imaging/batch_files.html", {
        "study": study, "batch": batch, "visits": visits[:VISITS_SHOWN], "total": len(visits),
        "counts": counts, "state_shown": state, "search": search,
        "page": page_by_key(files, "id", after=after, before=before),
        "waits": any(visit.waits for visit in visits),
        "may_enter": _may_enter(request.user, study),
    })  # fmt: skip


@study_page("enter")
def arrival_decide(request: HttpRequest, study: Study, arrival_uid: UUID) -> HttpResponse:
    """The form of one decision, and the decision."""
    arrival = get_object_or_404(arrivals_readable(request.user, study), uid=arrival_uid)
    rows = services.visit_arrivals(arrival).select_related("batch", "patient")
    if not rows:
        messages.info(request, _("Nothing of this visit waits any more."))
        return redirect("imaging:batch_files", study.uid, arrival.batch.uid)
    visit = VisitWaiting(list(rows))
    form = DecisionForm(request.POST or None, offered=visit.offered)
    if form.is_valid():
        given = form.cleaned_data
        try:
            job = services.arrival_decide(
                arrival, request.user, given["decision"], given["reason"], given.get("patient", "")
            )
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            return _after(request, study, arrival.batch, job)
    return render(request, "imaging/arrival.html", {"study": study, "visit": visit, "form": form})


@require_POST
@study_page("enter")
def batch_try_again(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    batch = _batch(request, study, batch_uid)
    return _after(request, study, batch, services.batch_try_again(batch, request.user))


def _batch(request: HttpRequest, study: Study, uid: UUID) -> ImportBatch:
    """An upload whose patients the reader may see."""
    rows = access.visible(ImportBatch.objects.all(), request.user, study)
    batch = get_object_or_404(rows, uid=uid)
    if not access.reads_names(request.user, study, batch.uploaded_by_id, batch.site_ids):
        raise PermissionDenied(_("The files name patients of other sites."))
    return batch


def _after(request: HttpRequest, study: Study, batch: ImportBatch, job: Any) -> HttpResponse:
    if job is not None:
        return redirect("studies:job", study.uid, job.uid)
    messages.success(request, _("Thrown away. The record of it stays."))
    return redirect("imaging:batch_files", study.uid, batch.uid)


def _may_enter(user: Any, study: Study) -> bool:
    return "enter" in access.rights_of(user, study)
