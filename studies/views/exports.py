"""Files to take away, and the record of who read what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from studies import access, job_reads, patient_queries, services
from studies.filters import ReadFilter
from studies.forms import ExportForm
from studies.languages import sentences
from studies.listings import EXPORTS, READS
from studies.lists import list_response, search_of
from studies.methods.problems import DataProblem
from studies.models import Export, ExportContent, ReadRecord, Study
from studies.selections import selection_of
from studies.tables import attachment

from .doors import study_page


@study_page()
def export_list(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Own files, and the form that makes one."""
    services.export_require(study, request.user)
    if request.method == "POST":
        return _make(request, study)
    services.exports_expire(study)
    mine = Export.objects.filter(study=study, made_by=request.user).select_related("file")
    context: dict[str, Any] = {"dates": access.dates_taken(request.user, study)}
    form = ExportForm(study=study, user=request.user)
    context["form"], context["unknown"] = form, form.begin(request.GET)
    context["words"] = _words(request.user, study, request.GET.get("selection", ""))
    context["listed"] = _listed(request, study)
    context["dictionary"] = services.dictionary_current(study)
    context["busy"] = job_reads.is_making(mine)
    return list_response(
        request, study, EXPORTS, mine, "studies/exports.html", context, rows_of=job_reads.with_jobs,
        more_names=request.GET,  # what the form begins from; it says itself what it does not know
    )  # fmt: skip


def _words(user: Any, study: Study, address: str) -> list[str]:
    """What a selection from the study at a glance asks for."""
    try:
        return selection_of(user, study, address).said if address else []
    except DataProblem as refusal:
        return [sentences(refusal)]


def _listed(request: HttpRequest, study: Study) -> list[str]:
    """What a list of patients asked for that the form does not show."""
    asked = {name: request.GET.get(name, "") for name in patient_queries.ASKED}
    asked["search"] = search_of(request, study)
    try:
        return patient_queries.said(request.user, study, asked)
    except DataProblem as refusal:
        return [sentences(refusal)]


@study_page()
def export_file(request: HttpRequest, study: Study, export_uid: UUID) -> HttpResponseBase:
    mine = Export.objects.select_related("file__study", "study")
    export = get_object_or_404(mine, study=study, uid=export_uid, made_by=request.user)
    try:
        services.export_download(export, request.user)
    except DataProblem as refusal:
        raise Http404(_("The file has expired.")) from refusal
    assert export.file is not None
    return attachment(services.file_open(export.file), services.export_name(export))


@study_page("manage")
def read_list(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Who saw what of patients, newest first; as a file by a job."""
    if request.method == "POST":
        return _started(request, study, ExportContent.READS, "csv", {}, "studies:reads")
    rows = ReadRecord.objects.filter(study=study).select_related("user")
    narrowed = ReadFilter(request.GET, rows, study=study)
    files = Export.objects.filter(
        study=study, made_by=request.user, content=ExportContent.READS, file__isnull=False
    )
    context = {"latest": next((row for row in files[:1] if row.is_there), None)}
    return list_response(
        request, study, READS, narrowed.qs, "studies/reads.html", context, narrowed=narrowed
    )


def _make(request: HttpRequest, study: Study) -> HttpResponseBase:
    form = ExportForm(request.POST, study=study, user=request.user)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect("studies:exports", study.uid)
    given = form.filters()
    return _started(
        request,
        study,
        form.cleaned_data["content"] or ExportContent.PATIENTS,
        form.cleaned_data["format"],
        given,
        "studies:exports",
    )


def _started(
    request: HttpRequest, study: Study, content: str, kind: str, filters: dict[str, str], to: str
) -> HttpResponseBase:
    try:
        _, job = services.export_start(study, request.user, content, kind, filters)
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
        return redirect(to, study.uid)
    return redirect("studies:job", study.uid, job.uid)
