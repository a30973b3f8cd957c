"""Signatures and annotations of a study, and the abundances computed by them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from genomics import signatures_page
from studies import access
from studies.models import Study
from studies.sealed import searched
from studies.tables import csv_response
from studies.views.doors import study_page


@study_page()
def signatures(request: HttpRequest, study: Study) -> HttpResponse:
    context = {"study": study, **signatures_page.signatures_context(request.user, study)}
    rights = access.rights_of(request.user, study)
    context |= {"may_download": {"rows", "download"} <= rights, "may_run": "run" in rights}
    return render(request, "genomics/signatures.html", context)


@study_page("download")
def abundances_csv(request: HttpRequest, study: Study) -> HttpResponse:
    access.require(request.user, study, "rows")
    name, method = (searched(request.GET.get(key, "")) for key in ("signature", "method"))
    columns, rows = signatures_page.abundance_rows(request.user, study, name, method)
    return csv_response("abundances.csv", columns, rows)
