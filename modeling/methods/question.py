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

PROGNOSIS = "prognosis"
OF_PROGNOSIS = ("endpoint", "rad_score", "columns", "immunoscore", "landmark_days")
LATEST_LANDMARK = 18_262  # days: fifty years
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
        "purpose": {"enum": ["rad_score", PROGNOSIS]},
        "endpoint": {"type": "string", "minLength": 1, "maxLength": 64},
        "rad_score": {"type": "string", "maxLength": 36},
        "columns": {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1, "maxLength": 64},
        },
        "immunoscore": {"enum": ["yes", "no"]},
        "landmark_days": {"type": "integer", "minimum": 0, "maximum": LATEST_LANDMARK},
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
        in words). With ``purpose`` prognosis there are, instead of features, ``endpoint``,
        ``rad_score`` (uid of a version), ``columns`` (candidates), ``immunoscore`` and
        ``landmark_days`` (time is counted from that day after the start of treatment, of whoever
        is followed without event beyond it; none or 0 for no landmark).

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
    problems = _of_other_purpose(document)
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


def _of_other_purpose(document: Mapping[str, Any]) -> list[Problem]:
    """Keys that the purpose has no use for, and the one it cannot do without."""
    is_prognosis = document.get("purpose") == PROGNOSIS
    alien = ("features",) if is_prognosis else OF_PROGNOSIS
    problems = [
        Problem(
            say("question.{key}", key=key),
            key,
            "nothing of the kind in a prognosis" if is_prognosis else "purpose: prognosis",
            "Leave it out, or ask the other question.",
        )
        for key in alien
        if key in document
    ]
    if is_prognosis and "endpoint" not in document:
        problems.append(
            Problem("question.endpoint", say("nothing"), "an endpoint of the study", "Name one.")
        )
    if is_prognosis and document.get("missing", "complete_case") != "complete_case":
        problems.append(
            Problem(
                "question.missing", document["missing"], "complete_case",
                "A prognosis is fitted to complete patients.",
            )
        )  # fmt: skip
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
