"""Before a run: questions, plans, and what a recipe will cost; two snapshots side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from modeling.forms import CompareForm, DocumentForm, RecipeForm
from modeling.models import AnalysisPlan, DatasetSnapshot, SavedQuestion
from modeling.services.plans import plan_lock, plan_save, question_save, recipe_preview
from modeling.services.snapshot_comparison import snapshots_compare
from studies import access
from studies.forms import refuse_in
from studies.languages import sentence, spoken
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.views.doors import study_page

SAVES = {"question": question_save, "plan": plan_save}


@study_page()
def before(request: HttpRequest, study: Study) -> HttpResponse:
    """Questions and plans of the study, and forms to write one."""
    forms = {name: DocumentForm(prefix=name, initial=DocumentForm.examples(name)) for name in SAVES}
    context: dict[str, Any] = {"preview": None, "recipe_form": RecipeForm()}
    if request.method == "POST":
        access.require(request.user, study, "run")
        what = request.POST.get("what", "")
        if what in SAVES:
            forms[what] = DocumentForm(request.POST, prefix=what)
            if _save(request, study, what, forms[what]):
                return redirect("modeling:before", study.uid)
        else:
            context |= _preview(request, study)
    context |= {
        "study": study,
        "forms": forms,
        "may_run": "run" in access.rights_of(request.user, study),
        "questions": SavedQuestion.objects.filter(study=study).select_related("written_by"),
        "plans": AnalysisPlan.objects.filter(study=study).select_related("written_by", "locked_by"),
    }
    return render(request, "modeling/before.html", context)


def _save(request: HttpRequest, study: Study, what: str, form: DocumentForm) -> bool:
    if not form.is_valid():
        return False
    try:
        saved = SAVES[what](study, request.user, form.cleaned_data["document"])
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
