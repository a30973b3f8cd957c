"""The completeness grid: what is there of whom."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studies import completeness_grid, registry, scopes
from studies.filters import CompletenessFilter, chips
from studies.models import Study
from studies.paging import COUNTED, page_by_key

from .doors import study_page


@study_page("rows")
def completeness(request: HttpRequest, study: Study) -> HttpResponse:
    mine = scopes.patients_of(request.user, study).select_related("completeness")
    narrowed = CompletenessFilter(request.GET, mine, study=study, user=request.user)
    cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
    totals = completeness_grid.totals(narrowed.qs)
    many = totals[1] if totals else COUNTED + 1
    page = page_by_key(narrowed.qs, "pseudonym", **cursor, total=many)
    context = {
        "study": study,
        "columns": registry.completeness_columns(),
        "page": page,
        "rows": completeness_grid.grid_rows(request.user, study, page.rows),
        "totals": totals,
        "filter": narrowed,
        "chips": chips(narrowed),
        "scope": scopes.scope_of(request.user, study),
    }
    return render(request, "studies/completeness.html", context)
