"""From a snapshot to a run in four steps; what was chosen is kept, whichever way one goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from modeling import run_wizard
from modeling.models import DatasetSnapshot
from modeling.selectors import question_named, snapshot_named
from studies.languages import sentence
from studies.methods.problems import DataProblem
from studies.models import Job, JobState, Study
from studies.services import action_start
from studies.views.doors import study_page

Draft = dict[str, str]


@study_page("run")
def run_new(request: HttpRequest, study: Study) -> HttpResponse:
    """The first step, on a question when one is named."""
    if asked := request.GET.get("question", ""):
        draft = run_wizard.draft_of(request.session, study)
        draft |= {"question": asked, "snapshot": "", "job": ""}
        run_wizard.draft_keep(request.session, study, draft)
    return redirect("modeling:run_step", study.uid, "data")


@study_page("run")
def run_step(request: HttpRequest, study: Study, step: str) -> HttpResponse:
    if step not in _SHOWN:
        raise Http404(_("No such step."))
    draft = run_wizard.draft_of(request.session, study)
    if request.method == "POST":
        try:
            return _TAKEN[step](request, study, draft)
        except DataProblem as refusal:
            for problem in refusal.problems:
                messages.error(request, sentence(problem))
            return redirect("modeling:run_step", study.uid, step)
    snapshot = None
    if step == "data":
        draft = _frozen_since(request, study, draft)
        if request.GET.get("go") and draft["snapshot"]:
            return redirect("modeling:run_step", study.uid, "who")
    else:
        snapshot = _snapshot(study, draft)
        if snapshot is None:
            return redirect("modeling:run_step", study.uid, "data")
    shown = run_wizard.with_defaults(study, draft)
    context = {"study": study, "draft": shown, "step": step, "snapshot": snapshot}
    context["steps"] = run_wizard.steps_of(study, step, draft)
    context |= _SHOWN[step](request, study, shown, snapshot)
    return render(request, f"modeling/run_{step}.html", context)


@study_page("run")
def run_guard(request: HttpRequest, study: Study) -> HttpResponse:
    """What the guard finds for the choice as it stands, as a part of the third step."""
    draft = run_wizard.with_defaults(study, run_wizard.draft_of(request.session, study))
    context = run_wizard.checked_or_problems(study, draft)
    return render(request, "modeling/_run_guard.html", {"study": study, **context})


def _snapshot(study: Study, draft: Draft) -> DatasetSnapshot | None:
    try:
        return snapshot_named(study, draft["snapshot"])
    except DataProblem:
        return None


def _frozen_since(request: HttpRequest, study: Study, draft: Draft) -> Draft:
    """A freeze that has ended gives the snapshot of the next step."""
    if not draft["job"] or draft["snapshot"]:
        return draft
    job = Job.objects.filter(study=study, uid=draft["job"], state=JobState.DONE).first()
    if job is not None and job.result.get("snapshot"):
        draft = draft | {"snapshot": job.result["snapshot"]}
        run_wizard.draft_keep(request.session, study, draft)
    return draft


# what each step shows


def _data(request: HttpRequest, study: Study, draft: Draft, snapshot: Any) -> dict[str, Any]:
    return run_wizard.data_context(study, request.user, draft)


def _who(request: HttpRequest, study: Study, draft: Draft, snapshot: Any) -> dict[str, Any]:
    return run_wizard.who_context(study, request.user, snapshot)


def _checks(request: HttpRequest, study: Study, draft: Draft, snapshot: Any) -> dict[str, Any]:
    return run_wizard.checks_context(study, draft)


def _start(request: HttpRequest, study: Study, draft: Draft, snapshot: Any) -> dict[str, Any]:
    return run_wizard.checked_or_problems(study, draft)


# what each step takes


def _take_data(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    kind, _, uid = request.POST.get("rows", "").partition(":")
    if kind == "snapshot":
        snapshot_named(study, uid)
        _keep(request, study, draft, snapshot=uid, job="")
        return redirect("modeling:run_step", study.uid, "who")
    question_named(study, uid)
    job = action_start(study, request.user, "modeling.snapshot_freeze", {"question": uid})
    _keep(request, study, draft, snapshot="", question=uid, job=str(job.uid))
    return redirect("modeling:run_step", study.uid, "data")


def _take_who(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    return redirect("modeling:run_step", study.uid, "checks")


def _take_checks(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    """Kept as it was typed, before anything is refused."""
    given = {name: request.POST.get(name, "").strip() for name in ("recipe", "document", "seed")}
    draft = _keep(request, study, draft, **given)
    back = request.POST.get("go") == "back"
    if back:
        return redirect("modeling:run_step", study.uid, "who")
    if request.POST.get("go") == "check":
        return redirect("modeling:run_step", study.uid, "checks")
    run_wizard.recipe_of(study, run_wizard.with_defaults(study, draft))
    return redirect("modeling:run_step", study.uid, "start")


def _take_start(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    chosen = run_wizard.with_defaults(study, draft)
    recipe = run_wizard.recipe_of(study, chosen)
    params = {
        "recipe": dict(recipe.document),
        "seed": chosen["seed"],
        "snapshot": chosen["snapshot"],
    }
    job = action_start(study, request.user, "modeling.rad_score_run", params)
    run_wizard.draft_forget(request.session, study)
    return redirect("studies:job", study.uid, job.uid)


def _keep(request: HttpRequest, study: Study, draft: Draft, **changed: str) -> Draft:
    kept = draft | changed
    run_wizard.draft_keep(request.session, study, kept)
    return kept


_SHOWN: dict[str, Callable[..., dict[str, Any]]] = {
    "data": _data, "who": _who, "checks": _checks, "start": _start,
}  # fmt: skip
_TAKEN: dict[str, Callable[[HttpRequest, Study, Draft], HttpResponse]] = {
    "data": _take_data, "who": _take_who, "checks": _take_checks, "start": _take_start,
}  # fmt: skip
