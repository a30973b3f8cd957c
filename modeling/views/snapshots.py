"""A frozen table: who is in and out, what its columns hold, and the way to take it away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from modeling import overviews
from modeling.models import DatasetSnapshot, ModelVersion, VersionKind
from modeling.prognosis_table_page import asked_context
from modeling.services.frozen_files import (
    CONTENT,
    columns_csv,
    snapshot_columns,
    snapshot_manifest,
    snapshot_stem,
)
from modeling.services.prognosis_question import PURPOSE
from studies import access
from studies.languages import sentences
from studies.methods.problems import DataProblem
from studies.models import Export, Study
from studies.scopes import scope_of
from studies.services import export_start
from studies.tables import attachment
from studies.views.doors import study_page

TAKES = ("rows", "download")


@study_page()
def snapshot(request: HttpRequest, study: Study, snapshot_uid: UUID) -> HttpResponse:
    found = _snapshot(study, snapshot_uid)
    rights = access.rights_of(request.user, study)
    context: dict[str, Any] = {
        "study": study,
        "snapshot": found,
        "counts": overviews.membership_counts(found),
        "scope": ""
        if access.sees_all_sites(request.user, study)
        else scope_of(request.user, study),
        "runs": found.runs.all(),
        "fitted": ModelVersion.objects.filter(
            run__snapshot=found, kind=VersionKind.NOMOGRAM
        ).select_related("fitting_snapshot"),
        "may_take": bool(access.sites_giving(request.user, study, *TAKES)),
        "gives_dates": access.dates_taken(request.user, study),
        "table_name": snapshot_stem(found),
    }
    if "rows" in rights:
        context["left_out"] = overviews.left_out_of(found, request.user)
    if context["may_take"]:
        context["files"] = _own_files(request.user, found)
    if found.question.get("purpose") == PURPOSE:
        context["asks"] = asked_context(found, request.user)
        context["may_run"] = "run" in rights and found.not_reproducible_since is None
    return render(request, "modeling/snapshot.html", context)


def _own_files(user: Any, snapshot: DatasetSnapshot) -> list[Export]:
    mine = Export.objects.filter(study=snapshot.study, made_by=user, content=CONTENT)
    asked = mine.filter(filters__snapshot=str(snapshot.uid), file__isnull=False)
    return [row for row in asked.select_related("file") if row.is_there]


@require_POST
@study_page("rows")
def take(request: HttpRequest, study: Study, snapshot_uid: UUID) -> HttpResponse:
    """The making of a file of its rows, under the rules of every export."""
    found, form = _snapshot(study, snapshot_uid), request.POST.get("format", "zip")
    try:
        _, job = export_start(study, request.user, CONTENT, form, {"snapshot": str(found.uid)})
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
        return redirect("modeling:snapshot", study.uid, found.uid)
    return redirect("studies:job", study.uid, job.uid)


@study_page()
def columns(request: HttpRequest, study: Study, snapshot_uid: UUID) -> HttpResponseBase:
    """What its columns hold, a line each; no patient's value."""
    found = _snapshot(study, snapshot_uid)
    try:
        told = snapshot_columns(found)
    except DataProblem as refusal:
        raise Http404(sentences(refusal)) from refusal
    return attachment(columns_csv(told), f"snapshot-{found.number}-columns.csv")


@study_page()
def manifest(request: HttpRequest, study: Study, snapshot_uid: UUID) -> HttpResponse:
    """Digest, question, cohorts and what used it; no patient's value."""
    found = _snapshot(study, snapshot_uid)
    name = f"snapshot-{found.number}-manifest.json"
    return JsonResponse(
        snapshot_manifest(found),
        json_dumps_params={"indent": 1, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _snapshot(study: Study, uid: UUID) -> DatasetSnapshot:
    rows = DatasetSnapshot.objects.select_related("table__study", "study")
    return get_object_or_404(rows, study=study, uid=uid)
