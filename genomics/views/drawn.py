"""A figure as a file: picture or table."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from studies import access
from studies.figures.figure import Figure
from studies.figures.render import figure_csv, render_png, render_svg
from studies.models import Study

FORMS: dict[str, tuple[str, Callable[[Figure], str | bytes]]] = {
    "svg": ("image/svg+xml", render_svg),
    "png": ("image/png", render_png),
    "csv": ("text/csv; charset=utf-8", figure_csv),
}


def drawn(request: HttpRequest, study: Study, figure: Figure | None, form: str) -> HttpResponse:
    """Drawn once per content and browser: the answer carries the digest of what it shows."""
    if figure is None or form not in FORMS:
        raise Http404("No such figure.")
    if form == "csv":
        access.require(request.user, study, "download")
    tag = f'"{figure.digest}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    content_type, render = FORMS[form]
    response = HttpResponse(render(figure), content_type=content_type)
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    if form == "csv":
        response["Content-Disposition"] = f'attachment; filename="{figure.key}.csv"'
    return response
