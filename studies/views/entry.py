"""One patient's form on one page: shown, checked while somebody types, saved, moved on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, entries, entry_merges, entry_sent, scopes, services
from studies.languages import sentence
from studies.methods.course import FACT_KINDS
from studies.methods.merge import Merge, merge_cells
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import EntryState, Patient, Query, QueryState, Study
from studies.services.record_reading import Record
from studies.services.record_states import STEPS
from studies.value_words import word_of

from .doors import study_page


@study_page("rows")
def entry_page(
    request: HttpRequest, study: Study, patient_uid: UUID, form: str = "baseline"
) -> HttpResponse:
    patient = _patient(request, study, patient_uid)
    access.require_at(request.user, patient, "enter", "identifiers")
    record = _record(patient, form)
    if request.method == "POST":
        return _save(request, record)
    checked = services.record_check(record, record.cells, complete=False)
    return _page(request, record, record.cells, warns=checked.implausible)


@require_POST
@study_page("rows")
def entry_check(request: HttpRequest, study: Study, patient_uid: UUID, form: str) -> HttpResponse:
    """What is said beside the field that somebody types in, and what is computed from all."""
    record = _record(_patient(request, study, patient_uid), form)
    access.require_at(request.user, record.patient, "enter", "identifiers")
    sent = entry_sent.read_sent(record, request.POST.dict())
    checked = services.record_check(record, sent.cells, complete=False)
    name = request.headers.get("HX-Trigger-Name", "")
    context = {
        "field": entries.field_view(record, name, checked, sent.cells),
        "derived": entries.derived_lines(record, checked.derived),
    }
    return render(request, "studies/_entry_says.html", context)


@study_page("rows")
def entry_row(
    request: HttpRequest, study: Study, patient_uid: UUID, form: str, kind: str
) -> HttpResponse:
    """An empty row of one kind of dated fact; of lesions, a row for each that is known."""
    record = _record(_patient(request, study, patient_uid), form)
    access.require_at(request.user, record.patient, "enter", "identifiers")
    if kind not in FACT_KINDS:
        raise Http404(_("No such kind of fact."))
    rows = [entries.row_view(record, FACT_KINDS[kind])]
    if "on" in request.GET and kind == "lesion":
        rows = entries.rows_again(record, request.GET["on"])
    context = {"rows": rows, "kind": FACT_KINDS[kind], "check_url": _check_url(record)}
    return render(request, "studies/_entry_rows.html", context)


@require_POST
@study_page("rows")
def entry_state(request: HttpRequest, study: Study, patient_uid: UUID, form: str) -> HttpResponse:
    """Verify, lock, unlock, open again; or take an old entry into the dictionary in force."""
    patient, asked = _patient(request, study, patient_uid), request.POST.get("state", "")
    if not {"enter", "verify", "manage"} & access.rights_of(request.user, study):
        access.require(request.user, study, "verify")
    try:
        if asked == "dictionary":
            entry = services.record_take_over(patient, request.user, form)
            messages.success(
                request,
                _("Now read under dictionary {number}.").format(number=entry.dictionary.number),
            )
        else:
            reason = request.POST.get("reason", "")
            entry = services.record_state_set(patient, request.user, form, asked, reason)
            messages.success(
                request,
                _("{pseudonym}: the form is {state}.").format(
                    pseudonym=patient.pseudonym, state=word_of(entry.state)
                ),
            )
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
    back = request.POST.get("back")
    if back == "entry":
        return redirect("studies:entry", study.uid, patient.uid, form)
    return redirect("studies:patient", study.uid, patient.uid)


def _patient(request: HttpRequest, study: Study, uid: UUID) -> Patient:
    mine = scopes.patients_of(request.user, study).select_related("site", "study")
    return get_object_or_404(mine, uid=uid)


def _record(patient: Patient, form: str) -> Record:
    record = services.record_read(patient, form)
    if not record.specs and form not in entries.forms_of_dictionary(record):
        raise Http404(_("No such form in the dictionary."))
    return record


def _save(request: HttpRequest, record: Record) -> HttpResponse:
    """Save, or show the page again with all that was typed and why it was not saved."""
    sent = entry_sent.read_sent(record, request.POST.dict())
    if added := request.POST.get("add", ""):
        added += request.POST.get("on", "") if added.endswith(entries.AGAIN) else ""
        return _page(request, record, sent.cells, base=sent, added=added)
    if record.version != sent.version or sent.unchosen:
        return _show_changes(request, record, sent)
    try:
        services.record_write(
            record.patient,
            request.user,
            record.form,
            sent.cells,
            sent.version,
            complete=request.POST.get("save") != "draft",
            reason=request.POST.get("reason", ""),
            unread=sent.problems,
        )
    except DataProblem as refusal:
        return _page(request, record, sent.cells, refusal.problems, status=422)
    except services.RecordChangedError:
        return _show_changes(request, services.record_read(record.patient, record.form), sent)
    messages.success(request, _("{pseudonym} is saved.").format(pseudonym=record.patient.pseudonym))
    return redirect(_address(record))


def _show_changes(request: HttpRequest, record: Record, sent: entry_sent.Sent) -> HttpResponse:
    merge = merge_cells(sent.base, sent.cells, record.cells)
    if sent.unchosen and record.version == sent.version:
        pairs = {key: (sent.cells[key], record.cells.get(key, "")) for key in sent.unchosen}
        merge = Merge(sent.cells, {**merge.clashes, **pairs}, merge.theirs)
    return _page(request, record, merge.cells, sent.problems, merge=merge, status=409)


def _page(
    request: HttpRequest,
    record: Record,
    cells: Mapping[str, str],
    problems: Iterable[Problem] = (),
    warns: Mapping[str, str] | None = None,
    merge: Merge | None = None,
    base: entry_sent.Sent | None = None,
    added: str = "",
    status: int = 200,
) -> HttpResponse:
    problems, clashes = list(problems), merge.clashes if merge else ()
    checked = services.record_check(record, cells, complete=False)
    study = record.patient.study
    context = {
        "study": study,
        "patient": record.patient,
        "record": record,
        "base": request.POST["base"] if base else entry_sent.sign(record, clashes),
        "problems": entries.listed(record, problems),
        "merge": entry_merges.differences_of(record, merge) if merge else None,
        "saved": entries.last_saved(record.entry),
        "derived": entries.derived_lines(record, checked.derived),
        "notices": checked.notices,
        "forms": entries.forms_of_dictionary(record),
        "current": services.dictionary_current(study),
        "check_url": _check_url(record),
        "steps": _steps(request.user, record),
        "reason": request.POST.get("reason", ""),
        "focus": "" if problems or merge else _first_field(record),
        **entries.page_of(record, cells, problems, warns or checked.implausible,
                          _queries(record), added),
    }  # fmt: skip
    return render(request, "studies/entry.html", context, status=status)


def _first_field(record: Record) -> str:
    """Where typing begins in a form that nobody has finished."""
    if record.state not in ("", EntryState.DRAFT) or not record.asked:
        return ""
    return f"{entry_sent.PREFIX}{record.asked[0].name}"


def _steps(user: Any, record: Record) -> list[tuple[str, str]]:
    """States that this user may move the form to."""
    rights = access.rights_of(user, record.patient.study)
    return [
        (after, STEP_WORDS[before, after])
        for (before, after), right in STEPS.items()
        if before == record.state and right in rights
    ]


STEP_WORDS = {
    ("complete", "verified"): say("Verify"),
    ("verified", "locked"): say("Lock"),
    ("locked", "verified"): say("Unlock"),
    ("verified", "complete"): say("Open again"),
}


def _queries(record: Record) -> dict[str, int]:
    """Queries that are not closed, by field."""
    asked = Query.objects.filter(patient=record.patient, form=record.form)
    counted: dict[str, int] = {}
    for name in asked.exclude(state=QueryState.CLOSED).values_list("field", flat=True):
        counted[name] = counted.get(name, 0) + 1
    return counted


def _address(record: Record) -> str:
    return reverse(
        "studies:entry", args=[record.patient.study.uid, record.patient.uid, record.form]
    )


def _check_url(record: Record) -> str:
    return f"{_address(record)}check/"
