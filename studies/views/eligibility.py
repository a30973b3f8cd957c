"""The criteria of a study, who meets them, and the way from screened to analysed."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from studies import access, attrition_figure, eligibility, scopes, services, standing
from studies.figures.render import svg_png
from studies.filters import PatientFilter
from studies.forms import CriteriaForm, refuse_in
from studies.identifiers import is_uuid
from studies.listings import ELIGIBILITY
from studies.lists import list_response
from studies.methods.eligibility import DEFAULT_CRITERIA
from studies.methods.problems import DataProblem
from studies.models import Cohort, EligibilityVersion, Study
from studies.tables import csv_response

from .doors import study_page
from .pictures import picture_answer


@study_page("rows")
def eligibility_list(request: HttpRequest, study: Study) -> HttpResponse:
    mine = scopes.patients_of(request.user, study).select_related("site")
    narrowed = PatientFilter(request.GET, mine, study=study, user=request.user)
    context = {
        "version": eligibility.version_of(study),
        "cohort": request.GET.get("cohort", ""),
        "may_manage": "manage" in access.rights_of(request.user, study),
        "scope": scopes.scope_of(request.user, study),
    }
    return list_response(
        request, study, ELIGIBILITY, narrowed.qs, "studies/eligibility.html", context,
        narrowed=narrowed, rows_of=partial(eligibility.evaluated, study),
    )  # fmt: skip


@study_page("manage")
def criteria(request: HttpRequest, study: Study) -> HttpResponse:
    """Every criterion that the study or the default set knows; those kept make a new version."""
    held = eligibility.criteria_of(study)
    known = {c.key: c for c in DEFAULT_CRITERIA} | {c.key: c for c in held}
    form = CriteriaForm(
        request.POST or None, criteria=tuple(known.values()), held={c.key for c in held}
    )
    if form.is_valid():
        try:
            changed = form.changed_criteria()
            services.eligibility_change(study, request.user, changed, form.cleaned_data["note"])
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(request, _("The criteria hold from now on."))
            return redirect("studies:eligibility", study.uid)
    versions = EligibilityVersion.objects.filter(study=study).select_related("decided_by")
    context = {"study": study, "form": form, "versions": versions.order_by("-number")}
    return render(request, "studies/criteria.html", context)


@study_page()
def attrition(request: HttpRequest, study: Study) -> HttpResponse:
    cohort = _cohort(request, study)
    counted = _counted(request, study, cohort)
    context = {
        "study": study,
        "counted": counted,
        "attrition": counted.found,
        "figure": attrition_figure.draw(counted.found) if counted.found else None,
        "cohort": cohort,
        "cohorts": Cohort.objects.filter(study=study),
        "scope": scopes.scope_of(request.user, study),
    }
    return render(request, "studies/attrition.html", context)


@study_page()
def attrition_svg(request: HttpRequest, study: Study) -> HttpResponse:
    response = picture_answer(_file(request, study))
    response["Content-Disposition"] = 'attachment; filename="attrition.svg"'
    return response


@study_page()
def attrition_png(request: HttpRequest, study: Study) -> HttpResponse:
    response = HttpResponse(svg_png(_file(request, study)), content_type="image/png")
    response["Content-Disposition"] = 'attachment; filename="attrition.png"'
    return response


def _file(request: HttpRequest, study: Study) -> str:
    with override("en"):  # what is published is English
        found = _found(request, study)
        context = {"figure": attrition_figure.draw(found), "file": True, "study": study}
        return render_to_string("studies/attrition.svg", context)


@study_page()
def attrition_csv(request: HttpRequest, study: Study) -> HttpResponse:
    rows = [
        [step.title, step.remaining, step.having, step.not_asked, step.has,
         "yes" if step.required else "no", reason, number]
        for step in _found(request, study).steps
        for reason, number in step.left_out or (("", ""),)
    ]  # fmt: skip
    columns = ["step", "remaining", "remaining_who_have_it", "remaining_not_asked_for_it",
               "have_it", "required", "left_out_because", "left_out"]  # fmt: skip
    return csv_response("attrition.csv", columns, rows)


def _counted(request: HttpRequest, study: Study, cohort: Cohort | None) -> standing.Standing:
    cohorts = [cohort] if cohort else []
    return standing.standing(request.user, study, standing.ATTRITION, cohorts)


def _found(request: HttpRequest, study: Study) -> eligibility.Attrition:
    """The count as a file has it; nothing before a large study was counted."""
    counted = _counted(request, study, _cohort(request, study))
    if counted.found is None:
        raise Http404(_("Not counted yet."))
    return counted.found


def _cohort(request: HttpRequest, study: Study) -> Cohort | None:
    uid = request.GET.get("cohort", "")
    if not uid:
        return None
    if not is_uuid(uid):
        raise Http404(_("No such cohort."))
    return get_object_or_404(Cohort, study=study, uid=uid)
