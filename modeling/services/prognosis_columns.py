"""Columns that a prognosis may be offered: the paper's, and what the study's dictionary admits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from modeling.methods.admissible_columns import DictionaryColumn, admit_columns
from modeling.models import ModelRun
from modeling.services.prognosis_rows import CANDIDATES, FACTORS, MARKERS, TITLES
from studies.methods.derivations import derive_all
from studies.methods.dictionary import DerivedSpec, VariableSpec
from studies.methods.units import YEARS_OF_AGE, is_age, readable_unit
from studies.methods.wording import say
from studies.models import DictionaryVersion, EndpointDefinition, EntryState, FormEntry, Study
from studies.remembered import once
from studies.selectors import clinical_table
from studies.services import dictionary_derived, dictionary_specs

START = "treatment_started_on"
Specs = tuple[tuple[VariableSpec, ...], tuple[DerivedSpec, ...]]


def columns_of(study: Study) -> dict[str, DictionaryColumn]:
    """By name, the paper's first; ``refused`` says why one is no candidate."""
    return once(("prognosis_columns", study.pk), lambda: _columns(study))


def _columns(study: Study) -> dict[str, DictionaryColumn]:
    outcomes = EndpointDefinition.objects.filter(study=study).values_list("name", flat=True)
    entered = {source: name for name, source in MARKERS.items()}
    found = {one.name: one for one in admit_columns(*_specs(study), set(outcomes))}
    paper = {name: _of_paper(name, found) for name in CANDIDATES}
    for source, name in entered.items():
        if source in found:
            why = say("enters as a logarithm: {name}", name=name)
            found[source] = DictionaryColumn(source, found[source].title, refused=why)
    return paper | {name: one for name, one in found.items() if name not in paper}


def _of_paper(name: str, found: Mapping[str, DictionaryColumn]) -> DictionaryColumn:
    """A column of the paper, which is known when the dictionary says that its variable is."""
    source = MARKERS.get(name, name)
    column = DictionaryColumn(name, TITLES[name], levels=FACTORS.get(name, ()), source=source)
    entered = found.get(source)
    if entered is None:
        return column
    late = entered.untimely
    return replace(column, refused=late, known=entered.known, untimely=late)


def usual_candidates(study: Study) -> tuple[str, ...]:
    """The paper's columns that may be offered here."""
    offered = candidates_of(study)
    return tuple(name for name in CANDIDATES if name in offered)


def candidates_of(study: Study) -> dict[str, DictionaryColumn]:
    """Those that may be offered."""
    return {name: one for name, one in columns_of(study).items() if not one.refused}


def titles_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Titles of every column of a nomogram's content, the study's own among them."""
    own = {term["name"]: own_title(term) for term in content["terms"] if "title" in term}
    return TITLES | own


def titles_of_run(run: ModelRun) -> dict[str, str]:
    """Titles of every column that a run was offered."""
    own = run.snapshot.question.get("own", {})
    return TITLES | {name: own_title(told) for name, told in own.items()}


def own_title(told: Mapping[str, str]) -> str:
    """As the dictionary named a column when its rows were frozen."""
    if not told.get("unit"):
        return say(told["title"])
    unit = YEARS_OF_AGE if told["unit"] == YEARS_OF_AGE and is_age(told["title"]) else told["unit"]
    return say("{label} ({unit})", label=say(told["title"]), unit=say(unit))


def told_of(column: DictionaryColumn) -> dict[str, Any]:
    """What is frozen beside the values of a column of the study's own."""
    unit = {"unit": readable_unit(column.unit, column.name)} if column.unit else {}
    levels = {"levels": list(column.levels)} if column.levels else {}
    return {"title": column.title, **unit, **levels}


def column_told(column: DictionaryColumn) -> dict[str, Any]:
    """As the API gives it."""
    return {
        "name": column.name,
        "title": column.title,
        "unit": readable_unit(column.unit, column.name),
        "levels": list(column.levels),
        "made_of": sorted(column.parts),
        "usual": column.name in CANDIDATES,
        "known_when": column.known,
        "admitted": not column.refused,
        "reason": str(column.refused),
    }


def dates_of_candidates(study: Study, names: Collection[str]) -> dict[str, str]:
    """By name the titles of dates that columns are derived from, but for the start of treatment."""
    known = columns_of(study)
    behind = {part for name in names if name in known for part in known[name].parts}
    return {
        spec.name: spec.label
        for spec in _specs(study)[0]
        if spec.type == "date" and spec.name in behind - {START}
    }


def own_values(study: Study, names: Collection[str]) -> pd.DataFrame:
    """Values by patient id of columns beyond the paper's: floats, or levels as text."""
    known = columns_of(study)
    typed = clinical_table(study)
    derived = _derived_values(study, {name for name in names if name in known and
                                      known[name].parts})  # fmt: skip
    table = pd.DataFrame(index=typed.index)
    for name in names:
        column = known.get(name)
        source = derived if column and column.parts else typed
        values = source[name].reindex(table.index) if name in source else pd.Series(
            float("nan"), index=table.index)  # fmt: skip
        is_level = column is not None and bool(column.levels)
        table[name] = (
            values.map(str, na_action="ignore").astype(object)
            if is_level
            else pd.to_numeric(values, errors="coerce").astype(float)
        )
    return table


def _derived_values(study: Study, names: Collection[str]) -> pd.DataFrame:
    if not names:
        return pd.DataFrame()
    variables, derived = _specs(study)
    entries = FormEntry.objects.filter(study=study, form="baseline", occasion="baseline")
    entries = entries.exclude(state=EntryState.DRAFT)
    rows = {
        patient: {one.name: _level(one.value) for one in derive_all(derived, variables, values)
                  if one.name in names}
        for patient, values in entries.values_list("patient_id", "values")
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=sorted(names), dtype=object)


def _level(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _specs(study: Study) -> Specs:
    """Of the dictionary in force; nothing before there is one."""
    frozen = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=False)
    newest = frozen.order_by("-number").first()
    return (dictionary_specs(newest), dictionary_derived(newest)) if newest else ((), ())
