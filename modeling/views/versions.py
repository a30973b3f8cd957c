"""A model version: its life, its card, its manifest, its export."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from modeling import overviews
from modeling.elsewhere import cohorts_offered
from modeling.forms import VersionMoveForm
from modeling.models import ModelVersion, VersionKind
from modeling.services.nomogram_performance import performance_of
from modeling.services.onnx_export import version_to_onnx
from modeling.services.version_card import not_beaten, version_card
from modeling.services.version_life import version_move
from modeling.services.version_manifest import manifest_write
from studies import access
from studies.languages import sentence, spoken
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.services import file_read
from studies.value_words import word_of
from studies.views.doors import study_page


@study_page()
def version(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    found, rights = _version(study, version_uid), access.rights_of(request.user, study)
    life = overviews.life_of(found, request.user)
    context: dict[str, Any] = {
        "study": study,
        "version": found,
        "rights": rights,
        "may_download": access.holds(request.user, study, "download"),
        "takes_rows": access.takes_rows(request.user, study),
        "rows": overviews.evaluation_rows(found),
        "lineage": overviews.lineage_of(found),
        "life": life,
        "not_beaten": not_beaten(found),
        "form": VersionMoveForm(
            version=found, may_run="run" in rights, may_release=life["may_release"]
        ),
        "elsewhere": cohorts_offered(found, request.user) if "run" in rights else None,
        "performance": performance_of(found),
        "is_rad_score": found.kind == VersionKind.RAD_SCORE,
    }
    return render(request, "modeling/version.html", context)


@study_page()
def timeline(request: HttpRequest, study: Study) -> HttpResponse:
    """Every move of every version, and what was active after each."""
    context = {"study": study, "rows": overviews.timeline_of(study)}
    return render(request, "modeling/timeline.html", context)


@require_POST
@study_page()
def move(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """Another state, with a reason."""
    found = _version(study, version_uid)
    form = VersionMoveForm(request.POST, version=found)
    if not form.is_valid():
        messages.error(request, _("Choose a state and say why."))
        return redirect("modeling:version", study.uid, found.uid)
    try:
        event = version_move(found, request.user, **form.cleaned_data)
        messages.success(
            request,
            _("{version} is {state} now.").format(
                version=spoken(found), state=word_of(event.to_state)
            ),
        )
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
    return redirect("modeling:version", study.uid, found.uid)


@study_page()
def card(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    found = _version(study, version_uid)
    context = {
        "study": study,
        "version": found,
        "card": version_card(found),
        "notices": [*found.run.notices, *found.fitting_snapshot.notices],
        "targets": overviews.TARGETS,
    }
    return render(request, "modeling/card.html", context)


@study_page()
def card_json(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    found = _version(study, version_uid)
    return _json(version_card(found), found, "card")


@study_page("download", of_groups=True)
def manifest(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    found = _version(study, version_uid)
    return _json(manifest_write(found), found, "manifest")


@study_page("download")
def onnx(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """The estimator for another runtime, or why there is none.

    It may hold rows of the patients it was fitted to (neighbours, support vectors).
    """
    access.require_every_row(request.user, study)
    found = _version(study, version_uid)
    try:
        data, difference = version_to_onnx(found)
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
        return redirect("modeling:version", study.uid, found.uid)
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{_name(found)}.onnx"'
    response["X-Largest-Difference"] = f"{difference:.3g}"
    return response


@study_page("download")
def estimator(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """The stored skops file as it is; it may hold rows of the patients it was fitted to."""
    access.require_every_row(request.user, study)
    found = _version(study, version_uid)
    if found.file is None:
        return redirect("modeling:card_json", study.uid, found.uid)
    response = HttpResponse(file_read(found.file), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{_name(found)}.skops"'
    return response


def _json(content: dict[str, Any], version: ModelVersion, what: str) -> HttpResponse:
    response = JsonResponse(content, json_dumps_params={"indent": 1, "ensure_ascii": False})
    name = f"{_name(version)}-{what}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _name(version: ModelVersion) -> str:
    return f"{version.kind.replace('_', '-')}-{version.number}"


def _version(study: Study, uid: UUID) -> ModelVersion:
    rows = ModelVersion.objects.select_related(
        "run__produced_by", "run__snapshot", "fitting_snapshot", "file", "produced_by", "study"
    )
    return get_object_or_404(rows, study=study, uid=uid)
