"""Reads for the dictionary's pages: a version by section, as a table, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django.db.models import Count

from studies.forms.dictionary import KNOWN
from studies.languages import spoken
from studies.methods.dictionary import DerivedSpec, VariableSpec
from studies.methods.dictionary_difference import Difference, compare_dictionaries
from studies.methods.dictionary_file import COLUMNS, dictionary_lines
from studies.methods.known_when import known_of, known_of_all
from studies.methods.wording import marked
from studies.models import DictionaryVersion, Study, Variable
from studies.services.dictionary import dictionary_derived, dictionary_specs
from studies.value_words import word_of


def version_context(study: Study, version: DictionaryVersion) -> dict[str, Any]:
    """A version by form and section, the versions there are, and the one before it."""
    versions = list(
        DictionaryVersion.objects.filter(study=study)
        .annotate(used=Count("entries"))
        .order_by("-number")
    )
    before = next((v for v in versions if v.number < version.number), None)
    frozen = [v for v in versions if v.frozen_at]
    return {
        "versions": versions,
        "before": before,
        "in_force": frozen[0] if frozen else None,
        "draft": next((v for v in versions if not v.frozen_at), None),
        "sections": sections_of(version.variables.all()),
        "derived": _derived_rows(version),
        "unsaid": sum(
            not known_of(name, said)
            for name, said in version.variables.values_list("name", "known_when")
        ),
    }


def known_in(version: DictionaryVersion) -> dict[str, str]:
    """By name when each variable and each derived one is known; empty where nobody has said."""
    return known_of_all(dictionary_specs(version), dictionary_derived(version))


def known_context(version: DictionaryVersion, told: Mapping[str, str]) -> dict[str, Any]:
    """Variables by section, each with what is said of it, or was typed."""
    rows = list(version.variables.all())
    for row in rows:
        row.known_when = told.get(row.name, row.known_when)
    return {"sections": sections_of(rows), "choices": KNOWN}


def _derived_rows(version: DictionaryVersion) -> list[dict[str, Any]]:
    known = known_in(version)
    return [{"row": row, "known_when": known[row.name]} for row in version.derived.all()]


def sections_of(variables: Iterable[Variable]) -> list[tuple[str, list[Variable]]]:
    """Variables under their headings, in order; another form's heading begins with its name."""

    def heading(variable: Variable) -> str:
        title = spoken(variable.section or marked("Values"))
        return title if variable.form == "baseline" else f"{word_of(variable.form)}: {title}"

    return [(title, list(rows)) for title, rows in groupby(variables, key=heading)]


def differences(before: DictionaryVersion, after: DictionaryVersion) -> tuple[Difference, ...]:
    return compare_dictionaries(_everything(before), _everything(after))


def names_of(version: DictionaryVersion) -> list[tuple[str, str]]:
    """What an expression may ask for, with its label."""
    return [(spec.name, spec.label) for spec in _everything(version)]


def as_table(version: DictionaryVersion) -> tuple[list[str], list[list[Any]]]:
    """One line per variable, for a file."""
    return list(COLUMNS), dictionary_lines(dictionary_specs(version), dictionary_derived(version))


def _everything(version: DictionaryVersion) -> list[VariableSpec | DerivedSpec]:
    return [*dictionary_specs(version), *dictionary_derived(version)]
