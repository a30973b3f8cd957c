"""Pages: the matrices handed in, and the phenotype with its heat map."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from genomics import overviews
from genomics.figures import HeatMap
from genomics.models import ExpressionMatrix
from studies import access
from studies.models import Study
from studies.tables import csv_response
from studies.views.doors import study_page


@study_page()
def matrices(request: HttpRequest, study: Study) -> HttpResponse:
    rows = ExpressionMatrix.objects.filter(study=study).select_related("batch", "file")
    return render(request, "genomics/matrices.html", {"study": study, "matrices": rows})


@study_page()
def matrix(request: HttpRequest, study: Study, matrix_uid: UUID) -> HttpResponse:
    rows = ExpressionMatrix.objects.select_related("batch", "file")
    found = get_object_or_404(rows, study=study, uid=matrix_uid)
    coverage = overviews.coverage_of(found)
    context = {"study": study, "matrix": found, "signatures": coverage}
    return render(request, "genomics/matrix.html", context)


@study_page()
def phenotype(request: HttpRequest, study: Study) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    fit = overviews.fit_of(study)
    context: dict[str, Any] = {"study": study, "fit": fit, "may_download": "download" in rights}
    context["counts"] = overviews.counts_of(request.user, study)
    if "rows" in rights:
        context["rows"] = overviews.phenotypes_of(request.user, study)
        context["figure"] = overviews.heat_map_of(request.user, study, fit) if fit else None
    return render(request, "genomics/phenotype.html", context)


@study_page("rows")
def heat_map(request: HttpRequest, study: Study) -> HttpResponse:
    """The figure as a file of its own: drawing takes longer than the page."""
    fit = overviews.fit_of(study)
    figure = overviews.heat_map_of(request.user, study, fit) if fit else None
    if figure is None:
        raise Http404("No phenotype to draw.")
    return _drawn(request, figure)


def _drawn(request: HttpRequest, figure: HeatMap) -> HttpResponse:
    """Drawn once per content and browser: the answer carries the digest of what it shows."""
    tag = f'"{figure.digest}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    response = HttpResponse(figure.svg(), content_type="image/svg+xml")
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


@study_page("download")
def labels_csv(request: HttpRequest, study: Study) -> HttpResponse:
    access.require(request.user, study, "rows")
    rows = overviews.phenotypes_of(request.user, study)
    return csv_response("phenotypes.csv", overviews.LABEL_COLUMNS, overviews.label_rows(rows))
