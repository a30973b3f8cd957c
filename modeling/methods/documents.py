"""Documents that a run is made by: YAML, JSON or a mapping, and what departs from a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from jsonschema.exceptions import ValidationError

from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say


def parse_document(
    document: str | Mapping[str, Any], place: str, names: Sequence[str] | Mapping[str, Any] = ()
) -> Mapping[str, Any]:
    """A mapping as it is, or the mapping that a YAML or JSON text holds.

    Parameters
    ----------
    document : str or mapping
    place : str
        What the document is called in a refusal.
    names : sequence of str
        Names that would have been known.

    Raises
    ------
    DataProblem
        A text that holds no mapping.
    """
    if not isinstance(document, str):
        return document
    try:
        found = yaml.safe_load(document)
    except yaml.YAMLError as error:
        found = str(error)
    if isinstance(found, dict):
        return found
    raise DataProblem(
        [
            Problem(
                place,
                str(found)[:120],
                " | ".join([*names, "a document of keys"]),
                say("Give the whole {place} as YAML or JSON.", place=place),
            )
        ]
    )


def schema_problem(error: ValidationError, name: str) -> Problem:
    """An error of the schema with its place in the document.

    Parameters
    ----------
    error : ValidationError
    name : str
        What the document is called.
    """
    place = ".".join(map(str, [name, *error.absolute_path]))
    return Problem(
        place,
        error.message[:300],
        _expected(error),
        say("Correct this key of the {name}.", name=name),
    )


def _expected(error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        return "one of " + ", ".join(error.schema.get("properties", {}))
    return f"{error.validator}: {error.validator_value}"[:300]
