"""A table from its columns to its result: each step a page that may be left and come back to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, job_reads, services
from studies.forms import ColumnsForm, QuestionsForm, refuse_in
from studies.languages import sentence, sentences
from studies.methods.problems import DataProblem
from studies.models import USE_OF_ROLE, Cohort, DictionaryVersion, ImportBatch, StoredFile, Study
from studies.scopes import sites_of
from studies.tables import attachment

from .doors import study_page

KIND = "cohort_table"


@study_page("enter")
def table_columns(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    """Which column is which; first, how the file is to be read at all."""
    batch = _batch(request, study, batch_uid)
    if not batch.look or batch.state not in services.TO_DESCRIBE:
        return redirect("studies:batch", study.uid, batch.uid)
    form = _form(request, study, batch)
    if form.is_valid() and _described(request.user, batch, form):
        return redirect("studies:batch", study.uid, batch.uid)
    context = {"study": study, "batch": batch, "form": form, "step": "columns"}
    context["may_propose"] = "manage" in access.rights_of(request.user, study)
    return render(request, "studies/table_columns.html", context)


@require_POST
@study_page("enter")
def table_commit(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    batch = _batch(request, study, batch_uid)
    skip_bad = request.POST.get("skip_bad") == "yes"
    return _start(request, batch, lambda: services.table_confirm(batch, request.user, skip_bad))


@require_POST
@study_page("enter")
def table_sites(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    """The sites that the file names first, as far as they are ticked, are new ones."""
    batch, names = _batch(request, study, batch_uid), request.POST.getlist("new_site")
    return _start(request, batch, lambda: services.table_sites(batch, request.user, names))


@require_POST
@study_page("enter")
def batch_revert(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    batch = _batch(request, study, batch_uid)
    return _start(request, batch, lambda: services.batch_revert_start(batch, request.user))


@study_page()
def batch_difference(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    batch = _batch(request, study, batch_uid)
    return stored_csv(batch.difference_file, f"difference-{batch.uid}.csv")


@require_POST
@study_page("manage")
def dictionary_propose(request: HttpRequest, study: Study, batch_uid: UUID) -> HttpResponse:
    """The dictionary that the file suggests, as a draft for a person to confirm."""
    batch = _batch(request, study, batch_uid)
    try:
        draft = services.dictionary_propose(batch, request.user)
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
        return redirect("studies:table_columns", study.uid, batch.uid)
    messages.success(
        request,
        _(
            "This is what the file suggests. Look at types, codes, ranges and units, put the "
            "version in force, and go on with the file under Uploads."
        ),
    )
    return redirect("studies:dictionary", study.uid, draft.uid)


@study_page()
def dictionary_template(
    request: HttpRequest, study: Study, dictionary_uid: UUID, kind: str
) -> HttpResponse:
    version = get_object_or_404(DictionaryVersion, study=study, uid=dictionary_uid)
    if kind not in services.TEMPLATES:
        raise Http404(_("No such kind of file."))
    data = services.dictionary_template(version, kind)
    return attachment(data, f"template-dictionary-{version.number}.{kind}")


def stored_csv(stored: StoredFile | None, filename: str) -> HttpResponse:
    if stored is None or stored.bytes_dropped_at is not None:
        raise Http404(_("There is no such file."))
    return attachment(services.file_open(stored), filename)


def _batch(request: HttpRequest, study: Study, uid: UUID) -> ImportBatch:
    """A batch whose patients the reader may see."""
    rows = job_reads.batches_seen(request.user, study).select_related("study")
    batch = get_object_or_404(rows, uid=uid)
    if not access.reads_names(request.user, study, batch.uploaded_by_id, batch.site_ids):
        raise access.PermissionDenied(_("The file holds patients of other sites."))
    return batch


def _form(request: HttpRequest, study: Study, batch: ImportBatch) -> Any:
    sent = request.POST if request.method == "POST" else None
    if "header" not in batch.look:
        return QuestionsForm(sent, batch=batch)
    own = Cohort.objects.filter(study=study).values_list("name", flat=True)
    return ColumnsForm(
        sent,
        batch=batch,
        suggestions=services.table_suggestions(batch),
        specs=services.dictionary_specs(services.dictionary_current(study)),
        sites=sites_of(study),
        cohorts=list(dict.fromkeys([*map(str, USE_OF_ROLE), *own])),
    )


def _described(user: Any, batch: ImportBatch, form: Any) -> bool:
    mapping = form.mapping() if isinstance(form, ColumnsForm) else None
    try:
        services.table_describe(batch, user, form.options(), mapping)
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return False
    return True


def _start(request: HttpRequest, batch: ImportBatch, start: Any) -> HttpResponse:
    try:
        start()
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
    return redirect("studies:batch", batch.study.uid, batch.uid)
