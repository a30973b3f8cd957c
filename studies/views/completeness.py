"""The completeness grid: what is there of whom."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from studies import completeness_grid, registry, scopes
from studies.filters import CompletenessFilter
from studies.listings import completeness_listing
from studies.lists import list_response
from studies.models import Study

from .doors import study_page


@study_page("rows")
def completeness(request: HttpRequest, study: Study) -> HttpResponse:
    mine = scopes.patients_of(request.user, study).select_related("completeness")
    narrowed = CompletenessFilter(request.GET, mine, study=study, user=request.user)
    totals = completeness_grid.totals(narrowed.qs)
    columns = registry.completeness_columns()
    context = {
        "totals": list(zip(columns, totals[0], strict=True)) if totals else [],
        "totals_1": totals[1] if totals else 0,
        "scope": scopes.scope_of(request.user, study),
    }
    return list_response(
        request, study, completeness_listing(), narrowed.qs, "studies/completeness.html", context,
        counted=completeness_grid.counted(narrowed.qs), narrowed=narrowed,
        rows_of=lambda rows: completeness_grid.grid_rows(request.user, study, rows),
    )  # fmt: skip
