"""One patient's form as it stands: its values and dated rows as the texts of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studies.methods.course import MIRRORED
from studies.methods.dictionary import DerivedSpec, VariableSpec
from studies.methods.values import write_value
from studies.models import DictionaryVersion, EntryState, FormEntry, Patient

from .dictionary import dictionary_current, dictionary_derived, dictionary_specs
from .fact_rows import cell_of, facts_of, texts_of
from .facts import MARKERS

OCCASION = "baseline"
CLOSED = (EntryState.VERIFIED, EntryState.LOCKED)


@dataclass(frozen=True)
class Record:
    """A form of a patient as it stands: ``cells`` by variable name or ``kind:uid`` of a fact."""

    patient: Patient
    form: str
    dictionary: DictionaryVersion
    entry: FormEntry | None
    specs: tuple[VariableSpec, ...]
    derived: tuple[DerivedSpec, ...]
    rows: Mapping[str, list[Any]]
    cells: Mapping[str, str]

    @property
    def version(self) -> int:
        return self.entry.row_version if self.entry else 0

    @property
    def state(self) -> str:
        return self.entry.state if self.entry else ""

    @property
    def asked(self) -> tuple[VariableSpec, ...]:
        """Variables that the form asks for; the others follow from its dated rows."""
        return tuple(s for s in self.specs if not (self.has_course and s.name in MIRRORED))

    @property
    def has_course(self) -> bool:
        """The baseline form carries the dated facts."""
        return self.form == "baseline"


def record_read(patient: Patient, form: str = "baseline") -> Record:
    """The form under the entry's dictionary version, or under the one in force when it is new."""
    entries = FormEntry.objects.filter(patient=patient, form=form, occasion=OCCASION)
    entry = entries.select_related("dictionary").first()
    dictionary = entry.dictionary if entry else dictionary_current(patient.study)
    specs = dictionary_specs(dictionary, form)
    rows = facts_of(patient) if form == "baseline" else {}
    record = Record(patient, form, dictionary, entry, specs, dictionary_derived(dictionary),
                    rows, {})  # fmt: skip
    return Record(**{**record.__dict__, "rows": _shown(record), "cells": _cells(record)})


def _shown(record: Record) -> dict[str, list[Any]]:
    """Rows of the page: a marker on the day of treatment start is a field, not a row."""
    start = next((t.date for t in record.rows.get("treatment", []) if t.is_index), None)
    fields = {MARKERS[s.name] for s in record.specs if s.name in MARKERS}
    return {
        kind: [row for row in rows
               if not (kind == "lab" and row.date == start and row.analyte in fields)]
        for kind, rows in record.rows.items()
    }  # fmt: skip


def _cells(record: Record) -> dict[str, str]:
    values = record.entry.values if record.entry else {}
    cells = {spec.name: write_value(values.get(spec.name)) for spec in record.asked}
    for kind, rows in _shown(record).items():
        cells |= {f"{kind}:{row.uid}": cell_of(texts_of(kind, row)) for row in rows}
    return cells
