"""Two reports side by side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from modeling.forms import CompareReportsForm
from modeling.models import Report
from modeling.services.report_comparison import reports_compare
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def compare(request: HttpRequest, study: Study) -> HttpResponse:
    """What moved between them; without a choice the two newest."""
    rows = list(Report.objects.filter(study=study)[:2].values_list("uid", flat=True))
    given = request.GET or ({"before": rows[1], "after": rows[0]} if len(rows) == 2 else None)
    form = CompareReportsForm(given, study=study)
    context: dict[str, Any] = {"study": study, "form": form, "few": len(rows) < 2}
    if given and form.is_valid():
        context |= form.cleaned_data
        context |= reports_compare(form.cleaned_data["before"], form.cleaned_data["after"])
    return render(request, "modeling/compare_reports.html", context)
