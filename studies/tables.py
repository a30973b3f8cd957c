"""The shape of lists and of the files they go out as."""

from __future__ import annotations

import csv
import mimetypes
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import django_tables2 as tables
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studies.methods.cells import harmless
from studies.models import Patient, Study
from studies.value_words import word_of

EMPTY = "–"


PATIENT_COLUMNS = ("pseudonym", "site", "cohorts", "status", "treatment")


class PatientTable(tables.Table):
    pseudonym = tables.Column(verbose_name=_("Pseudonym"))
    site = tables.Column(verbose_name=_("Site"), accessor="site__name")
    cohorts = tables.Column(verbose_name=_("Cohorts"), empty_values=())
    status = tables.Column(verbose_name=_("Status"))
    treatment = tables.Column(
        verbose_name=_("Treatment"), empty_values=(), attrs={"td": {"class": "nowrap"}}
    )

    class Meta:
        orderable = False

    def __init__(self, rows: Sequence[Patient], *, study: Study):
        self.study = study
        super().__init__(rows)
        self.caption = gettext("Patients")

    def render_pseudonym(self, record: Patient) -> str:
        url = reverse("studies:patient", args=[self.study.uid, record.uid])
        return format_html('<a href="{}">{}</a>', url, record.pseudonym)

    def render_status(self, record: Patient) -> str:
        return word_of(record.status)

    def render_cohorts(self, record: Patient) -> str:
        tags = (
            (member.cohort.role, word_of(member.cohort.name))
            for member in record.cohort_memberships.all()
        )
        return format_html_join(" ", '<span class="tag role-{}">{}</span>', tags) or EMPTY

    def render_treatment(self, record: Patient) -> str:
        index = next((t for t in record.treatments.all() if t.is_index), None)
        if index is None:
            return EMPTY
        return gettext("{drug}, line {line}").format(drug=index.drug, line=index.line)


def csv_response(
    filename: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """A CSV for spreadsheets: UTF-8 with a mark, formulas made harmless, always a download."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([harmless(column) for column in columns])
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return response


def attachment(data: bytes | BinaryIO, filename: str) -> HttpResponseBase:
    """A file as a download, never shown in the browser."""
    if not isinstance(data, bytes):
        return FileResponse(data, as_attachment=True, filename=filename)
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    disposition = f'attachment; filename="{filename}"'
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": disposition})


def problems_csv(filename: str, problems: Sequence[dict[str, Any]]) -> HttpResponse:
    columns = ["row", "column", "where", "found", "expected", "remedy"]
    rows = [[problem.get(name) for name in columns] for problem in problems]
    return csv_response(filename, columns, rows)
