"""Dated facts between records, the texts of a page's rows, and what the methods check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models

from studies.methods.course import FACT_KINDS, Fact, FactKind
from studies.methods.dates import ClinicalDate
from studies.methods.problems import Problem
from studies.methods.values import BadValueError, read_value, write_value
from studies.methods.wording import say
from studies.models import (
    Consent,
    Contact,
    Death,
    ImportBatch,
    LabResult,
    LesionMeasurement,
    Patient,
    Progression,
    ResponseAssessment,
    Surgery,
    Treatment,
)

MODEL_OF: dict[str, type[models.Model]] = {
    "treatment": Treatment,
    "response": ResponseAssessment,
    "lesion": LesionMeasurement,
    "progression": Progression,
    "death": Death,
    "contact": Contact,
    "surgery": Surgery,
    "lab": LabResult,
    "consent": Consent,
}


@dataclass(frozen=True)
class ReadRow:
    """A row as a checked fact, or the problems that it has.

    ``partly`` is what of a row with problems can be checked with the others: its day is known.
    """

    fact: Fact | None
    problems: tuple[Problem, ...] = ()
    partly: Fact | None = None


def facts_of(patient: Patient) -> dict[str, list[Any]]:
    """Records of each kind, the earliest first."""
    return {
        kind: list(model._default_manager.filter(patient=patient).order_by("date", "id"))
        for kind, model in MODEL_OF.items()
    }


def texts_of(kind: str, row: Any) -> list[str]:
    """The parts of a record as a page shows them."""
    return [_text(row, part.name) for part in FACT_KINDS[kind].parts]


def cell_of(texts: Iterable[str]) -> str:
    """All parts of a row as one text, blank when every part is."""
    parts = [text.strip() for text in texts]
    return json.dumps(parts, ensure_ascii=False) if any(parts) else ""


def parts_of(cell: str) -> list[str]:
    return json.loads(cell) if cell else []


def spoken_cell(cell: str) -> str:
    """A row in one line: ``2020-03-01 · anti-PD-1 · 2``."""
    return " · ".join(text for text in parts_of(cell) if text)


def read_row(kind: FactKind, key: str, texts: list[str]) -> ReadRow:
    """Every problem of a row's parts, or the fact that they state."""
    values: dict[str, Any] = {}
    problems = []
    for part, text in zip(kind.parts, texts, strict=False):
        try:
            if text:
                values[part.name] = _read_part(kind, part, text)
            elif "complete" in part.required_for:
                raise BadValueError(part.label, say("Fill it in, or remove the row."))
        except BadValueError as bad:
            found, column = repr(text) if text else say("blank"), f"{kind.name}:{key}:{part.name}"
            problems.append(Problem(kind.title, found, bad.expected, bad.remedy, column=column))
    day = values.pop("date", None)
    fact = None if day is None else Fact(kind.name, key, day, values)
    if problems:
        return ReadRow(None, tuple(problems), fact)
    return ReadRow(fact)


def write_row(
    patient: Patient,
    fact: Fact,
    row: Any | None,
    batch: ImportBatch | None = None,
    source_row: int | None = None,
) -> None:
    """Store a fact: of a line of a file, or of a person, and then it stands for no line."""
    record: Any = row or MODEL_OF[fact.kind](patient=patient)
    record.date, record.precision = fact.day.earliest, fact.day.precision
    record.batch, record.source_row = batch, source_row
    for name, value in _fields(fact).items():
        setattr(record, name, value)
    record.save()


def _text(row: Any, name: str) -> str:
    if name == "date":
        return str(ClinicalDate(row.date, row.precision))
    if name == "value":
        return f"{row.comparator}{row.value_as_entered}"
    value = getattr(row, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)


def _read_part(kind: FactKind, part: Any, text: str) -> Any:
    if len(text) > kind.longest.get(part.name, 200):
        most = kind.longest.get(part.name, 200)
        raise BadValueError(say("at most {most} characters", most=most), say("Shorten it."))
    value = read_value(text, part)
    if part.type == "date":
        day = ClinicalDate(date.fromisoformat(value["v"]), value["precision"])
        if part.name != "date" and not day.is_exact:
            raise BadValueError(say("a day as YYYY-MM-DD"), say("Write the day."))
        return day
    if value.get("comparator") and part.name != "value":
        raise BadValueError(say("a number without < or >"), say("Write the number alone."))
    if part.name in kind.whole and value["v"] % 1:
        raise BadValueError(say("a whole number"), say("Correct it."))
    return value if part.name == "value" else value["v"]


def _fields(fact: Fact) -> Mapping[str, Any]:
    parts = dict(fact.parts)
    if fact.kind == "treatment":
        stopped = parts.get("stopped_on")
        return {
            "drug": parts["drug"],
            "line": int(parts["line"]),
            "is_index": parts["is_index"] == "yes",
            "stopped_on": stopped.earliest if stopped else None,
        }
    if fact.kind == "consent":
        ended = parts.get("withdrawn_on")
        return {"scope": parts["scope"], "withdrawn_on": ended.earliest if ended else None}
    if fact.kind == "lab":
        return {"analyte": parts["analyte"], **lab_fields(parts["value"], parts["unit"])}
    if fact.kind == "death":
        return {"cause": parts.get("cause", "")}
    if fact.kind == "lesion":
        return {"organ": "", "diameter_mm": None, **parts}
    return parts


def lab_fields(value: Mapping[str, Any], unit: str) -> dict[str, Any]:
    return {
        "value": value["v"],
        "unit": unit,
        "value_as_entered": write_value({"v": value["v"]}),
        "unit_as_entered": unit,
        "comparator": value.get("comparator", ""),
    }
