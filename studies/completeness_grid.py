"""Reads for the completeness grid: patients against what is there, each gap with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from studies import access, registry
from studies.models import Completeness, Patient, Study
from studies.paging import COUNTED
from studies.registry import CompletenessColumn


@dataclass(frozen=True)
class GridCell:
    column: CompletenessColumn
    there: bool
    url: str  # where the gap is mended; empty when it is none


@dataclass(frozen=True)
class GridRow:
    patient: Patient
    cells: list[GridCell]


def grid_rows(user: Any, study: Study, patients: Sequence[Patient]) -> list[GridRow]:
    """The rows of one page; ``patients`` carry their ``completeness``."""
    columns, rights = registry.completeness_columns(), access.rights_of(user, study)
    doors = {
        kind.name: reverse("studies:upload", args=[study.uid, kind.name])
        for kind in registry.upload_kinds()
        if kind.right in rights
    }
    types = {"enter", "identifiers"} <= rights
    return [
        GridRow(
            patient,
            [_cell(study, patient, column, doors.get(column.door, ""), types)
             for column in columns],
        )
        for patient in patients
    ]  # fmt: skip


def _cell(
    study: Study, patient: Patient, column: CompletenessColumn, door: str, types: bool
) -> GridCell:
    """``types``: the user may fill in the patient's form."""
    there = column.key in patient.completeness.present
    page, here = "patient", [study.uid, patient.uid]
    if column.key == "consent":
        page = "participation"
    elif column.door == registry.FORM and types:
        page, here = "entry", [*here, "baseline"]
    url = door or reverse(f"studies:{page}", args=here)
    if column.key == "consent":
        url += "?step=consent#consent"
    return GridCell(column, there, "" if there else url)


def lacking(patients: QuerySet, key: str) -> QuerySet:
    """Patients without what ``key`` names."""
    if key not in {column.key for column in registry.completeness_columns()}:
        return patients
    return patients.exclude(completeness__present__contains=[key])


def totals(patients: QuerySet) -> tuple[list[int], int] | None:
    """How many have each thing, of how many; nothing when they are too many to count here."""
    ids = list(patients.order_by().values_list("pk", flat=True)[: COUNTED + 1])
    if len(ids) > COUNTED:
        return None
    rows = Completeness.objects.filter(patient_id__in=ids).values_list("present", flat=True)
    there = [set(present) for present in rows]
    columns = registry.completeness_columns()
    return [sum(column.key in keys for keys in there) for column in columns], len(ids)
