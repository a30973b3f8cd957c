"""From conditions in an address to patients, as far as the user sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from numpy.typing import NDArray

from studies import access
from studies.glance_files import GlanceTable
from studies.glance_table import glance_table
from studies.glance_words import condition_said
from studies.identifiers import is_uuid
from studies.methods.selection import Condition, Mask, selected
from studies.methods.selection_text import address_of, in_words, read_conditions
from studies.models import Patient, Study
from studies.paging import PAGE_SIZE, Page, page_of


@dataclass(frozen=True)
class Selection:
    """Patients of ``table`` who meet ``conditions``; ``mask`` follows its rows."""

    table: GlanceTable
    conditions: tuple[Condition, ...]
    mask: Mask

    @property
    def size(self) -> int:
        return int(self.mask.sum())

    @property
    def ids(self) -> list[int]:
        return [int(pk) for pk in self.table.ids[self.mask]]

    @property
    def address(self) -> str:
        """The conditions as a query string: the same text for the same conditions."""
        return address_of(self.conditions)

    @property
    def said(self) -> list[str]:
        """The conditions in the language of the page."""
        columns = self.table.columns
        return [condition_said(columns[c.column], c) for c in self.conditions]

    @property
    def words(self) -> list[str]:
        return [in_words(self.table.columns[c.column], c) for c in self.conditions]


def selection_of(user: Any, study: Study, asked: str | Iterable[tuple[str, str]]) -> Selection:
    """The patients that a query string, or its pairs, asks for.

    Raises
    ------
    DataProblem
        A condition that cannot be applied.
    """
    pairs = parse_qsl(asked, keep_blank_values=True) if isinstance(asked, str) else asked
    table = glance_table(user, study)
    conditions = read_conditions(table.columns, pairs)
    return Selection(table, conditions, selected(table.columns, conditions, table.size))


def patients_in(selection: Selection, user: Any, study: Study) -> QuerySet[Patient]:
    """The selected patients as records, asked once more for this user."""
    mine: QuerySet[Patient] = access.visible(Patient.objects.all(), user, study)
    return with_keys(mine, selection.ids)


def page_in(selection: Selection, user: Any, study: Study, after: str, before: str) -> Page:
    """One page of the selected patients by pseudonym; who stands on it is asked once more."""
    table = selection.table
    chosen = table.ids[table.by_name[selection.mask[table.by_name]]]
    start, end = 0, PAGE_SIZE
    if (place := _place_of(chosen, user, study, after)) is not None:
        start, end = place + 1, place + 1 + PAGE_SIZE
    elif (place := _place_of(chosen, user, study, before)) is not None:
        start, end = max(0, place - PAGE_SIZE), place
    mine = access.visible(Patient.objects.filter(pk__in=chosen[start:end].tolist()), user, study)
    rows = mine.order_by("pseudonym").select_related("site")
    rows = rows.prefetch_related("cohort_memberships__cohort", "treatments")
    return page_of(list(rows), start > 0, end < chosen.size, int(chosen.size))


def _place_of(chosen: NDArray[np.int64], user: Any, study: Study, uid: str) -> int | None:
    """Where a patient stands among the chosen keys; nothing when it does not."""
    if not is_uuid(uid):
        return None
    patient = access.visible(Patient.objects.filter(uid=uid), user, study).first()
    places = np.flatnonzero(chosen == patient.pk) if patient else ()
    return int(places[0]) if len(places) else None


def with_keys(rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
    """Rows of many keys: one parameter, however many they are."""
    return rows.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [keys]))
