"""Cohorts: role, use, who is in by site; one of them with its members; made, filled, frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from studies import access, cohort_reads, scopes, services
from studies.filters import CohortFilter
from studies.forms import CohortForm, PseudonymsForm, refuse_in
from studies.languages import sentences
from studies.listings import cohorts_listing
from studies.lists import list_response
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import Cohort, Patient, Study
from studies.paging import page_by_key

from .doors import study_page


@study_page()
def cohort_list(request: HttpRequest, study: Study) -> HttpResponse:
    makes = request.method == "POST" and "search" not in request.POST
    if makes:
        access.require(request.user, study, "enter")
    rights = access.rights_of(request.user, study)
    form = CohortForm(request.POST if makes else None) if "enter" in rights else None
    if form and form.is_valid():
        try:
            made = services.cohort_create(study, request.user, **form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            return redirect("studies:cohort", study.uid, made.uid)
    counted = cohort_reads.members_counted(request.user, study)
    one_site = not access.sees_all_sites(request.user, study)
    context = {
        "form": form,
        "one_site": ", ".join(site.name for site in counted.sites) if one_site else "",
        "overlaps": cohort_reads.cohort_overlaps(request.user, study),
    }
    narrowed = CohortFilter(request.GET, Cohort.objects.filter(study=study))
    return list_response(
        request, study, cohorts_listing(counted.sites), narrowed.qs, "studies/cohorts.html",
        context, narrowed=narrowed, rows_of=counted.lines,
    )  # fmt: skip


@study_page()
def cohort_page(request: HttpRequest, study: Study, cohort_uid: UUID) -> HttpResponse:
    cohort = get_object_or_404(Cohort, study=study, uid=cohort_uid)
    return _page(request, study, cohort, PseudonymsForm())


@require_POST
@study_page()
def cohort_step(request: HttpRequest, study: Study, cohort_uid: UUID, step: str) -> HttpResponse:
    """Add members, remove them, or freeze the cohort."""
    cohort = get_object_or_404(Cohort, study=study, uid=cohort_uid)
    if step == "freeze":
        return _freeze(request, study, cohort)
    if step not in _CHANGES:
        raise Http404(_("No such step."))
    access.require(request.user, study, "enter")
    form = PseudonymsForm(request.POST)
    if not form.is_valid():
        return _page(request, study, cohort, form, status=422)
    told, change = _CHANGES[step]
    try:
        patients = _named(request.user, study, form.cleaned_data["patients"])
        number = change(cohort, request.user, patients)
    except DataProblem as refusal:
        return _page(request, study, cohort, form, refusal.problems, 422)
    messages.success(request, told(number).format(number=number))
    return redirect("studies:cohort", study.uid, cohort.uid)


def _put_in(number: int) -> str:
    return ngettext("{number} patient put in.", "{number} patients put in.", number)


def _taken_out(number: int) -> str:
    return ngettext("{number} patient taken out.", "{number} patients taken out.", number)


_CHANGES: dict[str, tuple[Callable[[int], str], Callable[..., int]]] = {
    "add": (_put_in, services.cohort_members_add),
    "remove": (_taken_out, services.cohort_members_remove),
}


def _freeze(request: HttpRequest, study: Study, cohort: Cohort) -> HttpResponse:
    try:
        services.cohort_freeze(cohort, request.user)
        messages.success(request, _("Frozen: the database refuses every change of its members."))
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect("studies:cohort", study.uid, cohort.uid)


def _page(
    request: HttpRequest, study: Study, cohort: Cohort, form: PseudonymsForm,
    problems: tuple[Problem, ...] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    rights = access.rights_of(request.user, study)
    mine = scopes.patients_of(request.user, study).select_related("site")
    members = mine.filter(cohort_memberships__cohort=cohort)
    cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
    context = {
        "study": study,
        "cohort": cohort,
        "page": page_by_key(members, "pseudonym", **cursor) if "rows" in rights else None,
        "form": form,
        "problems": [problem.as_dict() for problem in problems],
        "overlaps": [
            overlap
            for overlap in cohort_reads.cohort_overlaps(request.user, study)
            if cohort in (overlap.one, overlap.other)
        ],
        "may_change": "enter" in rights and cohort.frozen_at is None,
        "may_freeze": "manage" in rights and cohort.frozen_at is None,
        "scope": scopes.scope_of(request.user, study),
    }
    return render(request, "studies/cohort.html", context, status=status)


def _named(user: Any, study: Study, pseudonyms: list[str]) -> list[Patient]:
    """The patients of these pseudonyms; every one that is nobody's is a problem."""
    mine = scopes.patients_of(user, study)
    found = {p.pseudonym: p for p in mine.filter(pseudonym__in=pseudonyms)}
    missing = [name for name in pseudonyms if name not in found]
    if missing:
        raise DataProblem(
            Problem(name, say("no such patient"), "a pseudonym that you may see",
                    "Correct it, or screen the patient first.")
            for name in missing
        )  # fmt: skip
    return list(found.values())
