"""Before a run: questions, plans, and what a recipe will cost; two snapshots side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from modeling.forms import CompareForm, DocumentForm, RecipeForm
from modeling.models import AnalysisPlan, DatasetSnapshot, SavedQuestion
from modeling.overviews import TARGETS
from modeling.services.plans import (
    plan_in_force,
    plan_lock,
    plan_save,
    question_save,
    recipe_preview,
)
from modeling.services.snapshot_comparison import snapshots_compare
from studies import access
from studies.forms import refuse_in
from studies.languages import sentence, spoken
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.views.doors import study_page

SAVES: dict[str, Callable[..., SavedQuestion | AnalysisPlan]] = {
    "question": question_save, "plan": plan_save,
}  # fmt: skip


@study_page()
def before(request: HttpRequest, study: Study) -> HttpResponse:
    """Questions and plans of the study, and forms to write one or to change what is not locked."""
    changed = _changed(request, study)
    forms = {name: DocumentForm(prefix=name, initial=DocumentForm.examples(name)) for name in SAVES}
    if changed is not None:
        forms["plan"] = DocumentForm(prefix="plan", initial=DocumentForm.of(changed.document))
    context: dict[str, Any] = {"preview": None, "recipe_form": RecipeForm(), "changed": changed}
    if request.method == "POST":
        access.require(request.user, study, "run")
        what = request.POST.get("what", "")
        if what in SAVES:
            forms[what] = DocumentForm(request.POST, prefix=what)
            if _save(request, study, what, forms[what], changed):
                return redirect("modeling:before", study.uid)
        else:
            context |= _preview(request, study)
    context |= {
        "study": study,
        "forms": forms,
        "may_run": "run" in access.rights_of(request.user, study),
        "questions": list(SavedQuestion.objects.filter(study=study).select_related("written_by")),
        "plans": list(_plans(study).select_related("written_by", "locked_by")),
        "in_force": plan_in_force(study),
        "targets": TARGETS,
    }
    return render(request, "modeling/before.html", context)


def _plans(study: Study) -> QuerySet[AnalysisPlan]:
    return AnalysisPlan.objects.filter(study=study)


def _changed(request: HttpRequest, study: Study) -> AnalysisPlan | None:
    """The plan that is to have other words; 404 when it is locked or not there."""
    uid = request.POST.get("plan") or request.GET.get("plan")
    if not uid:
        return None
    try:
        return get_object_or_404(_plans(study), uid=UUID(uid), locked_at=None)
    except ValueError as wrong:
        raise Http404 from wrong


def _save(
    request: HttpRequest, study: Study, what: str, form: DocumentForm, plan: AnalysisPlan | None
) -> bool:
    if not form.is_valid():
        return False
    more = {"plan": plan} if what == "plan" else {}
    try:
        saved = SAVES[what](study, request.user, form.cleaned_data["document"], **more)
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return False
    messages.success(request, _("{what} is saved.").format(what=capfirst(spoken(saved))))
    return True


def _preview(request: HttpRequest, study: Study) -> dict[str, Any]:
    form = RecipeForm(request.POST)
    if not form.is_valid():
        return {"recipe_form": form}
    try:
        return {"recipe_form": form, "preview": recipe_preview(study, form.cleaned_data["recipe"])}
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return {"recipe_form": form}


@require_POST
@study_page("run")
def lock(request: HttpRequest, study: Study, plan_uid: UUID) -> HttpResponse:
    plan = get_object_or_404(AnalysisPlan, study=study, uid=plan_uid)
    try:
        plan_lock(plan, request.user)
        messages.success(request, _("{what} is locked.").format(what=capfirst(spoken(plan))))
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
    return redirect("modeling:before", study.uid)


@study_page()
def compare(request: HttpRequest, study: Study) -> HttpResponse:
    """Two snapshots side by side."""
    form = CompareForm(request.GET or None, study=study)
    context: dict[str, Any] = {"study": study, "form": form, "found": None}
    if form.is_valid():
        try:
            context["found"] = snapshots_compare(user=request.user, **form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
    return render(request, "modeling/compare.html", context)


@study_page()
def compare_json(
    request: HttpRequest, study: Study, before_uid: UUID, after_uid: UUID
) -> HttpResponse:
    rows = DatasetSnapshot.objects.select_related("table", "study")
    one, other = (get_object_or_404(rows, study=study, uid=uid) for uid in (before_uid, after_uid))
    try:
        return JsonResponse(snapshots_compare(one, other, request.user))
    except DataProblem as refusal:
        return JsonResponse({"problems": refusal.as_list()}, status=422)
