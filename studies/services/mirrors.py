"""Baseline variables that repeat dated facts: kept equal to the facts, whoever changes these."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from studies.methods.course import FACT_KINDS, MIRRORED, Fact, read_course
from studies.methods.dictionary import VariableSpec
from studies.methods.values import BadValueError, read_value, write_value
from studies.models import FormEntry, Patient

from .dictionary import dictionary_specs
from .fact_rows import facts_of, read_row, texts_of

OCCASION = "baseline"


def mirrored(
    specs: Collection[VariableSpec],
    values: Mapping[str, Any],
    facts: Collection[Fact],
    kinds: Collection[str],
) -> dict[str, Any]:
    """``values`` with the variables of these kinds of facts as the facts say them.

    Where there is no fact, a reason for that (not done) stays. What has no code (a drug) is
    repeated as it is, so that nobody takes it for missing; a number or date that the variable does
    not admit is not.
    """
    found = dict(values)
    decided = read_course(list(facts))
    for spec in specs:
        if MIRRORED.get(spec.name) not in kinds:
            continue
        value = _admitted(spec, decided.get(spec.name))
        if value:
            found[spec.name] = value
        elif "missing" not in found.get(spec.name, {}):
            found.pop(spec.name, None)
    return found


def mirrors_write(patient: Patient, kinds: Collection[str]) -> None:
    """After a change of dated facts that did not come through the form."""
    entries = FormEntry.objects.select_for_update().select_related("dictionary")
    entry = entries.filter(patient=patient, form="baseline", occasion=OCCASION).first()
    if entry is None:
        return
    rows = facts_of(patient)
    read = [
        read_row(FACT_KINDS[kind], str(row.uid), texts_of(kind, row))
        for kind, found in rows.items()
        for row in found
    ]
    facts = [one.fact for one in read if one.fact]
    values = mirrored(dictionary_specs(entry.dictionary, "baseline"), entry.values, facts, kinds)
    if values != entry.values:
        entry.values = values
        entry.row_version += 1
        entry.save(update_fields=["values", "row_version"])


def _admitted(spec: VariableSpec, value: dict[str, Any] | None) -> dict[str, Any] | None:
    try:
        return read_value(write_value(value), spec) if value else None
    except BadValueError:
        return value if spec.type == "category" else None
