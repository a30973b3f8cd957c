"""The doors for files, and what became of each file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, job_reads, registry, services
from studies.filters import BatchFilter
from studies.forms import UploadForm, refuse_in
from studies.listings import UPLOADS
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import BatchState, ImportBatch, Job, Study
from studies.tables import attachment, problems_csv
from studies.templatetags.studies_ui import file_size
from studies.upload_limits import refusal_of

from .doors import study_page

PROBLEMS_SHOWN = 200
BROUGHT = (BatchState.READY, BatchState.REVERTED)
STEPS = {"looked": "columns", "checked": "check", "ready": "result", "reverted": "result"}
WAITS = ("refused", "held", "conflict", "quarantined")  # of a file that is decided on part by part
STEPS_OF_JOBS = {
    "studies.table_look": "columns",
    "studies.table_check": "check",
    "studies.table_commit": "result",
}


@study_page()
def upload_list(request: HttpRequest, study: Study) -> HttpResponse:
    batches = job_reads.batches_seen(request.user, study).select_related("file", "uploaded_by")
    narrowed = BatchFilter(request.GET, batches)
    kinds = _kinds(request.user, study)
    unfinished = services.uploads_open(study, request.user)
    context = {"kinds": kinds, "may_upload": bool(kinds), "unfinished": unfinished}
    return list_response(
        request, study, UPLOADS, narrowed.qs, "studies/uploads.html", context, narrowed=narrowed
    )


@study_page()
def upload(request: HttpRequest, study: Study, kind: str) -> HttpResponse:
    door = registry.upload_kind(kind)
    if door is None:
        raise Http404(_("No such kind of upload."))
    access.require(request.user, study, door.right)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, kind=door)
    refused = refusal_of(request)
    if refused:
        form.errors.pop("file", None)
        refuse_in(form, refused)
    elif form.is_valid() and (received := _receive(request.user, study, door, form)):
        return _follow(study, received)
    kinds = _kinds(request.user, study)
    context = {"study": study, "kind": door, "kinds": kinds, "form": form}
    context["unfinished"] = services.uploads_open(study, request.user).filter(kind=kind)
    context |= {"kept_days": services.KEPT_DAYS, "room": _room(study)}
    if door.name == "cohort_table":
        context["dictionary"] = services.dictionary_current(study)
    return render(request, "studies/upload.html", context, status=413 if refused else 200)


@require_POST
@study_page()
def upload_discard(request: HttpRequest, study: Study, upload_uid: UUID) -> HttpResponse:
    found = get_object_or_404(services.uploads_open(study, request.user), uid=upload_uid)
    services.upload_discard(found)
    return redirect("studies:upload", study.uid, found.kind)


def _room(study: Study) -> str:
    """How much of the study's room is taken, in words; nothing when there is no limit."""
    quota = services.quota_of(study)
    if not quota:
        return ""
    used, whole = file_size(services.study_bytes(study)), file_size(quota)
    return _("{used} of {quota} in use.").format(used=used, quota=whole)


@study_page()
def batch(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    rows = job_reads.batches_seen(request.user, study)
    rows = rows.select_related("file", "uploaded_by", "dictionary")
    found = get_object_or_404(rows, uid=batch_uid)
    readable = reads_batch(request.user, study, found)
    job = job_reads.job_of_batch(found)
    may_continue = readable and access.enters_of(
        request.user, study, found.uploaded_by_id, found.site_ids
    )
    ended = job is None or job.has_ended
    if request.headers.get("HX-Request") and ended and found.state == BatchState.LOOKED:
        here = reverse("studies:table_columns", args=[study.uid, found.uid])
        return HttpResponse(headers={"HX-Redirect": here})
    reverting = services.batch_revert_job(found)
    context = {
        "study": study,
        "batch": found,
        "readable": readable,
        "problems": found.problems[:PROBLEMS_SHOWN] if readable else [],
        "details_url": details_url(study, found),
        "waits": waits(found),
        "job": job if ended is False or not reverting else _newer(job, reverting),
        "revert_problems": reverting.problems if reverting and readable else [],
        "may_continue": may_continue,
        "step": STEPS.get(found.state, "") or (STEPS_OF_JOBS.get(job.kind, "") if job else ""),
        "brought": found.summary if found.state in BROUGHT else {},
        "may_upload": found.kind in {kind.name for kind in _kinds(request.user, study)},
    }
    return render(request, "studies/batch.html", context)


@study_page()
def batch_problems(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    found = get_object_or_404(job_reads.batches_seen(request.user, study), uid=batch_uid)
    if not reads_batch(request.user, study, found):
        raise PermissionDenied(_("The problems name patients of other sites."))
    if found.problems_file and found.problems_file.bytes_dropped_at is None:
        return attachment(services.file_open(found.problems_file), f"problems-{found.uid}.csv")
    return problems_csv(f"problems-{found.uid}.csv", found.problems)


def reads_batch(user: Any, study: Study, batch: ImportBatch) -> bool:
    """Whether the names of patients that a file holds are open to ``user``."""
    return access.reads_names(user, study, batch.uploaded_by_id, batch.site_ids)


def waits(batch: ImportBatch) -> bool:
    """Whether something of a file waits for a person to decide."""
    return any(state in batch.summary for state in WAITS)


def details_url(study: Study, batch: ImportBatch) -> str:
    """The page that the app of this kind has for the batch, once there is something to see."""
    door = registry.upload_kind(batch.kind)
    waiting = batch.state in (BatchState.RECEIVED, BatchState.RUNNING)
    if door is None or not door.details_url or waiting:
        return ""
    return reverse(door.details_url, args=[study.uid, batch.uid])


def _newer(job: Job | None, reverting: Job) -> Job:
    """A revert under way is what the page follows."""
    return reverting if job is None or not reverting.has_ended else job


def _kinds(user: Any, study: Study) -> list[registry.UploadKind]:
    rights = access.rights_of(user, study)
    return [kind for kind in registry.upload_kinds() if kind.right in rights]


def _receive(
    user: Any, study: Study, door: registry.UploadKind, form: UploadForm
) -> list[ImportBatch]:
    """All files or, when one is refused, none."""
    try:
        with transaction.atomic():
            return [
                services.batch_receive(
                    study, user, door.name, file, file.name, form.options, confirm=door.confirms
                )
                for file in form.cleaned_data["file"]
            ]
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return []


def _follow(study: Study, received: list[ImportBatch]) -> HttpResponse:
    """Several files: to the list; one: to its job, or to its page when it was taken in before."""
    if len(received) > 1:
        return redirect("studies:uploads", study.uid)
    job = job_reads.job_of_batch(received[0])
    if job and job.kind == "studies.table_look":
        name = "table_columns" if received[0].state == BatchState.LOOKED else "batch"
        return redirect(f"studies:{name}", study.uid, received[0].uid)
    if job and not job.has_ended:
        return redirect("studies:job", study.uid, job.uid)
    return redirect("studies:batch", study.uid, received[0].uid)
