"""What changed: of one field, with the way back; of the whole study, for administrators."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from studies import access, audits, histories, query_reads, scopes, services
from studies.filters import AuditFilter
from studies.languages import sentence
from studies.listings import AUDIT
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import Patient, Query, Study

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
    dates = access.holds_at(request.user, patient, "rows", "identifiers")
    context = {
        "study": study,
        "patient": patient,
        "form": form,
        "field": field,
        "label": query_reads.label_of_field(Query(patient=patient, form=form, field=field)),
        "changes": histories.field_changes(patient, form, field, dates),
        "may_restore": access.holds_at(request.user, patient, "enter", "identifiers"),
    }
    return render(request, "studies/field_history.html", context)


@study_page("manage")
def audit(request: HttpRequest, study: Study) -> HttpResponse:
    narrowed = AuditFilter(request.GET, study=study)
    changes = audits.Changes(
        request.user, study, narrowed.asked(),
        "identifiers" in access.rights_of(request.user, study),
    )  # fmt: skip
    return list_response(request, study, AUDIT, changes, "studies/audit.html", narrowed=narrowed)


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
