"""The report: the page, its figures as files, its tables, the whole as JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import override

from modeling.models import Report
from modeling.publication.bundle import bundle_part, table_csv
from modeling.selectors.reports import (
    drawing_without_numbers,
    figure_without_patients,
    report_figure,
    report_figure_whole,
    report_light,
    report_part,
)
from modeling.services.report_files import PDF, ZIP, report_file
from studies import access
from studies.figures.explored import is_explorable
from studies.figures.figure import Figure
from studies.figures.journal import figure_file
from studies.figures.render import figure_csv
from studies.models import StoredFile, Study
from studies.patient_figures import holds_patients
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
        context |= _taking(request, study)
        context["has_files"] = report_file(report, PDF) is not None
    return render(request, "modeling/report.html", context)


@study_page()
def figure(
    request: HttpRequest, study: Study, report_uid: UUID, key: str, form: str
) -> HttpResponse:
    """One figure as SVG or PNG, at a journal's width, or with its table as a part of the page."""
    if form == "html":
        report = _report(study, report_uid)
        context = {"study": study, "report": report, **_taking(request, study)}
        context |= _readable(key, _stored(report, key), study, context["takes_rows"])
        context["explorable"] = is_explorable(context["figure"]["spec"])
        return render(request, "modeling/report_figure_drawn.html", context)
    if form == VEGA:
        return _explored(request, study, report_uid, key)
    found = figure_file(_figure(study, report_uid, key), form)
    if found is None:
        raise Http404
    drawn, content_type = found
    if form.endswith("svg") and not access.takes_rows(request.user, study):
        drawn = drawing_without_numbers(key, drawn.decode()).encode()
    return _file(drawn, f"{key}.{form}", content_type)


def _explored(request: HttpRequest, study: Study, report_uid: UUID, key: str) -> HttpResponse:
    """With the rights of its table."""
    figure = _figure(study, report_uid, key)
    if holds_patients(key, figure.columns, figure.rows):
        access.require_every_row(request.user, study)
    return explored_answer(figure)


@study_page("download", of_groups=True)
def figure_table(request: HttpRequest, study: Study, report_uid: UUID, key: str) -> HttpResponse:
    """The numbers behind one figure."""
    figure = _figure(study, report_uid, key)
    if holds_patients(key, figure.columns, figure.rows):
        access.require_every_row(request.user, study)
    return _file(figure_csv(figure), f"{key}.csv", CSV)


@study_page("download", of_groups=True)
def table(request: HttpRequest, study: Study, report_uid: UUID, key: str) -> HttpResponse:
    """One table with value, interval, n, version and snapshot in columns of their own."""
    content = get_object_or_404(Report, study=study, uid=report_uid).content
    for section in content["sections"]:
        for found in section["tables"]:
            if found["key"] == key:
                return _file(table_csv(found), f"{key}.csv", CSV)
    raise Http404


@study_page("download", of_groups=True)
def whole(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    """Everything the report holds, with its digest; or a part of it that says what it is without.

    The digest is that of the whole content.
    """
    found = get_object_or_404(Report, study=study, uid=report_uid)
    body = {"number": found.number, "sha256": found.sha256, "content": found.content}
    if not access.takes_rows(request.user, study):
        body |= _part(found, study)
    response = JsonResponse(body)
    response["Content-Disposition"] = f'attachment; filename="report-{found.number}.json"'
    return response


@study_page()
def paper(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    """The report as a PDF."""
    return _kept(study, report_uid, PDF, "application/pdf")


@study_page("download", of_groups=True)
def bundle(request: HttpRequest, study: Study, report_uid: UUID) -> HttpResponse:
    """The report with every figure's data, as one zip; or a part of it, which says so."""
    if access.takes_rows(request.user, study):
        return _kept(study, report_uid, ZIP, "application/zip")
    report = get_object_or_404(Report, study=study, uid=report_uid)
    part = bundle_part(file_read(_kept_file(report, ZIP)), _part(report, study))
    return _file(part, f"report-{report.number}-without-rows.zip", "application/zip")


def _part(report: Report, study: Study) -> dict[str, Any]:
    with override("en"):  # what is exchanged is English
        return report_part(report.content, access.why_without_rows(study))


def _kept(study: Study, report_uid: UUID, kind: str, content_type: str) -> HttpResponse:
    found = _kept_file(get_object_or_404(Report, study=study, uid=report_uid), kind)
    return _file(file_read(found), found.name, content_type)


def _kept_file(report: Report, kind: str) -> StoredFile:
    found = report_file(report, kind)
    if found is None:
        raise Http404(_("This report was built before there were such files: build it again."))
    return found


def _taking(request: HttpRequest, study: Study) -> dict[str, bool]:
    """What may leave: numbers of the report at all, and rows of every patient."""
    return {
        "may_download": access.holds(request.user, study, "download"),
        "takes_rows": access.takes_rows(request.user, study),
    }


def _readable(key: str, figure: dict[str, Any], study: Study, takes_rows: bool) -> dict[str, Any]:
    """A figure as the reader has it, and why its table lacks lines."""
    if takes_rows or not holds_patients(key, figure["columns"], figure["rows"]):
        return {"figure": figure, "why": ""}
    return {
        "figure": figure_without_patients(key, figure),
        "why": access.why_without_rows(study),
    }


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
