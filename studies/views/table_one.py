"""Table 1 by cohort: page, CSV, HTML for a text processor; and the check of a published table."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from studies import cohort_reads, eligibility, scopes, standing, table_one
from studies.forms import PublishedTableForm, refuse_in
from studies.methods.problems import DataProblem
from studies.methods.published_table import COLUMNS, check_published_table, read_published_table
from studies.models import Cohort, Study
from studies.tables import csv_response

from .doors import study_page


@study_page()
def page(request: HttpRequest, study: Study) -> HttpResponse:
    return render(request, "studies/table_one.html", _context(request, study))


@study_page()
def table_csv(request: HttpRequest, study: Study) -> HttpResponse:
    """Numbers as they are, not as they are printed: p-values with every digit."""
    made = _context(request, study)["table"]
    if made is None:
        return csv_response("table-1.csv", ["nobody"], [])
    groups = [f"{name} (n = {size})" for name, size in made.groups]
    columns = ["variable", "level", "statistic", *groups, "test", "p", "p_adjusted",
               "standardised_difference"]  # fmt: skip
    rows = [
        [line.label if not line.level else "", line.label if line.level else "",
         line.statistic_text, *(cell.text for cell in line.cells), line.test, line.p_value,
         line.adjusted, line.difference]
        for line in made.lines
    ]  # fmt: skip
    return csv_response("table-1.csv", columns, rows)


@study_page()
def table_html(request: HttpRequest, study: Study) -> HttpResponse:
    """A plain table that pastes into a text processor as a table."""
    with override("en"):  # what is published is English
        html = render_to_string("studies/table_one_plain.html", _context(request, study))
    response = HttpResponse(html)
    response["Content-Disposition"] = 'attachment; filename="table-1.html"'
    return response


@study_page()
def check(request: HttpRequest, study: Study) -> HttpResponse:
    """A table of elsewhere, line by line: what in it cannot be true together."""
    form = PublishedTableForm(request.POST or None)
    context: dict[str, Any] = {"study": study, "form": form, "columns": COLUMNS, "notices": None}
    if form.is_valid():
        limits = {"age": _age_limits(study), "age_years": _age_limits(study)}
        try:
            given = read_published_table(form.cleaned_data["table"])
            context["notices"] = check_published_table(given, limits)
        except DataProblem as refusal:
            refuse_in(form, refusal)
    return render(request, "studies/table_check.html", context)


def _age_limits(study: Study) -> tuple[float | None, float | None]:
    found = [c for c in eligibility.criteria_of(study) if c.key == "age"]
    return (found[0].minimum, found[0].maximum) if found else (None, None)


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    every = sorted(Cohort.objects.filter(study=study), key=cohort_reads.role_and_name)
    asked = {uid for uid in request.GET.getlist("cohort") if uid}
    if asked - {str(cohort.uid) for cohort in every}:
        raise Http404(_("No such cohort."))
    chosen = [c for c in every if str(c.uid) in asked] or table_one.default_cohorts(study)
    counted = standing.standing(request.user, study, standing.TABLE_ONE, chosen)
    return {
        "study": study,
        "cohorts": every,
        "chosen": chosen,
        "counted": counted,
        "table": counted.found,
        "scope": scopes.scope_of(request.user, study),
    }
