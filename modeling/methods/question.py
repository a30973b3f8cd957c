"""A saved question: which cohorts, features and patients a table is frozen for."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from jsonschema import Draft202012Validator

from modeling.methods.documents import parse_document, schema_problem
from modeling.methods.leak_origins import OUTCOME_PREFIXES
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say

FILTERED = ("sex", "age_years", "site", "patient")
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Question of a frozen table",
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "name"],
    "properties": {
        "format": {"const": 1},
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "cohorts": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string"},
        },
        "features": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 2, "maxLength": 120},
        },
        "filters": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["variable"],
                "properties": {
                    "variable": {"enum": list(FILTERED)},
                    "minimum": {"type": "number"},
                    "maximum": {"type": "number"},
                    "one_of": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                },
                "anyOf": [
                    {"required": ["minimum"]},
                    {"required": ["maximum"]},
                    {"required": ["one_of"]},
                ],
            },
        },
        "missing": {"enum": ["complete_case", "median_in_fold"]},
        "selection": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "address": {"type": "string"},
                "words": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}


def read_question(document: str | Mapping[str, Any]) -> dict[str, Any]:
    """A checked question, as YAML or JSON text or a mapping.

    Parameters
    ----------
    document : str or mapping
        ``cohorts`` (all that have a target when left out), ``features`` (columns, or prefixes
        that end in a point: ``pet.``), ``filters`` (each a variable with minimum, maximum or
        one_of; ``patient`` lists uids), ``missing``, ``selection`` (how the patients were chosen,
        in words).

    Returns
    -------
    dict

    Raises
    ------
    DataProblem
        Every place where it departs from the schema; a feature that is made of the outcome.
    """
    found = parse_document(document, "question")
    errors = Draft202012Validator(SCHEMA).iter_errors(found)
    problems = [schema_problem(error, "question") for error in errors] or _beyond_schema(found)
    if problems:
        raise DataProblem(problems)
    return copy.deepcopy(dict(found))


def _beyond_schema(document: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for place, name in enumerate(document.get("features", [])):
        if name.startswith(OUTCOME_PREFIXES):
            problems.append(
                Problem(
                    say("question.features.{place}", place=place),
                    name,
                    "a column known before the outcome",
                    "Leave it out: it was made of what is to be predicted.",
                )
            )
    for place, rule in enumerate(document.get("filters", [])):
        low, high = rule.get("minimum"), rule.get("maximum")
        if low is not None and high is not None and low > high:
            problems.append(
                Problem(
                    say("question.filters.{place}", place=place),
                    say("{low} to {high}", low=low, high=high),
                    "minimum below maximum",
                    "Turn the bounds round.",
                )
            )
    return problems


def choose_features(names: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    """Columns of ``names`` that a question keeps; all when it names none.

    Parameters
    ----------
    names : sequence of str
    wanted : sequence of str or None
        Whole names, or prefixes that end in a point.

    Raises
    ------
    DataProblem
        A name or prefix that fits no column.
    """
    if not wanted:
        return list(names)
    unknown = [w for w in wanted if not any(_fits(name, w) for name in names)]
    if unknown:
        raise DataProblem(
            [
                Problem(
                    "question.features",
                    name,
                    "a column of the study, or a prefix such as pet.",
                    "Correct it, or extract these features first.",
                )
                for name in unknown
            ]
        )
    return [name for name in names if any(_fits(name, w) for w in wanted)]


def _fits(name: str, wanted: str) -> bool:
    return name == wanted or (wanted.endswith(".") and name.startswith(wanted))


def outside_reasons(table: pd.DataFrame, filters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Per row why a question's filters leave it out, or nothing.

    Parameters
    ----------
    table : DataFrame
        With the columns that the filters name; a missing value never passes.
    filters : sequence of mapping
    """
    rules = [
        {**rule, "one_of": frozenset(rule["one_of"])} if "one_of" in rule else rule
        for rule in filters
    ]
    return [
        "; ".join(filter(None, (_outside(row, rule) for rule in rules)))
        for _, row in table.iterrows()
    ]


def _outside(row: pd.Series, rule: Mapping[str, Any]) -> str:
    name = rule["variable"]
    value, said = row[name], f"outside the question: {name.replace('_', ' ')}"
    if value is None or pd.isna(value):
        return f"{said} unknown"
    if name == "patient":
        return "" if str(value) in rule["one_of"] else "outside the question: not selected"
    if "one_of" in rule and str(value) not in rule["one_of"]:
        return f"{said} {value}"
    if "minimum" in rule and not float(value) >= rule["minimum"]:
        return f"{said} {value:g} under {rule['minimum']:g}"
    if "maximum" in rule and not float(value) <= rule["maximum"]:
        return f"{said} {value:g} over {rule['maximum']:g}"
    return ""
