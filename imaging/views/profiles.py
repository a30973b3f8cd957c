"""Exports of a laboratory: map its columns once, hand in by it ever after."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from imaging import services
from imaging.forms import ProfileForm
from imaging.methods.density_profile import DensityProfile
from imaging.models import LaboratoryProfile
from studies.forms import refuse_in
from studies.languages import sentences
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.services import batch_job
from studies.views.doors import study_page

KEPT = "laboratory-export"  # columns and words of the export being mapped, in the session


@study_page("enter")
def profile_list(request: HttpRequest, study: Study) -> HttpResponse:
    """Known laboratories; an export chosen here is read for its columns alone."""
    problems: list[dict[str, Any]] = []
    if file := request.FILES.get("file"):
        try:
            header, words, profile = services.export_suggest(file.read(), file.name)
        except DataProblem as refusal:
            problems = refusal.as_list()
        else:
            request.session[KEPT] = {
                "study": str(study.uid), "header": header, "words": words,
                "profile": profile.as_dict(),
            }  # fmt: skip
            return redirect("imaging:profile_new", study.uid)
    rows = LaboratoryProfile.objects.filter(study=study).order_by("name", "-number")
    newest = rows.distinct("name").select_related("stated_by")
    context = {"study": study, "profiles": newest, "problems": problems}
    return render(request, "imaging/profiles.html", context)


@study_page("enter")
def profile_new(request: HttpRequest, study: Study) -> HttpResponse:
    kept = request.session.get(KEPT, {})
    if kept.get("study") != str(study.uid):
        return redirect("imaging:profiles", study.uid)
    sent = request.POST if request.method == "POST" else None
    start = _initial(DensityProfile.from_dict(kept["profile"]), kept["words"])
    form = ProfileForm(sent, initial=start, header=kept["header"], words=kept["words"])
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            services.profile_state(study, request.user, name, form.profile(), kept["header"])
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            messages.success(
                request, _("Exports of {name} can now be handed in.").format(name=name)
            )
            return redirect("imaging:profiles", study.uid)
    return render(request, "imaging/profile_new.html", {"study": study, "form": form})


@require_POST
@study_page("enter")
def profile_upload(request: HttpRequest, study: Study, profile_uid: UUID) -> HttpResponse:
    profile = get_object_or_404(LaboratoryProfile, study=study, uid=profile_uid)
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose the export."))
        return redirect("imaging:profiles", study.uid)
    try:
        batch = services.export_receive(profile, request.user, file.read(), file.name)
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
        return redirect("imaging:profiles", study.uid)
    job = batch_job(batch)
    if job and not job.has_ended:
        return redirect("studies:job", study.uid, job.uid)
    return redirect("studies:batch", study.uid, batch.uid)


def _initial(profile: DensityProfile, words: list[str]) -> dict[str, Any]:
    return {
        **{f"column_{role}": column for role, column in profile.columns.items()},
        **{f"region_{k}": profile.regions.get(word) for k, word in enumerate(words)},
        **profile.constants,
        "image_pattern": profile.image_pattern,
    }
