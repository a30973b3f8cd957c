"""A nomogram: the rulers, their numbers, and the model behind them."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe

from modeling.figures.render import render_inline_svg
from modeling.models import ModelVersion, VersionKind
from modeling.nomogram_page import nomogram_context
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def nomogram(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    rows = ModelVersion.objects.filter(kind=VersionKind.NOMOGRAM).select_related("run")
    version = get_object_or_404(rows, study=study, uid=version_uid)
    context = {"study": study, "version": version, **nomogram_context(version)}
    context["svg"] = mark_safe(render_inline_svg(context["figure"]))  # drawn here, from numbers
    return render(request, "modeling/nomogram.html", context)
