"""A nomogram: the rulers, their numbers, the model behind them, and what it was asked."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from modeling.models import ModelVersion, VersionKind
from modeling.nomogram_analyses_page import analyses_context
from modeling.nomogram_page import nomogram_context
from studies import access
from studies.kept_pictures import picture_kept
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def nomogram(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    version = _version(study, version_uid)
    context = {"study": study, "version": version, **nomogram_context(version)}
    context["svg"] = picture_kept(context["figure"])
    return render(request, "modeling/nomogram.html", context)


@study_page()
def analyses(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """Optimism, added value, residuals, splines, stability, competing risks, landmark, size."""
    version = _version(study, version_uid)
    context = {"study": study, "version": version, **analyses_context(version)}
    context["may_download"] = access.holds(request.user, study, "download")
    return render(request, "modeling/analyses.html", context)


def _version(study: Study, uid: UUID) -> ModelVersion:
    rows = ModelVersion.objects.filter(kind=VersionKind.NOMOGRAM)
    rows = rows.select_related("run", "study", "fitting_snapshot")
    return get_object_or_404(rows, study=study, uid=uid)
