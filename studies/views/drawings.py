"""Figures that a job drew, as files and as tables."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, registry, services
from studies.figures.figure import Figure
from studies.figures.journal import figure_file, journal_widths
from studies.figures.render import darkened, figure_csv, render_png
from studies.models import Drawing, ReadAction, Study
from studies.patient_figures import drawing_without_rows

from .doors import is_read_as, study_page
from .pictures import VEGA, explored_answer, picture_answer


def _svg(request: HttpRequest, study: Study, figure: Figure, picture: str) -> HttpResponse:
    return picture_answer(picture)


def _dark(request: HttpRequest, study: Study, figure: Figure, picture: str) -> HttpResponse:
    """For a dark page."""
    return picture_answer(darkened(picture))


def _png(request: HttpRequest, study: Study, figure: Figure, picture: str) -> HttpResponse:
    return HttpResponse(render_png(figure), content_type="image/png")


def _csv(request: HttpRequest, study: Study, figure: Figure, picture: str) -> HttpResponse:
    response = HttpResponse(figure_csv(figure), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{figure.key}.csv"'
    return response


def _table(request: HttpRequest, study: Study, figure: Figure, picture: str) -> HttpResponse:
    context = {"study": study, "figure": figure, "widths": journal_widths(picture)}
    if not figure.spec:
        context["why"] = access.why_without_rows(study)
    return render(request, "studies/drawn_table.html", context)


def _journal(figure: Figure, form: str, has_rows: bool) -> HttpResponse:
    """At the width of a journal's column, as SVG or PDF."""
    found = figure_file(figure, form)
    if found is None:
        raise Http404(_("No such figure."))
    drawn, content_type = found
    if form.endswith("svg") and not has_rows:
        drawn = drawing_without_rows(figure.key, drawn.decode()).encode()
    response = HttpResponse(drawn, content_type)
    response["Content-Disposition"] = f'attachment; filename="{figure.key}.{form}"'
    return response


def _vega(request: HttpRequest, study: Study, figure: Figure, picture: str) -> HttpResponse:
    if not figure.spec:
        access.require_every_row(request.user, study)
    return explored_answer(figure)


FORMS: dict[str, Callable[..., HttpResponse]] = {
    "svg": _svg, "dark.svg": _dark, "png": _png, "csv": _csv, "html": _table,
    VEGA: _vega,
}  # fmt: skip


def _answer(
    request: HttpRequest, study: Study, form: str, whole: Figure, shown: tuple[Figure, str]
) -> HttpResponse:
    """Pictures are drawn of all that is in the figure, tables of what is ``shown``."""
    known = FORMS.get(form)
    if known is None:
        return _journal(whole, form, has_rows=shown[0] is whole)
    return known(request, study, whole if form == "png" else shown[0], shown[1])


SHOWN = ("svg", "dark.svg", "html", VEGA)  # in a page; the others are taken away


@study_page("rows")
def drawn(request: HttpRequest, study: Study, page: str, subject: str = "") -> HttpResponse:
    """The figures of a page: a page of its own, and the part that the page asks for."""
    try:
        spec = registry.drawn_page(page)
        found = services.drawing_of(study, request.user, page, subject)
    except (KeyError, ValueError, ObjectDoesNotExist) as error:
        raise Http404(_("No such page.")) from error
    context = {"study": study, "spec": spec, "title": spec.title, "drawn": found}
    context["may_download"] = access.holds(request.user, study, "download")
    return render(request, "studies/drawn.html", context)


@study_page("rows")
def drawn_figure(
    request: HttpRequest, study: Study, drawing_uid: UUID, key: str, form: str
) -> HttpResponse:
    """A figure of a drawing; what is behind an address never changes.

    Shown, it is a view of its page, once for all of its figures.
    """
    rows = access.visible(Drawing.objects.all(), request.user, study).filter(uid=drawing_uid)
    found = services.figure_of(rows, drawing_uid, key)
    if found is None:
        raise Http404(_("No such figure."))
    drawing = rows.only("page", "subject", "site_ids").get()
    whole, picture = found
    if form == "csv":
        services.figure_take(request.user, study, drawing, whole)
    shown = services.figure_readable(request.user, study, drawing, whole, picture)
    told, page = f"{drawing.page} {drawing.subject}".strip(), _page_of(drawing)
    if form in SHOWN:
        is_read_as(request, page, told)
    else:
        is_read_as(request, page, f"{told} {key}.{form}", ReadAction.DOWNLOAD)
    tag = f'"{drawing_uid}-{key}-{form}{"" if shown[0] is whole else "-without-rows"}"'
    if form in ("svg", "dark.svg") and request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    response = _answer(request, study, form, whole, shown)
    response["ETag"] = tag
    response.setdefault("Cache-Control", "private, no-cache")
    return response


def _page_of(drawing: Drawing) -> str:
    return "drawn_of" if drawing.subject else "drawn"


@require_POST
@study_page("rows")
def draw_again(request: HttpRequest, study: Study) -> HttpResponse:
    """After a drawing that failed."""
    page, subject = request.POST.get("page", ""), request.POST.get("subject", "")
    try:
        services.page_draw_start(study, request.user, page, subject, again=True)
    except (KeyError, ValueError, ObjectDoesNotExist) as error:
        raise Http404(_("No such page.")) from error
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("studies:overview", study.uid)
