"""From cohorts to nomograms in four steps; what was chosen is kept, whichever way one goes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from modeling import prognosis_wizard
from modeling.prognosis_wizard import (
    OF_ROWS,
    PER_ENDPOINT,
    ROWS,
    WIZARD,
    asked_of,
    endpoints_of,
)
from modeling.services.prognosis_choice import NONE, choice_read
from modeling.services.prognosis_endpoints import endpoint_named, endpoints_offered
from modeling.views.steps import Pages, step_known, step_show, step_take
from modeling.wizard_steps import Draft
from studies.languages import sentence, spoken
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.services import action_start
from studies.views.doors import study_page


@study_page("run")
def prognosis_new(request: HttpRequest, study: Study) -> HttpResponse:
    """The first step, on a Rad-Score, a frozen table or a saved question when one is named."""
    draft = WIZARD.draft_of(request.session, study)
    for name in ("rad_score", *ROWS):
        if asked := request.GET.get(name, ""):
            _other_rows(request, study, draft, **{name: asked})
    return redirect("modeling:prognosis_step", study.uid, "cohorts")


def _other_rows(request: HttpRequest, study: Study, draft: Draft, **chosen: str) -> Draft:
    """Other rows answer another question: what was chosen of the last one's goes."""
    gone = dict.fromkeys((*ROWS, *OF_ROWS), "")
    return WIZARD.keep(request.session, study, draft, **gone | chosen)


@study_page("run")
def prognosis_step(request: HttpRequest, study: Study, step: str) -> HttpResponse:
    step_known(PAGES, step)
    draft = _still_there(request, study, WIZARD.draft_of(request.session, study))
    if request.method == "POST":
        return step_take(request, study, PAGES, step, draft)
    return step_show(request, study, PAGES, step, draft)


def _still_there(request: HttpRequest, study: Study, draft: Draft) -> Draft:
    """Without rows that were chosen and cannot be had: that is said, and nothing is chosen."""
    try:
        prognosis_wizard.asked_before(study, draft)
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
        return _other_rows(request, study, draft)
    return draft


@study_page("run")
def prognosis_guard(request: HttpRequest, study: Study) -> HttpResponse:
    """What a run would meet for the choice as it stands, as a part of the third step."""
    draft = _still_there(request, study, WIZARD.draft_of(request.session, study))
    draft = prognosis_wizard.with_proposed(study, prognosis_wizard.with_defaults(study, draft))
    context = prognosis_wizard.check_context(study, request.user, draft)
    return render(request, "modeling/_prognosis_guard.html", {"study": study, **context})


# what each step shows


def _cohorts(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    return prognosis_wizard.cohorts_context(study, request.user, draft)


def _question(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    return prognosis_wizard.question_context(study, draft)


def _covariates(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    return prognosis_wizard.covariates_context(study, draft)


def _start(request: HttpRequest, study: Study, draft: Draft) -> dict[str, Any]:
    return prognosis_wizard.check_context(study, request.user, draft)


# what each step takes; kept as it was typed, before anything is refused


def _several(request: HttpRequest, name: str) -> str:
    return ",".join(request.POST.getlist(name)) or NONE


def _onward(request: HttpRequest, study: Study, here: str, back: str, on: str) -> HttpResponse:
    step = {"back": back, "check": here}.get(request.POST.get("go", ""), on)
    return redirect("modeling:prognosis_step", study.uid, step)


def _take_cohorts(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    kind, _colon, uid = request.POST.get("rows", "freeze:").partition(":")
    rows = {
        "snapshot": uid if kind == "snapshot" else "",
        "question": uid if kind == "freeze" else "",
    }
    if rows != {name: draft[name] for name in ROWS}:
        prognosis_wizard.asked_before(study, rows)
        _other_rows(request, study, draft, **rows)
    else:
        WIZARD.keep(request.session, study, draft, cohorts=_several(request, "cohorts"))
    return redirect("modeling:prognosis_step", study.uid, "question")


def _take_question(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    fixed = prognosis_wizard.rows_chosen(draft)
    keys = (
        endpoints_of(study, prognosis_wizard.with_defaults(study, draft))
        if fixed
        else list(endpoints_offered(study))
    )
    given = {f"{name}_{key}": request.POST.get(f"{name}_{key}", "").strip()
             for key in keys for name in PER_ENDPOINT
             if not (fixed and name == "landmark")}  # fmt: skip
    if not fixed:
        given |= {
            "endpoints": _several(request, "endpoints"),
            "rad_score": request.POST.get("rad_score", ""),
        }
    draft = WIZARD.keep(request.session, study, draft, **given)
    if request.POST.get("go") != "back":
        _check(request, study, draft, "question")
    return _onward(request, study, "question", "cohorts", "covariates")


def _take_covariates(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    given = {name: _several(request, name) for name in ("candidates", "splines")}
    given |= {name: request.POST.get(name, "").strip()
              for name in ("selection", "penalty", "resamples", "seed")}  # fmt: skip
    given["immunoscore"] = "yes" if request.POST.get("immunoscore") else "no"
    draft = WIZARD.keep(request.session, study, draft, **given)
    if request.POST.get("go") not in ("back", "check"):
        _check(request, study, draft, "covariates")
    return _onward(request, study, "covariates", "question", "start")


def _check(request: HttpRequest, study: Study, draft: Draft, step: str) -> None:
    """Refuses what cannot be read; what is unwise is told on the last step."""
    chosen = prognosis_wizard.with_defaults(study, draft)
    for endpoint in endpoints_of(study, chosen):
        asked = asked_of(chosen, endpoint)
        if step == "question":  # covariates are a later step's
            told = ("endpoint", "rad_score", *ROWS, *PER_ENDPOINT)
            asked = {key: asked[key] for key in told if key in asked}
        choice_read(study, asked)


def _take_start(request: HttpRequest, study: Study, draft: Draft) -> HttpResponse:
    if penalty := request.POST.get("penalty", ""):
        WIZARD.keep(request.session, study, draft, penalty=penalty)
        return redirect("modeling:prognosis_step", study.uid, "start")
    chosen = prognosis_wizard.with_defaults(study, draft)
    if request.POST.get("go") in ("save", "freeze"):
        return _take_question_alone(request, study, chosen)
    if not prognosis_wizard.check_context(study, request.user, chosen)["passed"]:
        messages.error(request, _("This cannot run yet"))
        return redirect("modeling:prognosis_step", study.uid, "start")
    endpoints = endpoints_of(study, chosen)
    jobs = [
        action_start(study, request.user, "modeling.prognosis_run", asked_of(chosen, endpoint))
        for endpoint in endpoints
    ]
    WIZARD.forget(request.session, study)
    if len(jobs) > 1:
        titles = [spoken(endpoint_named(study, name).title) for name in endpoints]
        messages.success(request, prognosis_wizard.started_words(titles))
    return redirect("studies:job", study.uid, jobs[0].uid)


def _take_question_alone(request: HttpRequest, study: Study, chosen: Draft) -> HttpResponse:
    """Kept under a name, and frozen without a run."""
    name = request.POST.get("name", "").strip()
    saved = prognosis_wizard.questions_save(study, request.user, chosen, name)
    for one in saved:
        messages.success(request, _("{what} is saved.").format(what=capfirst(spoken(one))))
    if request.POST.get("go") == "save":
        return redirect("modeling:prognosis_step", study.uid, "start")
    jobs = [
        action_start(study, request.user, "modeling.snapshot_freeze", {"question": str(one.uid)})
        for one in saved
    ]
    return redirect("studies:job", study.uid, jobs[0].uid)


PAGES = Pages(
    WIZARD,
    "modeling/prognosis_{step}.html",
    shown={
        "cohorts": _cohorts, "question": _question, "covariates": _covariates, "start": _start,
    },
    taken={
        "cohorts": _take_cohorts, "question": _take_question, "covariates": _take_covariates,
        "start": _take_start,
    },
    with_defaults=prognosis_wizard.with_defaults,
)  # fmt: skip
