"""What changed: of one field, with the way back; of the whole study, for administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import override

from studies import access, audits, histories, query_reads, scopes, services
from studies.languages import sentence
from studies.methods.problems import DataProblem
from studies.models import Membership, Patient, Query, Study
from studies.tables import csv_response

from .doors import study_page


@study_page("rows")
def field_history(
    request: HttpRequest, study: Study, patient_uid: UUID, form: str, field: str
) -> HttpResponse:
    mine = scopes.patients_of(request.user, study).select_related("site", "study")
    patient = get_object_or_404(mine, uid=patient_uid)
    if field not in services.fields_of(patient, form):
        raise Http404(_("No such field."))
    if request.method == "POST":
        return _restore(request, patient, form, field)
    rights = access.rights_of(request.user, study)
    context = {
        "study": study,
        "patient": patient,
        "form": form,
        "field": field,
        "label": query_reads.label_of_field(Query(patient=patient, form=form, field=field)),
        "changes": histories.field_changes(patient, form, field, "identifiers" in rights),
        "may_restore": {"enter", "identifiers"} <= rights,
    }
    return render(request, "studies/field_history.html", context)


@study_page("manage")
def audit(request: HttpRequest, study: Study) -> HttpResponse:
    asked = _asked(request)
    lines = audits.audit_lines(request.user, study, **asked, dates=_sees_dates(request, study))
    members = Membership.objects.filter(study=study).select_related("user")
    context = {
        "study": study,
        "lines": lines,
        "tables": list(audits.tracked_tables()),
        "people": list({m.user_id: m.user for m in members}.values()),
        "asked": asked,
        "next": audits.after_these(lines, asked["before"], asked["skip"]),
    }
    return render(request, "studies/audit.html", context)


@study_page("manage")
@override("en")  # what is exchanged is English
def audit_csv(request: HttpRequest, study: Study) -> HttpResponse:
    """As many pages as it takes, up to 10,000 lines."""
    asked, dates = _asked(request), _sees_dates(request, study)
    rows: list[list[Any]] = []
    while len(rows) < 10_000:
        lines = audits.audit_lines(request.user, study, **asked, dates=dates)
        for line in lines:
            what = "; ".join(f"{name}: {was} -> {now}" for name, was, now in line.changes)
            rows.append([line.at.isoformat(), line.who or "", line.label, line.table, line.subject,
                         what, line.reason, line.request])  # fmt: skip
        following = audits.after_these(lines, asked["before"], asked["skip"])
        if following is None:
            break
        asked |= following
    columns = ["at", "who", "what", "record", "of", "fields", "reason", "request"]
    return csv_response("history.csv", columns, rows)


def _sees_dates(request: HttpRequest, study: Study) -> bool:
    return "identifiers" in access.rights_of(request.user, study)


def _asked(request: HttpRequest) -> dict[str, Any]:
    person = request.GET.get("person", "")
    try:
        before = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        before = None
    skip = request.GET.get("skip", "")
    return {
        "skip": int(skip) if before and skip.isdecimal() and len(skip) < 7 else 0,
        "table": request.GET.get("table", ""),
        "person": int(person) if person.isdecimal() and len(person) < 18 else None,
        "before": before,
    }


def _restore(request: HttpRequest, patient: Patient, form: str, field: str) -> HttpResponse:
    event = request.POST.get("event", "")
    try:
        services.field_restore(
            patient, request.user, form, field,
            int(event) if event.isdecimal() and len(event) < 18 else 0,
            request.POST.get("reason", ""),
        )  # fmt: skip
        messages.success(request, _("The earlier value stands again, as a new change."))
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
    except services.RecordChangedError:
        messages.error(request, _("Somebody saved the form meanwhile. Look again."))
    return redirect("studies:field_history", patient.study.uid, patient.uid, form, field)
