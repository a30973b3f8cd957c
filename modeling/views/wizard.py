"""From a snapshot to a run in four steps; what was chosen is kept, whichever way one goes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from modeling import run_wizard
from modeling.models import DatasetSnapshot
from modeling.run_wizard import WIZARD
from modeling.selectors import question_named, snapshot_named
from modeling.views.steps import Pages, step_known, step_show, step_take
from modeling.wizard_steps import Draft
from studies.methods.problems import DataProblem
from studies.models import Job, JobState, Study
from studies.services import action_start
from studies.views.doors import study_page


@study_page("run")
def run_new(request: HttpRequest, study: Study) -> HttpResponse:
    """The first step, on a question when one is named."""
    if asked := request.GET.get("question", ""):
        draft = WIZARD.draft_of(request.session, study)
        WIZARD.keep(request.session, study, draft, question=asked, snapshot="", job="")
    return redirect("modeling:run_step", study.uid, "data")


@study_page("run")
def run_step(request: HttpRequest, study: Study, step: str) -> HttpResponse:
    step_known(PAGES, step)
    draft = WIZARD.draft_of(request.session, study)
    if request.method == "POST":
        return step_take(request, study, PAGES, step, draft)
    if step == "data":
        draft = _frozen_since(request, study, draft)
        if request.GET.get("go") and draft["snapshot"]:
            return redirect("modeling:run_step", study.uid, "who")
    elif _snapshot(study, draft) is None:
        return redirect("modeling:run_step", study.uid, "data")
    return step_show(request, study, PAGES, step, draft)


@study_page("run")
def run_guard(request: HttpRequest, study: Study) -> HttpResponse:
    """What the guard finds for the choice as it stands, as a part of the third step."""
    draft = run_wizard.with_defaults(study, WIZARD.draft_of(request.session, study))
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
        return WIZARD.keep(request.session, study, draft, snapshot=job.result["snapshot"])
    return draft


# what each step shows


def _data(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    asked = request.GET
    compare, pressed = bool(asked.get("compare")), asked.get("rows", "")
    return run_wizard.data_context(study, request.user, draft, compare, pressed)


def _who(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    return run_wizard.who_context(study, request.user, snapshot_named(study, draft["snapshot"]))


def _checks(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    return run_wizard.checks_context(study, draft)


def _start(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    snapshot = snapshot_named(study, draft["snapshot"])
    return {"snapshot": snapshot, **run_wizard.checked_or_problems(study, draft)}


# what each step takes


def _take_data(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    kind, _, uid = request.POST.get("rows", "").partition(":")
    if kind == "snapshot":
        snapshot_named(study, uid)
        WIZARD.keep(request.session, study, draft, snapshot=uid, job="")
        return redirect("modeling:run_step", study.uid, "who")
    question_named(study, uid, "rad_score")
    job = action_start(study, request.user, "modeling.snapshot_freeze", {"question": uid})
    WIZARD.keep(request.session, study, draft, snapshot="", question=uid, job=str(job.uid))
    return redirect("modeling:run_step", study.uid, "data")


def _take_who(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    return redirect("modeling:run_step", study.uid, "checks")


def _take_checks(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    """Kept as it was typed, before anything is refused."""
    given = {name: request.POST.get(name, "").strip() for name in run_wizard.CHOICES}
    draft = WIZARD.keep(request.session, study, draft, **given)
    go = request.POST.get("go")
    if go in ("back", "check"):
        return redirect("modeling:run_step", study.uid, "who" if go == "back" else "checks")
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
    WIZARD.forget(request.session, study)
    return redirect("studies:job", study.uid, job.uid)


PAGES = Pages(
    WIZARD,
    "modeling/run_{step}.html",
    shown={"data": _data, "who": _who, "checks": _checks, "start": _start},
    taken={
        "data": _take_data, "who": _take_who, "checks": _take_checks, "start": _take_start,
    },
    with_defaults=run_wizard.with_defaults,
)  # fmt: skip
