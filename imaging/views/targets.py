"""The target lesion of a patient: what there is to choose from, what speaks, and who said so."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from imaging import services
from imaging.forms import TargetForm
from imaging.selectors.targets import target_of
from studies import access
from studies.forms import refuse_in
from studies.methods.problems import DataProblem
from studies.models import Patient, Study
from studies.views.doors import has_read, study_page


@study_page("rows")
def target_page(request: HttpRequest, study: Study, patient_uid: UUID) -> HttpResponse:
    """Lesions with their uptake; who may enter data at the patient's site makes one the target."""
    patients = access.visible(Patient.objects.select_related("site"), request.user, study)
    patient = get_object_or_404(patients, uid=patient_uid)
    target, may_enter = target_of(patient), access.holds_at(request.user, patient, "enter")
    asked = {"region": request.GET.get("region", "")}
    form = TargetForm(request.POST or None, target=target, initial=asked) if may_enter else None
    if form is not None and form.is_valid():
        try:
            services.target_decide(patient, request.user, form.roi, form.cleaned_data["reason"])
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(request, _("The choice is kept."))
            return redirect("imaging:target", study.uid, patient.uid)
    has_read(request, ("target lesion", "uptake"), len(target.candidates))
    return render(request, "imaging/target.html", {
        "study": study, "patient": patient, "target": target, "form": form,
    })  # fmt: skip
