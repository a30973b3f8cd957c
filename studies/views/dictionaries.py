"""The data dictionary: its versions, one of them, what differs, and editing the draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, dictionaries, services
from studies.forms import DerivedForm, FreezeForm, VariableForm, refuse_in
from studies.languages import sentences
from studies.methods.problems import DataProblem
from studies.models import DerivedVariable, DictionaryVersion, Study, Variable
from studies.tables import csv_response

from .doors import study_page

KNOWN = "known-"  # of the fields that say when a variable is known


@study_page()
def dictionary_list(request: HttpRequest, study: Study) -> HttpResponse:
    """The version in force, and all there are."""
    return _version_page(request, study, services.dictionary_current(study))


@study_page()
def dictionary_page(request: HttpRequest, study: Study, dictionary_uid: UUID) -> HttpResponse:
    return _version_page(request, study, _version(study, dictionary_uid))


@study_page()
def dictionary_csv(request: HttpRequest, study: Study, dictionary_uid: UUID) -> HttpResponse:
    version = _version(study, dictionary_uid)
    columns, rows = dictionaries.as_table(version)
    return csv_response(f"dictionary-{version.number}.csv", columns, rows)


@study_page()
def dictionary_compare(
    request: HttpRequest, study: Study, dictionary_uid: UUID, other_uid: UUID
) -> HttpResponse:
    before, after = _version(study, dictionary_uid), _version(study, other_uid)
    context = {"study": study, "before": before, "after": after}
    context["differences"] = dictionaries.differences(before, after)
    return render(request, "studies/dictionary_compare.html", context)


@require_POST
@study_page("manage")
def dictionary_draft(request: HttpRequest, study: Study) -> HttpResponse:
    draft = services.dictionary_draft(study, request.user)
    return redirect("studies:dictionary", study.uid, draft.uid)


@require_POST
@study_page("manage")
def dictionary_freeze(request: HttpRequest, study: Study, dictionary_uid: UUID) -> HttpResponse:
    version = _version(study, dictionary_uid)
    form = FreezeForm(request.POST)
    if form.is_valid():
        try:
            services.dictionary_freeze(version, request.user, form.cleaned_data["note"])
            messages.success(
                request,
                _("Version {number} is in force. Old entries keep theirs.").format(
                    number=version.number
                ),
            )
            return redirect("studies:dictionaries", study.uid)
        except DataProblem as refusal:
            refuse_in(form, refusal)
    return _version_page(request, study, version, form)


@require_POST
@study_page("manage")
def dictionary_discard(request: HttpRequest, study: Study, dictionary_uid: UUID) -> HttpResponse:
    version = _version(study, dictionary_uid)
    try:
        services.dictionary_discard(version, request.user)
        messages.success(request, _("The draft is gone."))
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect("studies:dictionaries", study.uid)


@study_page("manage")
def dictionary_known(request: HttpRequest, study: Study, dictionary_uid: UUID) -> HttpResponse:
    """When the values of each variable are known, all on one page."""
    version = _version(study, dictionary_uid)
    problems: list[dict[str, Any]] = []
    told = {name.removeprefix(KNOWN): value for name, value in request.POST.items()
            if name.startswith(KNOWN)}  # fmt: skip
    if request.method == "POST":
        try:
            services.dictionary_known_write(version, request.user, told)
            messages.success(request, _("The draft says when its variables are known."))
            return redirect("studies:dictionary", study.uid, version.uid)
        except DataProblem as refusal:
            problems = refusal.as_list()
    context = {"study": study, "version": version, "problems": problems, "prefix": KNOWN}
    context |= dictionaries.known_context(version, told)
    return render(request, "studies/dictionary_known.html", context)


@study_page("manage")
def variable_new(
    request: HttpRequest, study: Study, dictionary_uid: UUID, kind: str
) -> HttpResponse:
    version = _version(study, dictionary_uid)
    return _edit(request, study, version, None, derived=kind == "derived")


@study_page("manage")
def variable_edit(
    request: HttpRequest, study: Study, dictionary_uid: UUID, variable_uid: UUID
) -> HttpResponse:
    version = _version(study, dictionary_uid)
    row = _variable(version, variable_uid)
    return _edit(request, study, version, row, derived=isinstance(row, DerivedVariable))


@require_POST
@study_page("manage")
def variable_change(
    request: HttpRequest, study: Study, dictionary_uid: UUID, variable_uid: UUID, change: str
) -> HttpResponse:
    """``up``, ``down`` or ``remove``."""
    version = _version(study, dictionary_uid)
    row = _variable(version, variable_uid)
    try:
        if change == "remove":
            services.variable_drop(row, request.user)
        else:
            services.variable_move(row, request.user, -1 if change == "up" else 1)
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect("studies:dictionary", study.uid, version.uid)


def _version(study: Study, uid: UUID) -> DictionaryVersion:
    return get_object_or_404(DictionaryVersion, study=study, uid=uid)


def _variable(version: DictionaryVersion, uid: UUID) -> Variable | DerivedVariable:
    found = version.variables.filter(uid=uid).first()
    return found or get_object_or_404(version.derived, uid=uid)


def _version_page(
    request: HttpRequest, study: Study, version: DictionaryVersion, form: FreezeForm | None = None
) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    context = {
        "study": study,
        "version": version,
        "form": form or FreezeForm(),
        "may_manage": "manage" in rights,
        **dictionaries.version_context(study, version),
    }
    return render(request, "studies/dictionary.html", context)


def _edit(
    request: HttpRequest,
    study: Study,
    version: DictionaryVersion,
    row: Variable | DerivedVariable | None,
    derived: bool,
) -> HttpResponse:
    shape = DerivedForm if derived else VariableForm
    initial = {name: getattr(row, name) for name in shape.base_fields} if row else None
    form = shape(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid() and _written(request.user, version, row, form):
        messages.success(
            request, _("{name} is in the draft.").format(name=form.cleaned_data["name"])
        )
        return redirect("studies:dictionary", study.uid, version.uid)
    context: dict[str, Any] = {"study": study, "version": version, "form": form, "row": row}
    context |= {"derived": derived, "names": dictionaries.names_of(version) if derived else ()}
    return render(request, "studies/variable.html", context)


def _written(
    user: Any,
    version: DictionaryVersion,
    row: Variable | DerivedVariable | None,
    form: VariableForm | DerivedForm,
) -> bool:
    write: Any = (
        services.derived_write if isinstance(form, DerivedForm) else services.variable_write
    )
    try:
        write(version, user, form.spec(), row)
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return False
    return True
