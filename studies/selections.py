"""From conditions in an address to patients, as far as the user sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from studies import access
from studies.glance_files import GlanceTable
from studies.glance_table import glance_table
from studies.methods.selection import Condition, Mask, selected
from studies.methods.selection_text import address_of, in_words, read_conditions
from studies.models import Patient, Study


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


def with_keys(rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
    """Rows of many keys: one parameter, however many they are."""
    return rows.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [keys]))
