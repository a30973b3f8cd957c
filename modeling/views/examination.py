"""The whole result of a Rad-Score, and patients who come later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from modeling.examination_page import examination_context, examination_figure
from modeling.forms import ScoreForm
from modeling.models import ModelVersion, PatientScore, VersionState
from modeling.selectors import state_of
from modeling.services.patient_score import patient_score
from studies import access
from studies.forms import refuse_in
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.views.doors import study_page
from studies.views.pictures import explored_answer


@study_page()
def result(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """Every number and figure of a Rad-Score, and the button that computes the rest."""
    version = _version(study, version_uid)
    context: dict[str, Any] = {"study": study, "version": version}
    takes_rows = access.takes_rows(request.user, study)
    context |= examination_context(version, version.examinations.first(), takes_rows)
    if context.get("withheld"):
        context["why"] = access.why_without_rows(study)
    context["may_run"] = "run" in access.rights_of(request.user, study)
    return render(request, "modeling/result.html", context)


@study_page()
def result_figure(request: HttpRequest, study: Study, version_uid: UUID, key: str) -> HttpResponse:
    """A figure of the result, to be explored."""
    found = _version(study, version_uid).examinations.first()
    return explored_answer(examination_figure(found, key) if found else None)


@study_page("rows")
def scores(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """Scores of patients who came later, and a form for one more."""
    version = _version(study, version_uid)
    form = ScoreForm(request.POST or None, study=study, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            row = patient_score(version, form.cleaned_data["patient"], request.user)
            told = _("the version does not apply") if row.value is None else f"{row.value:.3f}"
            messages.success(request, f"{row.patient.pseudonym}: {told}.")
            return redirect("modeling:scores", study.uid, version.uid)
        except DataProblem as refusal:
            refuse_in(form, refusal)
    rows = PatientScore.objects.visible_to(request.user).filter(study=study, version=version)
    context = {"study": study, "version": version, "form": form,
               "rows": rows.select_related("patient", "asked_by")}  # fmt: skip
    context["is_released"] = state_of(version) == VersionState.RELEASED
    context["may_score"] = bool({"enter", "run"} & access.rights_of(request.user, study))
    return render(request, "modeling/scores.html", context)


def _version(study: Study, uid: UUID) -> ModelVersion:
    rows = ModelVersion.objects.select_related("run", "fitting_snapshot", "file", "study")
    return get_object_or_404(rows, study=study, uid=uid)
