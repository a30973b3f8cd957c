"""The report: the page, its figures as files, its tables, the whole as JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from modeling.models import Report
from modeling.publication.bundle import table_csv
from modeling.selectors.reports import (
    drawing_without_numbers,
    figure_without_patients,
    is_of_patients,
    report_figure,
    report_figure_whole,
    report_light,
)
from modeling.services.report_files import PDF, ZIP, report_file
from studies import access
from studies.figures.explored import is_explorable
from studies.figures.figure import Figure
from studies.figures.journal import figure_file
from studies.figures.render import figure_csv
from studies.models import Study
from studies.services import file_read
from studies.views.doors import study_page
from studies.views.pictures import VEGA, explored_answer

CSV = "text/csv; charset=utf-8"


@study_page()
def newest(request: HttpRequest, study: Study) -> HttpResponse:
    """The newest report, or the way to the first."""
    report = Report.objects.filter(study=study).defer("content").first()
    return _page(request, study, report)


@study_page()
def report(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    return _page(request, study, _report(study, report_uid))


def _page(request: HttpRequest, study: Study, report: Report | None) -> HttpResponse:
    context: dict[str, Any] = {"study": study, "report": report}
    if report is not None:
        context["content"] = report_light(report)
        others = Report.objects.filter(study=study).exclude(pk=report.pk)
        context["earlier"] = others.defer("content")
        context["may_download"] = "download" in access.rights_of(request.user, study)
        context["has_files"] = report_file(report, PDF) is not None
    return render(request, "modeling/report.html", context)


@study_page()
def figure(
    request: HttpRequest, study: Study, report_uid: UUID, key: str, form: str
) -> HttpResponse:
    """One figure as SVG or PNG, at a journal's width, or with its table as a part of the page."""
    if form == "html":
        report, may = _report(study, report_uid), access.rights_of(request.user, study)
        figure = _stored(report, key)
        context = {"study": study, "report": report, "may_download": "download" in may}
        shown = figure if "download" in may else figure_without_patients(key, figure)
        context |= {"figure": shown, "explorable": is_explorable(shown["spec"])}
        return render(request, "modeling/report_figure_drawn.html", context)
    if form == VEGA:
        return _explored(request, study, report_uid, key)
    found = figure_file(_figure(study, report_uid, key), form)
    if found is None:
        raise Http404
    drawn, content_type = found
    if form.endswith("svg") and "download" not in access.rights_of(request.user, study):
        drawn = drawing_without_numbers(key, drawn.decode()).encode()
    return _file(drawn, f"{key}.{form}", content_type)


def _explored(request: HttpRequest, study: Study, report_uid: UUID, key: str) -> HttpResponse:
    """With the rights of its table."""
    if is_of_patients(key):
        access.require(request.user, study, "download")
    return explored_answer(_figure(study, report_uid, key))


@study_page("download")
def figure_table(request: HttpRequest, study: Study, report_uid: UUID, key: str) -> HttpResponse:
    """The numbers behind one figure."""
    return _file(figure_csv(_figure(study, report_uid, key)), f"{key}.csv", CSV)


@study_page("download")
def table(request: HttpRequest, study: Study, report_uid: UUID, key: str) -> HttpResponse:
    """One table with value, interval, n, version and snapshot in columns of their own."""
    content = get_object_or_404(Report, study=study, uid=report_uid).content
    for section in content["sections"]:
        for found in section["tables"]:
            if found["key"] == key:
                return _file(table_csv(found), f"{key}.csv", CSV)
    raise Http404


@study_page("download")
def whole(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    """Everything the report holds, with its digest."""
    found = get_object_or_404(Report, study=study, uid=report_uid)
    body = {"number": found.number, "sha256": found.sha256, "content": found.content}
    response = JsonResponse(body)
    response["Content-Disposition"] = f'attachment; filename="report-{found.number}.json"'
    return response


@study_page()
def paper(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    """The report as a PDF."""
    return _kept(study, report_uid, PDF, "application/pdf")


@study_page("download")
def bundle(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    """The report with every figure's data, as one zip."""
    return _kept(study, report_uid, ZIP, "application/zip")


def _kept(study: Study, report_uid: UUID, kind: str, content_type: str) -> HttpResponse:
    found = report_file(get_object_or_404(Report, study=study, uid=report_uid), kind)
    if found is None:
        raise Http404(_("This report was built before there were such files: build it again."))
    return _file(file_read(found), found.name, content_type)


def _report(study: Study, uid: UUID) -> Report:
    return get_object_or_404(Report.objects.defer("content"), study=study, uid=uid)


def _stored(report: Report, key: str) -> dict[str, Any]:
    found = report_figure(report, key)
    if found is None:
        raise Http404
    return found


def _figure(study: Study, report_uid: UUID, key: str) -> Figure:
    found = report_figure_whole(_report(study, report_uid), key)
    if found is None:
        raise Http404
    return found


def _file(data: str | bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
