"""A form's page as it comes back: what was typed, and what the page was made from, signed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core import signing

from studies.methods.course import FACT_KINDS, FactKind
from studies.methods.dictionary import VariableSpec
from studies.methods.problems import Problem
from studies.methods.wording import say
from studies.services.fact_rows import cell_of
from studies.services.record_reading import Record

BASE = "studies.entry"
PREFIX = "v-"
REASON = "m-"


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
    for kind, key in row_keys(sent):
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
            Problem(
                spec.label,
                say("{text!r} and {missing}", text=text, missing=missing.replace("_", " ")),
                "one of the two",
                "Clear one.",
                column=name,
            )
        )
    return text or missing


def _only_defaults(kind: FactKind, texts: list[str]) -> bool:
    """A new row in which nobody typed: what it is offered with is no statement."""
    return texts == blank_row(kind.name)


NEW = {
    "treatment": ["", "", "1", "", "yes"],
    "response": ["", "", "RECIST 1.1"],
    "lesion": ["", "", "target", "", "", "measured"],
}


def row_keys(sent: Mapping[str, str]) -> list[tuple[FactKind, str]]:
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


def _salt(record: Record) -> str:
    return f"{BASE}:{record.patient.uid}:{record.form}"
