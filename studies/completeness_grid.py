"""Reads for the completeness grid: patients against what is there, each gap with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
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


SOMEBODY = UUID(int=0)  # stands for a patient in an address that is made once


@dataclass(frozen=True)
class Remedies:
    """Where each gap of a patient is mended, as an address in which SOMEBODY stands for them.

    ``form_at``: sites of whose patients the user may fill in the form; None among them: of all.
    """

    by_column: dict[str, str]
    form_columns: dict[str, str]
    form_at: set[int | None]

    @classmethod
    def of(cls, user: Any, study: Study) -> Remedies:
        rights = access.rights_of(user, study)
        doors = {
            kind.name: reverse("studies:upload", args=[study.uid, kind.name])
            for kind in registry.upload_kinds()
            if kind.right in rights
        }
        whom = [study.uid, SOMEBODY]
        consent = reverse("studies:participation", args=whom) + "?step=consent#consent"
        entry = reverse("studies:entry", args=[*whom, "baseline"])
        page = reverse("studies:patient", args=whom)
        columns = registry.completeness_columns()
        pages = {
            column.key: doors.get(column.door, "") or (consent if column.key == "consent" else page)
            for column in columns
        }
        forms = {column.key: entry for column in columns if column.door == registry.FORM}
        return cls(pages, forms, access.sites_giving(user, study, "enter", "identifiers"))

    def of_patient(self, patient: Patient, key: str) -> str:
        fills_in = self.form_at & {None, patient.site_id}
        found = (fills_in and self.form_columns.get(key)) or self.by_column[key]
        return found.replace(str(SOMEBODY), str(patient.uid))


def grid_rows(user: Any, study: Study, patients: Sequence[Patient]) -> list[GridRow]:
    """The rows of one page; ``patients`` carry their ``completeness``."""
    columns, remedies = registry.completeness_columns(), Remedies.of(user, study)
    return [
        GridRow(patient, [_cell(patient, column, remedies) for column in columns])
        for patient in patients
    ]


def _cell(patient: Patient, column: CompletenessColumn, remedies: Remedies) -> GridCell:
    there = column.key in patient.completeness.present
    return GridCell(column, there, "" if there else remedies.of_patient(patient, column.key))


def lacking(patients: QuerySet, key: str) -> QuerySet:
    """Patients without what ``key`` names."""
    if key not in {column.key for column in registry.completeness_columns()}:
        return patients
    return patients.exclude(completeness__present__contains=[key])


def counted(patients: QuerySet) -> QuerySet:
    """The same patients, for counting: their study's index answers, not a walk by pseudonym."""
    return patients.filter(completeness__study=F("study"))


def totals(patients: QuerySet) -> tuple[list[int], int] | None:
    """How many have each thing, of how many; nothing when they are too many to count here."""
    ids = list(counted(patients).order_by().values_list("pk", flat=True)[: COUNTED + 1])
    if len(ids) > COUNTED:
        return None
    rows = Completeness.objects.filter(patient_id__in=ids).values_list("present", flat=True)
    there = [set(present) for present in rows]
    columns = registry.completeness_columns()
    return [sum(column.key in keys for keys in there) for column in columns], len(ids)
