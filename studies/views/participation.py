"""One patient's part in the study: consents, criteria, status, and the steps so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import (
    access,
    consents,
    eligibility,
    participations,
    registry,
    scopes,
    services,
)
from studies.forms import (
    ConsentForm,
    FreeForm,
    MergeForm,
    OverrideForm,
    PseudonymForm,
    PurgeForm,
    StatusForm,
    TransferForm,
    WithdrawForm,
    refuse_in,
)
from studies.languages import spoken
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import MoveKind, Patient, PatientMove, PatientStatus, Study
from studies.selectors import former_names

from .doors import study_page

Verb = Callable[[Patient, Any, dict[str, Any]], Any]
VERBS: dict[str, tuple[str, Verb]] = {
    "consent": (
        say("The consent is recorded."),
        lambda p, user, given: services.consent_record(
            p, user, given["scope"], given["on"], given["withdrawn_on"]
        ),
    ),
    "status": (
        say("The status is changed."),
        lambda p, user, given: services.patient_status_set(p, user, **given),
    ),
    "override": (
        say("The decision is recorded."),
        lambda p, user, given: services.eligibility_override(p, user, **given),
    ),
    "transfer": (
        say("The patient was transferred."),
        lambda p, user, given: services.patient_transfer(p, user, **given),
    ),
    "merge": (
        say("The two are one patient now."),
        lambda p, user, given: _merge(p, user, **given),
    ),
    "pseudonym": (
        say("The pseudonym is corrected; every record is where it was."),
        lambda p, user, given: services.pseudonym_correct(p, user, **given),
    ),
    "free": (
        say("The former pseudonym can be given to another patient."),
        lambda p, user, given: services.pseudonym_free(p, user, given["former"], given["reason"]),
    ),
    "withdraw": (
        say("The withdrawal is recorded; nothing uses the patient from now on."),
        lambda p, user, given: services.patient_withdraw(p, user, **given),
    ),
    "purge": (
        say("What is stored of the patient is being removed."),
        lambda p, user, given: services.purge_start(_withdrawal(p), user),
    ),
}
NAMING = {"pseudonym", "free"}  # for who may enter and verify
TITLES = {
    "consent": say("Record a consent"),
    "status": say("Change the status"),
    "override": say("Decide on a criterion"),
    "transfer": say("Transfer to another site"),
    "merge": say("Merge a duplicate"),
    "pseudonym": say("Correct the pseudonym"),
    "free": say("Free a former pseudonym"),
    "withdraw": say("Withdraw"),
    "purge": say("Remove what is stored"),
}


@study_page("rows")
def participation(request: HttpRequest, study: Study, patient_uid: UUID) -> HttpResponse:
    return _page(request, study, _patient(request.user, study, patient_uid))


@require_POST
@study_page("enter")
def patient_step(request: HttpRequest, study: Study, patient_uid: UUID, step: str) -> HttpResponse:
    """One of ``VERBS``, done and told; what is refused comes back beside its field."""
    if step not in VERBS:
        raise Http404(_("No such step."))
    patient = _patient(request.user, study, patient_uid)
    form = _forms(patient, request.POST, step)[step]
    told, verb = VERBS[step]
    if form.is_valid():
        try:
            verb(patient, request.user, form.cleaned_data)
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(request, spoken(told))
            return redirect("studies:participation", study.uid, patient.uid)
    return _page(request, study, patient, {step: form})


def _page(
    request: HttpRequest, study: Study, patient: Patient, sent: dict[str, forms.Form] | None = None
) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    shown = _forms(patient) | (sent or {})
    former = former_names(patient)
    withdrawn = patient.status == PatientStatus.WITHDRAWN
    removal = services.purge_job(_withdrawal(patient)) if withdrawn else None
    left = {"pseudonym", "free"} if withdrawn else set(shown) - {"purge"}
    left |= {"purge"} if withdrawn and services.purge_is_due(removal) else set()
    left -= set() if former else {"free"}
    left -= set() if access.holds_at(request.user, patient, "enter", "verify") else NAMING
    shown = {step: form for step, form in shown.items() if step in left}
    context = {
        "study": study,
        "patient": patient,
        "former": former,
        "dates": access.holds_at(request.user, patient, "rows", "identifiers"),
        "policy": consents.policy_of(study),
        "required": consents.is_required(study),
        "consents": patient.consents.order_by("scope", "date"),
        "evaluated": eligibility.evaluated(study, [patient])[0],
        "moves": patient.moves.select_related("decided_by", "other").prefetch_related("traces"),
        "forms": [(step, TITLES[step], form) for step, form in shown.items()],
        "open": next(iter(sent or {}), request.GET.get("step", "")),
        "may_enter": "enter" in rights,
        "removal": removal,
        "there": participations.there_of(patient) if "enter" in rights else [],
        "used_by": registry.traces_of(patient) if "enter" in rights and not withdrawn else [],
    }
    status = 422 if sent else 200
    return render(request, "studies/participation.html", context, status=status)


def _forms(patient: Patient, data: Any = None, step: str = "") -> dict[str, forms.Form]:
    """Every form, the one of ``step`` filled with what was sent."""
    study = patient.study

    def given(name: str) -> dict[str, Any]:
        return {"data": data if name == step else None, "auto_id": f"{name}_%s"}

    return {
        "consent": ConsentForm(**given("consent")),
        "status": StatusForm(**given("status")),
        "override": OverrideForm(criteria=eligibility.criteria_of(study), **given("override")),
        "transfer": TransferForm(study=study, **given("transfer")),
        "merge": MergeForm(**given("merge")),
        "pseudonym": PseudonymForm(initial={"so_far": patient.pseudonym}, **given("pseudonym")),
        "free": FreeForm(names=former_names(patient), **given("free")),
        "withdraw": WithdrawForm(**given("withdraw")),
        "purge": PurgeForm(**given("purge")),
    }


def _patient(user: Any, study: Study, uid: UUID) -> Patient:
    mine = scopes.patients_of(user, study).select_related("site", "study")
    return get_object_or_404(mine, uid=uid)


def _withdrawal(patient: Patient) -> PatientMove:
    return get_object_or_404(patient.moves, kind=MoveKind.WITHDRAWN)


def _merge(patient: Patient, user: Any, other: str, on: Any, reason: str) -> Any:
    found = scopes.patients_of(user, patient.study).filter(pseudonym=other.strip()).first()
    if found is None:
        raise refuse("other", say("no such patient"), "a pseudonym that you may see",
                     "Correct the pseudonym.", column="other")  # fmt: skip
    return services.patients_merge(patient, found, user, on, reason)
