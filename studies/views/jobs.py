"""Jobs: the list, one with its live progress, starting and cancelling."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, job_reads, registry, services
from studies.filters import JobFilter
from studies.identifiers import is_uuid
from studies.languages import sentence, spoken
from studies.listings import JOBS
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import BatchState, Job, JobState, Study
from studies.standing import ATTRITION, TABLE_ONE
from studies.tables import problems_csv

from .doors import study_page
from .uploads import PROBLEMS_SHOWN, details_url, waits

COUNTED = (TABLE_ONE, ATTRITION)  # pages of the same names


@study_page()
def job_list(request: HttpRequest, study: Study) -> HttpResponse:
    rows = job_reads.jobs_seen(request.user, study).select_related("acting_user")
    narrowed = JobFilter(request.GET, rows)
    return list_response(
        request,
        study,
        JOBS,
        narrowed.qs,
        "studies/jobs.html",
        narrowed=narrowed,
        rows_of=job_reads.with_filenames,
    )


@require_POST
@study_page()
def jobs_cancel(request: HttpRequest, study: Study) -> HttpResponse:
    """The chosen jobs that are under way; a manager's right reaches those of others, too."""
    chosen = [uid for uid in request.POST.getlist("pick") if is_uuid(uid)]
    seen = access.visible(Job.objects.all(), request.user, study)
    under_way = seen.filter(uid__in=chosen, ended_at=None)
    mine = [job for job in under_way if _may_cancel(request.user, study, job)]
    for job in mine:
        services.job_cancel(job, request.user)
    messages.success(
        request,
        _("{n} of {total} chosen: the end was asked for.").format(n=len(mine), total=len(chosen)),
    )
    return redirect("studies:jobs", study.uid)


@study_page()
def job_page(request: HttpRequest, study: Study, job_uid: UUID) -> HttpResponse:
    job = _job(request, study, job_uid)
    context = _job_context(request.user, study, job)
    return render(request, "studies/job.html", context)


@study_page()
def job_live(request: HttpRequest, study: Study, job_uid: UUID) -> HttpResponse:
    context = _job_context(request.user, study, _job(request, study, job_uid))
    return render(request, "studies/_job_live.html", context)


@study_page()
def job_problems(request: HttpRequest, study: Study, job_uid: UUID) -> HttpResponse:
    job = _job(request, study, job_uid)
    if not access.reads_names(request.user, study, job.acting_user_id, job.site_ids):
        raise PermissionDenied(_("The problems name patients of other sites."))
    return problems_csv(f"problems-{job.uid}.csv", job.problems)


@require_POST
@study_page()
def job_cancel(request: HttpRequest, study: Study, job_uid: UUID) -> HttpResponse:
    job = services.job_cancel(_job(request, study, job_uid), request.user)
    return redirect("studies:job", study.uid, job.uid)


@require_POST
@study_page()
def action_start(request: HttpRequest, study: Study, kind: str) -> HttpResponse:
    if registry.action(kind) is None:
        raise Http404(_("No such step."))
    params = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    try:
        job = services.action_start(study, request.user, kind, params)
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
        return redirect("studies:overview", study.uid)
    return redirect("studies:job", study.uid, job.uid)


def _job(request: HttpRequest, study: Study, uid: UUID) -> Job:
    rows = Job.objects.select_related("acting_user", "parent")
    return get_object_or_404(access.visible(rows, request.user, study), uid=uid)


def _may_cancel(user: Any, study: Study, job: Job) -> bool:
    return job.acting_user_id == user.pk or "manage" in access.rights_of(user, study)


def _job_context(user: Any, study: Study, job: Job) -> dict[str, Any]:
    batch = job_reads.batch_of_job(job)
    children = job_reads.with_filenames(job.children.all())
    context = {"study": study, "job": job, "batch": batch, "children": children}
    context["description"] = job_reads.description_of(job.kind)
    context["asked"], context["technical"] = job_reads.told_of(user, study, job.params)
    context["gave"], more = job_reads.told_of(user, study, job.result)
    context["technical"] += more
    context["readable"] = readable = access.reads_names(
        user, study, job.acting_user_id, job.site_ids
    )
    context["problems"] = job.problems[:PROBLEMS_SHOWN] if readable else []
    context["may_cancel"] = _may_cancel(user, study, job)
    context["result_url"], context["result_word"] = _next_page(study, batch, job)
    context["decide_url"] = details_url(study, batch) if batch and waits(batch) else ""
    context["pace"] = _pace(job)
    context["stages"] = _stages(job)
    context["log"] = job.log[::-1] if readable else []
    return context


def _pace(job: Job) -> int:
    """Seconds between two looks at a job: the longer it has run, the fewer."""
    if job.started_at is None:
        return 1
    running = (timezone.now() - job.started_at).total_seconds()
    return 1 if running < 60 else 2 if running < 600 else 5


def _stages(job: Job) -> list[dict[str, str]]:
    """The stages of a long job, each done, under way or to come."""
    course, found, before = registry.job_course(job.kind), [], 0.0
    for end, name in course.stages if course else ():
        state = "done" if 100 * job.share >= end else "todo"
        if state == "todo" and 100 * job.share >= before and job.state == JobState.RUNNING:
            state = "running"
        found.append({"name": name, "state": state})
        before = end
    return found


def _next_page(study: Study, batch: Any, job: Job) -> tuple[str, str]:
    """Where to go from a job that has ended."""
    course = registry.job_course(job.kind)
    if course and course.result_key in job.result:
        uid = job.result[course.result_key]
        return reverse(course.result_page, args=[study.uid, uid]), spoken(course.result_word)
    if job.kind == "studies.export":
        return reverse("studies:exports", args=[study.uid]), _("To your files")
    if job.kind in ("studies.endpoint_change", "studies.endpoints_derive"):
        return reverse("studies:endpoints", args=[study.uid]), _("The endpoints")
    if job.kind == "studies.count" and job.params["what"] in COUNTED:
        chosen = urlencode({"cohort": job.params["cohorts"].split(",")}, doseq=True)
        page = reverse(f"studies:{job.params['what']}", args=[study.uid])
        return f"{page}?{chosen}", _("What was counted")
    if batch:
        word = _("What it brought") if batch.state == BatchState.READY else _("The upload")
        return reverse("studies:batch", args=[study.uid, batch.uid]), word
    return reverse("studies:overview", args=[study.uid]), _("Back to the stages")
