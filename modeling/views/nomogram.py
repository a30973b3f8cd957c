"""A nomogram: the rulers, their numbers, the model behind them, and what it was asked."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe

from modeling.models import ModelVersion, VersionKind
from modeling.nomogram_analyses_page import analyses_context, analyses_figures
from modeling.nomogram_page import nomogram_context
from studies import access
from studies.figures.figure import Figure
from studies.figures.render import figure_csv, render_inline_svg, render_png, render_svg
from studies.models import Study
from studies.views.doors import study_page

TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


@study_page()
def nomogram(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    version = _version(study, version_uid)
    context = {"study": study, "version": version, **nomogram_context(version)}
    context["svg"] = mark_safe(render_inline_svg(context["figure"]))  # drawn here, from numbers
    return render(request, "modeling/nomogram.html", context)


@study_page()
def analyses(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """Optimism, added value, residuals, splines, stability, competing risks, landmark, size."""
    version = _version(study, version_uid)
    context = {"study": study, "version": version, **analyses_context(version)}
    context["may_download"] = "download" in access.rights_of(request.user, study)
    return render(request, "modeling/analyses.html", context)


@study_page()
def analysis(
    request: HttpRequest, study: Study, version_uid: UUID, key: str, form: str
) -> HttpResponse:
    """One of these figures as SVG or PNG."""
    figure = _figure(_version(study, version_uid), key)
    if form not in ("svg", "png"):
        raise Http404
    return _file(render_svg(figure) if form == "svg" else render_png(figure, 3.0), key, form)


@study_page("download")
def analysis_table(request: HttpRequest, study: Study, version_uid: UUID, key: str) -> HttpResponse:
    """The numbers behind one of these figures."""
    return _file(figure_csv(_figure(_version(study, version_uid), key)), key, "csv")


def _figure(version: ModelVersion, key: str) -> Figure:
    found = next((figure for figure in analyses_figures(version) if figure.key == key), None)
    if found is None:
        raise Http404
    return found


def _version(study: Study, uid: UUID) -> ModelVersion:
    rows = ModelVersion.objects.filter(kind=VersionKind.NOMOGRAM)
    rows = rows.select_related("run", "study", "fitting_snapshot")
    return get_object_or_404(rows, study=study, uid=uid)


def _file(data: str | bytes, name: str, form: str) -> HttpResponse:
    response = HttpResponse(data, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response
