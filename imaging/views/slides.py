"""The slides page: cuts, scores and densities."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from imaging import slides_overview
from studies import access, consents, registry
from studies.models import Study
from studies.paging import page_by_key
from studies.tables import csv_response
from studies.views.doors import study_page


@study_page()
def slides(request: HttpRequest, study: Study) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    rule = slides_overview.rule_shown(study)
    context: dict[str, Any] = {
        "study": study,
        "rule": rule,
        "cuts": slides_overview.cuts_shown(rule) if rule else [],
        "distribution": slides_overview.distribution(request.user, study),
        "scores": range(5),
        "may_download": "download" in rights,
        "may_enter": "enter" in rights,
    }
    if rule is not None:
        shown = slides_overview.readings_shown(request.user, study)
        context["readings"], context["agreements"] = shown
    if "rows" in rights:
        measured = slides_overview.measured_patients(request.user, study)
        cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
        page = context["page"] = page_by_key(measured, "pseudonym", **cursor)
        context["rows"] = slides_overview.rows_shown(request.user, study, page.rows)
        context["panels"] = registry.page_panels("imaging:slides", study, request.user)
        context["scanned"] = slides_overview.slides_shown(request.user, study)
    return render(request, "imaging/slides.html", context)


@study_page("download")
def slides_csv(request: HttpRequest, study: Study) -> HttpResponse:
    access.require(request.user, study, "rows")
    rows = consents.shared(slides_overview.rows_shown(request.user, study), study)
    return csv_response("slides.csv", slides_overview.COLUMNS_OF_FILE, (r.cells for r in rows))
