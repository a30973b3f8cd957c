"""The study at a glance: every variable as a chart, narrowed by clicking, listed, compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, registry, scopes, services
from studies.glance_page import COUNT_COLUMNS, count_rows, glance_context
from studies.languages import sentences
from studies.methods.problems import DataProblem
from studies.models import SavedSelection, Study
from studies.selection_comparisons import comparison_context
from studies.selections import page_in, selection_of
from studies.tables import PATIENT_COLUMNS, PatientTable, csv_response

from .doors import has_read, study_page


@study_page()
def glance(request: HttpRequest, study: Study) -> HttpResponse:
    """Counts of patients the user sees; the script asks for the charts alone."""
    access.require(request.user, study, "rows")
    part = request.headers.get("HX-Request") == "true"
    template = "studies/_glance.html" if part else "studies/glance.html"
    try:
        selection = selection_of(request.user, study, pairs_of(request.GET))
    except DataProblem as refusal:
        return _refused(request, study, template, refusal)
    context = glance_context(study, selection)
    rights = access.rights_of(request.user, study)
    context |= {"study": study, "scope": scopes.scope_of(request.user, study)}
    context["may_download"] = "download" in rights
    context["uses"] = [use for use in registry.selection_uses() if use.right in rights]
    context["saved"] = _saved(request.user, study, rights)
    return render(request, template, context)


def _saved(user: Any, study: Study, rights: frozenset[str]) -> list[dict[str, Any]]:
    """Selections under a name, and whether the user may retire each."""
    rows = SavedSelection.objects.filter(study=study, retired_at=None).select_related("written_by")
    return [
        {"row": row, "may_retire": row.written_by_id == user.pk or "manage" in rights}
        for row in rows
    ]


@require_POST
@study_page()
def selection_save(request: HttpRequest, study: Study) -> HttpResponse:
    address = request.POST.get("address", "")
    try:
        saved = services.selection_save(study, request.user, request.POST.get("name", ""), address)
        messages.success(
            request, _("The selection “{name}” is saved for this study.").format(name=saved.name)
        )
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect(f"{reverse('studies:glance', args=[study.uid])}?{address}")


@require_POST
@study_page()
def selection_retire(request: HttpRequest, study: Study, selection_uid: UUID) -> HttpResponse:
    saved = get_object_or_404(SavedSelection, study=study, uid=selection_uid)
    services.selection_retire(saved, request.user)
    messages.success(request, _("The selection “{name}” is retired.").format(name=saved.name))
    return redirect("studies:glance", study.uid)


@require_POST
@study_page()
def selection_use(request: HttpRequest, study: Study, key: str) -> HttpResponse:
    """Hand the selected patients to an app above."""
    use = next((one for one in registry.selection_uses() if one.key == key), None)
    if use is None:
        raise Http404(_("No such use."))
    access.require(request.user, study, use.right)
    address = request.POST.get("address", "")
    try:
        selection = selection_of(request.user, study, address)
        return redirect(use.use(study, request.user, request.POST.get("name", ""), selection))
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect(f"{reverse('studies:glance', args=[study.uid])}?{address}")


@study_page("download")
def glance_csv(request: HttpRequest, study: Study) -> HttpResponse:
    """Every bar of every chart with its numbers."""
    access.require(request.user, study, "rows")
    try:
        selection = selection_of(request.user, study, pairs_of(request.GET))
    except DataProblem as refusal:
        return _refused(request, study, "studies/glance.html", refusal)
    return csv_response("at-a-glance.csv", COUNT_COLUMNS, count_rows(selection))


@study_page("rows")
def glance_patients(request: HttpRequest, study: Study) -> HttpResponse:
    """The selected patients as a list."""
    try:
        selection = selection_of(request.user, study, pairs_of(request.GET))
    except DataProblem as refusal:
        return _refused(request, study, "studies/glance.html", refusal)
    cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = page_in(selection, request.user, study, **cursor)
    has_read(request, PATIENT_COLUMNS, len(page.rows))
    table = PatientTable(page.rows, study=study)
    context = {"study": study, "selection": selection, "page": page, "table": table}
    context["chips"] = _chips(study, selection.said, selection.address)
    return render(request, "studies/glance_patients.html", context)


@study_page()
def glance_compare(request: HttpRequest, study: Study) -> HttpResponse:
    """The selection beside everybody else, or beside another selection."""
    access.require(request.user, study, "rows")
    try:
        context = comparison_context(request.user, study, list(pairs_of(request.GET)),
                                     request.GET.get("with", ""))  # fmt: skip
    except DataProblem as refusal:
        return _refused(request, study, "studies/glance.html", refusal)
    return render(request, "studies/glance_compare.html", {"study": study, **context})


def pairs_of(asked: QueryDict) -> Iterator[tuple[str, str]]:
    """Every name and value of a query string, in its order."""
    for name, values in asked.lists():
        for value in values:
            yield name, str(value)


def _chips(study: Study, words: list[str], address: str) -> list[dict[str, Any]]:
    url = f"{reverse('studies:glance', args=[study.uid])}?{address}"
    return [{"text": text, "url": url} for text in words]


def _refused(
    request: HttpRequest, study: Study, template: str, refusal: DataProblem
) -> HttpResponse:
    context = {"study": study, "problems": refusal.as_list()}
    context["here"] = reverse("studies:glance", args=[study.uid])
    return render(request, template, context, status=422)
