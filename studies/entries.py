"""Reads for the entry page: a form by section and its dated rows, with what is said beside each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from studies import languages
from studies.entry_sent import PREFIX, REASON, blank_row, new_key, row_keys
from studies.methods.course import FACT_KINDS, NO_DRUG, FactKind
from studies.methods.derivations import Derived, result_in_words
from studies.methods.dictionary import VariableSpec
from studies.methods.problems import Problem
from studies.methods.recist import TARGETS
from studies.methods.units import readable_unit
from studies.methods.wording import marked
from studies.models import FormEntry, Variable
from studies.services.fact_rows import parts_of
from studies.services.record_checking import Checked
from studies.services.record_reading import Record

AGAIN = "-again:"  # behind a kind of row: every known one anew, on the day that follows


@dataclass(frozen=True)
class FieldView:
    """One variable or part of a row: what is typed, and what is said beside it."""

    spec: VariableSpec
    name: str
    text: str
    missing: str = ""
    says: tuple[str, ...] = ()
    warns: str = ""
    queries: int = 0

    @property
    def unit(self) -> str:
        return readable_unit(self.spec.unit, self.spec.name)

    @property
    def wrong(self) -> bool:
        return bool(self.says)


@dataclass(frozen=True)
class RowView:
    key: str
    fields: list[FieldView]
    removed: bool = False


@dataclass(frozen=True)
class FactsView:
    kind: FactKind
    rows: list[RowView]
    queries: int = 0


def page_of(
    record: Record,
    cells: Mapping[str, str],
    problems: Iterable[Problem] = (),
    warns: Mapping[str, str] | None = None,
    queries: Mapping[str, int] | None = None,
    added: str = "",
) -> dict[str, Any]:
    """Sections of fields and kinds of rows, each with what is wrong beside it."""
    says: dict[str, list[str]] = {}
    for problem in problems:
        says.setdefault(problem.column or "", []).append(_said(problem))
    asked = queries or {}
    fields = [
        (spec.section or marked("Values"),
         _field(spec, cells.get(spec.name, ""), says, warns or {}, asked))
        for spec in record.asked
    ]  # fmt: skip
    return {
        "sections": [
            (title, [view for _, view in group])
            for title, group in groupby(fields, key=lambda pair: pair[0])
        ],
        "facts": [
            _facts(record, kind, cells, says, asked, added)
            for kind in FACT_KINDS.values()
            if record.has_course
        ],
        "others": says.get("", []),
    }


def row_view(record: Record, kind: FactKind, key: str = "") -> RowView:
    """An empty row to fill in."""
    return _row(record, kind, key or new_key(), blank_row(kind.name), {})


def rows_again(record: Record, on: str) -> list[RowView]:
    """A row for every lesion that is stored, as the last assessment named it, to be measured."""
    kind, known = FACT_KINDS["lesion"], {}
    for row in record.rows.get("lesion", []):
        known[row.lesion] = row
    return [
        _row(record, kind, new_key(), [on.strip()[:10], row.lesion, row.role, row.organ, "",
             "measured" if row.role in TARGETS else "present"], {})
        for row in known.values()
    ]  # fmt: skip


def _field(
    spec: VariableSpec,
    text: str,
    says: Mapping[str, list[str]],
    warns: Mapping[str, str],
    queries: Mapping[str, int],
) -> FieldView:
    missing = text if text in spec.missing_codes else ""
    return FieldView(
        spec,
        PREFIX + spec.name,
        "" if missing and spec.type != "category" else text,
        missing,
        tuple(says.get(spec.name, ())),
        warns.get(spec.name, ""),
        queries.get(spec.name, 0),
    )


def field_view(record: Record, name: str, checked: Checked, cells: Mapping[str, str]) -> Any:
    """What is said beside one field or part of a row while somebody types."""
    says: dict[str, list[str]] = {}
    for problem in checked.problems:
        says.setdefault(problem.column or "", []).append(_said(problem))
    for spec in record.asked:
        if name in (PREFIX + spec.name, REASON + spec.name):
            return _field(spec, cells.get(spec.name, ""), says, checked.implausible, {})
    for kind, key in row_keys({name.rpartition("-")[0] + "-date": ""}):
        for part in kind.parts:
            if name == f"f-{kind.name}-{key}-{part.name}":
                cell = f"{kind.name}:{key}:{part.name}"
                return FieldView(part, name, "", says=tuple(says.get(cell, ())))
    return None


def _facts(
    record: Record,
    kind: FactKind,
    cells: Mapping[str, str],
    says: Mapping[str, list[str]],
    queries: Mapping[str, int],
    added: str,
) -> FactsView:
    rows = [
        _row(record, kind, cell.partition(":")[2], parts_of(text) or None, says,
             parts_of(record.cells.get(cell, "")))
        for cell, text in cells.items()
        if cell.startswith(f"{kind.name}:") and (text or record.cells.get(cell))
    ]  # fmt: skip
    again, _, on = added.partition(AGAIN)
    if again != added and again == kind.name:
        return FactsView(kind, [*rows, *rows_again(record, on)], queries.get(kind.name, 0))
    rows += [row_view(record, kind)] if added == kind.name or not rows else []
    return FactsView(kind, rows, queries.get(kind.name, 0))


def _row(
    record: Record,
    kind: FactKind,
    key: str,
    texts: list[str] | None,
    says: Mapping[str, list[str]],
    stored: list[str] | None = None,
) -> RowView:
    shown = texts or stored or [""] * len(kind.parts)
    fields = [
        FieldView(_offered(record, kind, part), f"f-{kind.name}-{key}-{part.name}", text,
                  says=tuple(says.get(f"{kind.name}:{key}:{part.name}", ())))
        for part, text in zip(kind.parts, shown, strict=False)
    ]  # fmt: skip
    return RowView(key, fields, removed=texts is None)


def _offered(record: Record, kind: FactKind, part: VariableSpec) -> VariableSpec:
    """A drug is chosen from the dictionary's, where it has some; others may be typed."""
    codes = next((s.codes for s in record.specs if s.name == "drug"), {})
    if (kind.name, part.name) == ("treatment", "drug") and codes:
        return VariableSpec(
            **{**part.__dict__, "codes": {**codes, NO_DRUG: marked("not recorded")}}
        )
    return part


def _said(problem: Problem) -> str:
    told = languages.spoken_item(problem)
    return _("{found}: expected {expected}. {remedy}").format(**told)


def listed(record: Record, problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Problems for the top of the page, each with the control to go to."""
    return [
        {
            "to": control_of(problem.column or ""),
            "where": languages.spoken(problem.where),
            "text": _said(problem),
        }
        for problem in problems
    ]


def control_of(cell: str) -> str:
    kind, *rest = cell.split(":")
    if rest:
        return "-".join(["f", kind, *rest])
    return kind if kind in ("reason", "state", "") else PREFIX + kind


@dataclass(frozen=True)
class Saved:
    by: Any
    at: Any


def last_saved(entry: FormEntry | None) -> Saved | None:
    """Who saved a form last, and when, by its history."""
    if entry is None:
        return None
    event = entry.events.select_related("pgh_context").order_by("-pgh_id").first()
    if event is None:
        return None
    who = (event.pgh_context.metadata if event.pgh_context else {}).get("user")
    users = get_user_model()._default_manager
    return Saved(users.filter(pk=who).first() if who else None, event.pgh_created_at)


def forms_of_dictionary(record: Record) -> list[str]:
    """The forms that the entry's dictionary has, the baseline first."""
    names = Variable.objects.filter(dictionary=record.dictionary).order_by("position")
    return list(dict.fromkeys(["baseline", *names.values_list("form", flat=True)]))


def derived_lines(record: Record, derived: Iterable[Derived]) -> list[dict[str, Any]]:
    """Computed fields with their working."""
    specs = {spec.name: spec for spec in record.derived}
    return [
        {"label": specs[one.name].label, "text": result_in_words(one.value),
         "missing": one.value is None, "unit": readable_unit(specs[one.name].unit, one.name),
         "working": one.working, "name": one.name}
        for one in derived
    ]  # fmt: skip
