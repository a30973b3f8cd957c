"""Reads for the entry page: a form by section, its dated rows, and what somebody else changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing

from studies.courses import readable_unit
from studies.methods.course import FACT_KINDS, FactKind
from studies.methods.derivations import Derived, spoken
from studies.methods.dictionary import VariableSpec
from studies.methods.merge import Merge
from studies.methods.problems import Problem
from studies.models import FormEntry, Variable
from studies.services.fact_rows import cell_of, parts_of, spoken_cell
from studies.services.records import Checked, Record

BASE = "studies.entry"
PREFIX = "v-"
REASON = "m-"


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
        return readable_unit(self.spec.unit)

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

    @property
    def may_add(self) -> bool:
        return len(self.rows) < self.kind.most


@dataclass(frozen=True)
class Difference:
    """A cell that two people changed: what I typed, what is stored now."""

    key: str
    label: str
    mine: str
    theirs: str
    before: str = ""


@dataclass
class Sent:
    """A page as it came back: cells, the base it was made from, what else was pressed."""

    cells: dict[str, str]
    base: dict[str, str]
    version: int
    clashes: tuple[str, ...] = ()
    unchosen: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def sign(record: Record, clashes: Iterable[str] = ()) -> str:
    """What the page was made from, for the day it comes back."""
    content = {"n": record.version, "c": dict(record.cells), "x": list(clashes)}
    return signing.dumps(content, salt=_salt(record), compress=True)


def read_sent(record: Record, sent: Mapping[str, str]) -> Sent:
    """The cells of a page; one that did not come back at all is as it was."""
    try:
        base = signing.loads(sent.get("base", ""), salt=_salt(record))
    except signing.BadSignature:
        base = {"n": -1, "c": {}, "x": []}
    found = Sent({}, base["c"], base["n"], tuple(base["x"]))
    for spec in record.asked:
        found.cells[spec.name] = _value_of(spec, sent, found)
    for kind, key in _row_keys(sent):
        texts = [sent.get(f"f-{kind.name}-{key}-{p.name}", "").strip() for p in kind.parts]
        gone = sent.get(f"f-{kind.name}-{key}-gone") or _only_defaults(kind, texts)
        found.cells[f"{kind.name}:{key}"] = "" if gone else cell_of(texts)
    for key, text in found.base.items():
        found.cells.setdefault(key, text)
    for key in found.clashes:
        choice = sent.get(f"choose-{key}")
        if choice == "theirs":
            found.cells[key] = found.base.get(key, "")
        elif choice != "mine":
            found.unchosen += (key,)
    return found


def _value_of(spec: VariableSpec, sent: Mapping[str, str], found: Sent) -> str:
    name = spec.name
    if PREFIX + name not in sent:
        return found.base.get(name, "")
    text, missing = sent[PREFIX + name].strip(), sent.get(REASON + name, "")
    if text and missing and text != missing:
        found.problems.append(
            Problem(spec.label, f"{text!r} and {missing.replace('_', ' ')}", "one of the two",
                    "Clear one.", column=name)
        )  # fmt: skip
    return text or missing


def _only_defaults(kind: FactKind, texts: list[str]) -> bool:
    """A new row in which nobody typed: what it is offered with is no statement."""
    return texts == blank_row(kind.name)


NEW = {
    "treatment": ["", "", "1", "", "yes"],
    "response": ["", "", "RECIST 1.1"],
}


def _row_keys(sent: Mapping[str, str]) -> list[tuple[FactKind, str]]:
    """Kinds and keys of the rows that came back, in order."""
    found = {}
    for name in sent:
        parts = name.split("-", 2)
        if parts[0] == "f" and len(parts) == 3 and parts[1] in FACT_KINDS:
            key, _, part = parts[2].rpartition("-")
            if part == "date" and key.replace("-", "").isalnum() and len(key) <= 40:
                found[parts[1], key] = (FACT_KINDS[parts[1]], key)
    return list(found.values())


def blank_row(kind: str) -> list[str]:
    """What an empty row offers."""
    return NEW.get(kind, [""] * len(FACT_KINDS[kind].parts))


def new_key() -> str:
    return f"new{secrets.token_hex(4)}"


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
        (spec.section or "Values",
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
    for kind, key in _row_keys({name.rpartition("-")[0] + "-date": ""}):
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
        return VariableSpec(**{**part.__dict__, "codes": codes})
    return part


def _said(problem: Problem) -> str:
    return f"{problem.found}: expected {problem.expected}. {problem.remedy}"


def listed(record: Record, problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Problems for the top of the page, each with the control to go to."""
    return [
        {"to": control_of(problem.column or ""), "where": problem.where, "text": _said(problem)}
        for problem in problems
    ]


def control_of(cell: str) -> str:
    kind, *rest = cell.split(":")
    if rest:
        return "-".join(["f", kind, *rest])
    return kind if kind in ("reason", "state", "") else PREFIX + kind


def differences_of(record: Record, merge: Merge) -> dict[str, list[Difference]]:
    """Cells to choose between, and cells that only the other side changed."""
    labels = {spec.name: spec.label for spec in record.specs}

    def label(key: str) -> str:
        return labels.get(key) or FACT_KINDS[key.partition(":")[0]].title

    def text(key: str, cell: str) -> str:
        return (spoken_cell(cell) if ":" in key else cell) or "blank"

    return {
        "clashes": [Difference(k, label(k), text(k, mine), text(k, theirs))
                    for k, (mine, theirs) in merge.clashes.items()],
        "theirs": [Difference(k, label(k), "", text(k, now), text(k, before))
                   for k, (before, now) in merge.theirs.items()],
    }  # fmt: skip


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
        {"label": specs[one.name].label, "text": spoken(one.value),
         "missing": one.value is None, "unit": readable_unit(specs[one.name].unit),
         "working": one.working, "name": one.name}
        for one in derived
    ]  # fmt: skip


def _salt(record: Record) -> str:
    return f"{BASE}:{record.patient.uid}:{record.form}"
