"""Table 2 of the paper as a page and as files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from modeling.publication.bundle import table_csv
from modeling.table2_page import table2_context
from studies import access
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def table2(request: HttpRequest, study: Study) -> HttpResponse:
    context = {"study": study, **table2_context(study)}
    context["may_download"] = access.holds(request.user, study, "download")
    return render(request, "modeling/table2.html", context)


@study_page("download", of_groups=True)
def table2_csv(request: HttpRequest, study: Study, key: str) -> HttpResponse:
    """One table, value and interval in columns of their own."""
    tables = table2_context(study)["section"].tables
    found = next((table for table in tables if table["key"] == key), None)
    if found is None:
        raise Http404
    response = HttpResponse(table_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}.csv"'
    return response
