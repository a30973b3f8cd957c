"""Which columns of a data dictionary a prognostic model may be offered, and why not the others."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modeling.methods.leak_survival import OUTCOME_PREFIXES
from studies.methods.derivations import meanings
from studies.methods.dictionary import DEFAULT_DICTIONARY, DerivedSpec, VariableSpec
from studies.methods.expressions import Meaning, read_expression
from studies.methods.problems import Problem
from studies.methods.wording import say

COURSE = "Course"  # the section of what becomes known after treatment began
AFTER = frozenset(spec.name for spec in DEFAULT_DICTIONARY if spec.section == COURSE)
# Columns of every frozen table of a prognosis, which no variable may take the place of.
RESERVED = frozenset({
    "cohort", "pseudonym", "use", "role", "site", "reason", "patient_id", "cohort_id", "rad_score",
    "rad_score_kind", "immunoscore",
})  # fmt: skip
YES_NO = ("no", "yes")
FREE = "\0"  # stands for any text at all


@dataclass(frozen=True)
class DictionaryColumn:
    """A column that was looked at: a candidate, unless ``refused`` says why it is none.

    ``levels`` are in order, the reference first; a number has none. ``source`` is the variable
    that it reads; ``parts`` name what a derived column is computed from.
    """

    name: str
    title: str
    unit: str = ""
    levels: tuple[str, ...] = ()
    parts: frozenset[str] = frozenset()
    refused: str = ""
    source: str = ""


def admit_columns(
    variables: Sequence[VariableSpec], derived: Sequence[DerivedSpec], outcomes: Collection[str]
) -> list[DictionaryColumn]:
    """Every column of a dictionary: numbers and levels known before treatment are admitted.

    Parameters
    ----------
    variables, derived : sequences
        Of one version of the dictionary, in its order.
    outcomes : collection of str
        Names of the study's endpoints.
    """
    found = [_of_variable(spec, outcomes) for spec in variables]
    late = {spec.name for spec in variables if _late(spec)}
    names = meanings(variables)
    known = {spec.name: tuple(spec.codes) for spec in variables}
    parts: dict[str, frozenset[str]] = {}
    for one in derived:
        expression = read_expression(one.expression, names)
        parts[one.name] = _all_parts(expression.names, parts)
        levels = known[one.name] = _levels(expression.kind, expression.tree, known)
        refused = _refused_derived(one.name, expression.kind, levels, parts, late, outcomes)
        names[one.name] = Meaning(expression.kind, unit=one.unit)
        found.append(
            DictionaryColumn(
                one.name, one.label, one.unit, levels, parts[one.name], refused, one.name
            )
        )
    return found


def check_beside_parts(
    chosen: Sequence[str], columns: Mapping[str, DictionaryColumn]
) -> list[Problem]:
    """A derived column offered beside what it is made of: one says what the other says.

    Parameters
    ----------
    chosen : sequence of str
    columns : mapping of name to DictionaryColumn
        At least of those chosen.
    """
    sources = {columns[name].source or name: name for name in chosen}
    beside = {name: [sources[part] for part in sorted(columns[name].parts) if part in sources]
              for name in chosen}  # fmt: skip
    return [
        Problem(
            say("Covariates"),
            say("{name} beside {parts}, which it is made of", name=name, parts=", ".join(parts)),
            "a derived column, or its parts",
            "Leave one or the others out.",
            column="candidates",
        )
        for name, parts in beside.items()
        if parts
    ]


def _of_variable(spec: VariableSpec, outcomes: Collection[str]) -> DictionaryColumn:
    levels = tuple(spec.codes) if spec.type == "category" else ()
    refused = _late(spec) or _misnamed(spec.name, outcomes) or _of_no_use(spec, levels)
    return DictionaryColumn(
        spec.name, spec.label, spec.unit, levels, refused=refused, source=spec.name
    )


def _late(spec: VariableSpec) -> str:
    """Why a variable may know how its patient fared, or nothing."""
    if spec.form != "baseline":
        return say("asked in another form than baseline: after treatment began")
    if spec.name in AFTER or spec.section == COURSE:
        return say("of the course: known only after treatment began")
    return ""


def _misnamed(name: str, outcomes: Collection[str]) -> str:
    if name.startswith((*OUTCOME_PREFIXES, *outcomes)):
        return say("bears the name of an outcome")
    return say("its name means something else in a frozen table") if name in RESERVED else ""


def _of_no_use(spec: VariableSpec, levels: tuple[str, ...]) -> str:
    if spec.type == "date":
        return say("a date is neither a number nor a level: derive an interval from it")
    if spec.type == "text":
        return say("free text has neither numbers nor levels")
    if spec.type == "category" and len(levels) < 2:
        return say("has one level only")
    return ""


def _refused_derived(
    name: str, kind: str, levels: tuple[str, ...], parts: Mapping[str, frozenset[str]],
    late: Collection[str], outcomes: Collection[str],
) -> str:  # fmt: skip
    known_late = sorted(parts[name] & set(late))
    if known_late:
        return say("derived from {name}, known only after treatment began", name=known_late[0])
    if misnamed := _misnamed(name, outcomes):
        return misnamed
    if kind == "text" and not levels:
        return say("free text has neither numbers nor levels")
    return say("has one level only") if kind != "number" and len(levels) < 2 else ""


def _all_parts(
    names: Sequence[str], known: Mapping[str, frozenset[str]]
) -> frozenset[str]:  # fmt: skip
    return frozenset(names).union(*(known.get(name, ()) for name in names))


def _levels(
    kind: str, tree: ast.expr, known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:  # fmt: skip
    """Of a text all that it may be; none where it may be any."""
    if kind == "truth":
        return YES_NO
    found = tuple(dict.fromkeys(_texts(tree, known))) if kind == "text" else ()
    return () if FREE in found else found


def _texts(node: ast.expr, known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Texts that an expression may result in, the last one (what is so else) first."""
    match node:
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(other, known)
            yield from _texts(body, known)
        case ast.Constant(value=str() as text):
            yield text
        case ast.Name(id=name):
            yield from known[name] or (FREE,)
