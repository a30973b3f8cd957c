"""The figures of survival by phenotype as files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from modeling.figures.render import figure_csv, render_png, render_svg
from modeling.phenotype_survival import survival_figure
from studies import access
from studies.models import Study
from studies.views.doors import study_page


@study_page("rows")
def figure(request: HttpRequest, study: Study, key: str, form: str) -> HttpResponse:
    found = survival_figure(request.user, study, key)
    if found is None or form not in ("svg", "png", "csv"):
        raise Http404("No such figure.")
    if form == "csv":
        access.require(request.user, study, "download")
        response = HttpResponse(figure_csv(found), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{key}.csv"'
        return response
    if form == "png":
        return HttpResponse(render_png(found), content_type="image/png")
    return HttpResponse(render_svg(found), content_type="image/svg+xml")
