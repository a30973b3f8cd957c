"""Pages: the matrices handed in, and the phenotype with its heat map."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe

from genomics import overviews
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
    fit = overviews.fit_of(study)
    context: dict[str, Any] = {"study": study, "fit": fit, "counts": overviews.counts_of(request.user, study)}
    if fit and "rows" in access.rights_of(request.user, study):
        shown = overviews.phenotypes_of(request.user, study)
        context["rows"] = shown
        if figure := overviews.heat_map_of(request.user, study, fit):
            context["figure"] = figure
            context["svg"] = mark_safe(figure.svg())  # drawn here from numbers and our own words
    context["may_download"] = "download" in access.rights_of(request.user, study)
    return render(request, "genomics/phenotype.html", context)


@study_page("download")
def labels_csv(request: HttpRequest, study: Study) -> HttpResponse:
    access.require(request.user, study, "rows")
    rows = overviews.phenotypes_of(request.user, study)
    return csv_response("phenotypes.csv", overviews.LABEL_COLUMNS, overviews.label_rows(rows))
