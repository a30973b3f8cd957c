"""A plan of analysis, written before the run, and where a run departs from it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from modeling.methods.documents import parse_document, schema_problem
from modeling.methods.recipe import harmonise_said, read_recipe
from studies.methods.problems import DataProblem

SENSITIVITY = (
    "centroids_per_fold",
    "not_evaluable_as_non_responder",
    "median_in_fold",
    "scanners_harmonised",
    "shuffled_voxels",
    "without_borderline",
)
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Plan of analysis",
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "question", "target", "recipe", "seed"],
    "properties": {
        "format": {"const": 1},
        "question": {"type": "string", "minLength": 10, "maxLength": 2000},
        "target": {"enum": ["rna"]},
        "recipe": {"anyOf": [{"type": "string"}, {"type": "object"}]},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
        "horizons_months": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {
                "^[a-z][a-z0-9_]{1,63}$": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "number", "minimum": 1},
                }
            },
        },
        "prognosis": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "candidates": {"type": "array", "items": {"type": "string"}},
                "selection": {"enum": ["lasso", "fixed"]},
                "splines": {"type": "array", "items": {"type": "string"}},
                "penalty": {"enum": ["none", "firth"]},
                "immunoscore": {"enum": ["yes", "no"]},
                "resamples": {"type": "integer", "minimum": 0},
                "landmark_days": {"type": "integer", "minimum": 0},
            },
        },
        "sensitivity": {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": list(SENSITIVITY)},
        },
        "notes": {"type": "string", "maxLength": 5000},
    },
}


@dataclass(frozen=True)
class Departure:
    """A place where what was done is not what was planned."""

    place: str
    planned: Any
    done: Any


def read_plan(document: str | Mapping[str, Any]) -> dict[str, Any]:
    """A checked plan with its recipe written out in full.

    Parameters
    ----------
    document : str or mapping
        YAML, JSON or a mapping; ``recipe`` names a preset or is a whole recipe.

    Raises
    ------
    DataProblem
        Every place where plan or recipe depart from their schemas.
    """
    found = parse_document(document, "plan")
    problems = [schema_problem(e, "plan") for e in Draft202012Validator(SCHEMA).iter_errors(found)]
    if problems:
        raise DataProblem(problems)
    checked = copy.deepcopy(dict(found))
    checked["recipe"] = dict(read_recipe(found["recipe"]).document)
    return checked


def compare_to_plan(
    plan: Mapping[str, Any], recipe: Mapping[str, Any], seed: int
) -> list[Departure]:
    """Where a Rad-Score run departs from its plan.

    Parameters
    ----------
    plan : mapping
        Of ``read_plan``.
    recipe : mapping
        The run's whole recipe; its name alone is no departure.
    seed : int
    """
    planned, done = _comparable(plan["recipe"]), _comparable(recipe)
    found = list(_differences("recipe", planned, done))
    if seed != plan["seed"]:
        found.append(Departure("seed", plan["seed"], seed))
    return found


def compare_prognosis_to_plan(
    plan: Mapping[str, Any], endpoint: str, done: Mapping[str, Any]
) -> list[Departure]:
    """Where a prognosis run departs from its plan, in what the plan says of it.

    Parameters
    ----------
    plan : mapping
        Of ``read_plan``.
    endpoint : str
    done : mapping
        ``horizons`` in months and ``seed``, and whatever ``prognosis`` of a plan may hold; a
        landmark of which a plan says nothing is a departure.
    """
    found = []
    planned = plan.get("horizons_months", {}).get(endpoint)
    times = [float(t) for t in done["horizons"]]
    if planned and sorted(map(float, planned)) != times:
        found.append(Departure(f"horizons_months.{endpoint}", planned, times))
    usual = {"landmark_days": 0} if done.get("landmark_days") else {}
    for name, value in sorted({**usual, **plan.get("prognosis", {})}.items()):
        now = done[name]
        same = set(value) == set(now) if isinstance(value, list) else value == now
        if not same:
            found.append(Departure(f"prognosis.{name}", value, now))
    if done["seed"] != plan["seed"]:
        found.append(Departure("seed", plan["seed"], done["seed"]))
    return found


def _comparable(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Without its name; harmonising as one line, since off is a choice too."""
    named = {k: v for k, v in recipe.items() if k != "name"}
    return named | {"harmonise": harmonise_said(recipe)}


def _differences(place: str, planned: Any, done: Any) -> Iterator[Departure]:
    if isinstance(planned, Mapping) and isinstance(done, Mapping):
        for key in sorted({*planned, *done}):
            yield from _differences(f"{place}.{key}", planned.get(key), done.get(key))
    elif planned != done:
        yield Departure(place, planned, done)
