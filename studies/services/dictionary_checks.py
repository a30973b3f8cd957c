"""What a dictionary may not be: names taken, ranges turned, expressions that do not hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from studies.methods.derivations import meanings
from studies.methods.dictionary import (
    KEY_COLUMNS,
    DerivedSpec,
    VariableSpec,
)
from studies.methods.expressions import FUNCTIONS, ExpressionError, Meaning, read_expression
from studies.methods.known_when import check_known_when
from studies.methods.problems import Problem, refuse
from studies.methods.wording import say
from studies.models import (
    DictionaryVersion,
    EndpointDefinition,
    Variable,
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


_RESERVED = {*KEY_COLUMNS, *FUNCTIONS, "and", "or", "not", "in", "if", "else", "is"}


def check_draft(version: DictionaryVersion) -> None:
    if version.frozen_at:
        raise refuse(
            "dictionary",
            say("version {number} is frozen", number=version.number),
            "a draft",
            "Start a new version.",
        )


def check_name(version: DictionaryVersion, name: str, others: Any) -> list[Problem]:
    """Names of variables and derived ones are one namespace, and columns of files."""
    taken = {*others.values_list("name", flat=True)}
    taken |= {*(version.derived if others.model is Variable else version.variables)
              .values_list("name", flat=True)}  # fmt: skip
    endpoints = EndpointDefinition.objects.filter(study=version.study_id)
    taken |= {*endpoints.values_list("name", flat=True)}
    if not _NAME.fullmatch(name) or name in _RESERVED:
        expected = say("small letters, digits and '_', no word of the language")
        return [Problem("name", repr(name), expected, "Choose another.", column="name")]
    if name in taken:
        return [
            Problem(
                "name",
                say("{name} twice", name=name),
                "each name once",
                "Choose another.",
                column="name",
            )
        ]
    return []


def check_spec(spec: VariableSpec) -> list[Problem]:
    problems = check_known_when(spec)
    bounds = {name: getattr(spec, name) for name in
              ("minimum", "plausible_minimum", "plausible_maximum", "maximum")}  # fmt: skip
    given = [(name, value) for name, value in bounds.items() if value is not None]
    for (low_name, low), (high_name, high) in pairwise(given):
        if low > high:
            found = say(
                "{low_name} {low:g} above {high_name} {high:g}",
                low_name=low_name,
                low=low,
                high_name=high_name,
                high=high,
            )
            expected = say("minimum, plausible minimum, plausible maximum, maximum in this order")
            problems.append(Problem(low_name, found, expected, "Correct it.", column=low_name))
    if spec.type == "category" and not spec.codes:
        problems.append(
            Problem(
                "codes", say("none"), "one code at least", "Write code = label.", column="codes"
            )
        )
    for code in set(spec.codes) & set(spec.missing_codes):
        problems.append(
            Problem(
                "codes",
                say("{code} is a missing-code, too", code=code),
                "one meaning per code",
                "Rename one.",
                column="codes",
            )
        )
    return problems


def check_expressions(
    specs: Sequence[VariableSpec], derived: Sequence[DerivedSpec]
) -> list[Problem]:
    """Each derived variable asks for variables and for derived ones before it."""
    problems = []
    names = meanings(specs)
    for spec in derived:
        try:
            kind = read_expression(spec.expression, names).kind
        except ExpressionError as error:
            said = error.problem
            problems.append(
                Problem(spec.name, said.found, said.expected, said.remedy, column="expression")
            )
            continue
        names[spec.name] = Meaning(kind, unit=spec.unit)
    return problems


def free_name(name: str, taken: set[str]) -> str:
    """``name``, or with a number or a word behind it when it is taken or reserved."""
    base = f"{name}_value" if name in _RESERVED else name
    number, found = 2, base
    while found in taken:
        number, found = number + 1, f"{base[:60]}_{number}"
    return found
