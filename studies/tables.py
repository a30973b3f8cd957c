"""The shape of lists and of the files they go out as."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from studies.models import DictionaryVersion, FormEntry, Patient, Study, Variable, VariableType

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
EMPTY = "–"


class PatientTable(tables.Table):
    pseudonym = tables.Column()
    site = tables.Column(accessor="site__name")
    cohorts = tables.Column(empty_values=())
    status = tables.Column()
    treatment = tables.Column(empty_values=(), attrs={"td": {"class": "nowrap"}})

    class Meta:
        orderable = False
        caption = "Patients"

    def __init__(self, rows: Sequence[Patient], *, study: Study):
        self.study = study
        super().__init__(rows)
        self.caption = "Patients"

    def render_pseudonym(self, record: Patient) -> str:
        url = reverse("studies:patient", args=[self.study.uid, record.uid])
        return format_html('<a href="{}">{}</a>', url, record.pseudonym)

    def render_cohorts(self, record: Patient) -> str:
        tags = (
            (member.cohort.role, member.cohort.name.replace("_", " "))
            for member in record.cohort_memberships.all()
        )
        return format_html_join(" ", '<span class="tag role-{}">{}</span>', tags) or EMPTY

    def render_treatment(self, record: Patient) -> str:
        index = next((t for t in record.treatments.all() if t.is_index), None)
        return f"{index.drug}, line {index.line}" if index else EMPTY


def patient_rows(
    study: Study, patients: QuerySet[Patient], dates: bool
) -> tuple[list[str], Iterable[list[Any]]]:
    """Column names and rows of the patients' file: who, where, and the newest baseline values.

    Calendar dates are for readers with the right ``identifiers`` (``dates``).
    """
    frozen = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=False)
    newest = frozen.order_by("-number").first()
    variables = newest.variables.filter(form="baseline") if newest else Variable.objects.none()
    names = [v.name for v in variables if dates or v.type != VariableType.DATE]
    entries = {
        entry.patient_id: entry.values
        for entry in FormEntry.objects.filter(patient__in=patients.order_by(), form="baseline")
    }
    rows = []
    for patient in patients:
        cohorts = ";".join(member.cohort.name for member in patient.cohort_memberships.all())
        values = entries.get(patient.pk, {})
        given = [_cell(values.get(name)) for name in names]
        rows.append([patient.pseudonym, patient.site.name, cohorts, patient.status, *given])
    return ["patient_id", "site", "cohorts", "status", *names], rows


def _cell(value: dict[str, Any] | None) -> Any:
    """As the import reads it: a value with its comparator, a missing code, or nothing."""
    if not value:
        return ""
    if "missing" in value:
        return value["missing"]
    return f"{value['comparator']}{value['v']}" if value.get("comparator") else value.get("v")


def csv_response(
    filename: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """A CSV for spreadsheets: UTF-8 with a mark, formulas made harmless, always a download."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return response


def problems_csv(filename: str, problems: Sequence[dict[str, Any]]) -> HttpResponse:
    columns = ["row", "column", "where", "found", "expected", "remedy"]
    rows = [[problem.get(name) for name in columns] for problem in problems]
    return csv_response(filename, columns, rows)


def harmless(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return "" if cell is None else cell
