"""The matrices handed in, and the quality of each."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from genomics import overviews, quality_page
from genomics.drawings import QUALITY
from genomics.models import ExpressionMatrix
from studies import access
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def matrices(request: HttpRequest, study: Study) -> HttpResponse:
    rows = overviews.matrices_seen(request.user, study)
    rows = rows.select_related("batch", "file", "correction")
    return render(request, "genomics/matrices.html", {"study": study, "matrices": rows})


def _matrix(request: HttpRequest, study: Study, uid: UUID) -> ExpressionMatrix:
    rows = overviews.matrices_seen(request.user, study)
    rows = rows.select_related("batch", "file", "study", "correction")
    return get_object_or_404(rows, uid=uid)


@study_page()
def matrix(request: HttpRequest, study: Study, matrix_uid: UUID) -> HttpResponse:
    found = _matrix(request, study, matrix_uid)
    coverage = overviews.coverage_of(found)
    notices = overviews.notices_read(request.user, found)
    context = {"study": study, "matrix": found, "signatures": coverage, "notices": notices}
    return render(request, "genomics/matrix.html", context)


@study_page("rows")
def quality(request: HttpRequest, study: Study, matrix_uid: UUID) -> HttpResponse:
    found = _matrix(request, study, matrix_uid)
    context = {"study": study, "matrix": found, **quality_page.quality_context(request.user, found)}
    context["page_drawn"] = QUALITY
    context["may_download"] = "download" in access.rights_of(request.user, study)
    return render(request, "genomics/quality.html", context)
