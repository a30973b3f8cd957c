"""Which columns of a data dictionary a prognostic model may be offered, and why not the others."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modeling.methods.leak_survival import OUTCOME_PREFIXES
from studies.methods.derivations import meanings
from studies.methods.dictionary import BEFORE_TREATMENT, DerivedSpec, VariableSpec
from studies.methods.expressions import Meaning, read_expression
from studies.methods.known_when import known_of, known_of_all, why_untimely
from studies.methods.problems import Problem
from studies.methods.wording import say

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
    that it reads; ``parts`` name what a derived column is computed from. ``known`` says when its
    values are known, ``untimely`` why that is too late: part of what may be refused, and all that
    rows frozen earlier are asked.
    """

    name: str
    title: str
    unit: str = ""
    levels: tuple[str, ...] = ()
    parts: frozenset[str] = frozenset()
    refused: str = ""
    source: str = ""
    known: str = BEFORE_TREATMENT
    untimely: str = ""


def admit_columns(
    variables: Sequence[VariableSpec], derived: Sequence[DerivedSpec], outcomes: Collection[str]
) -> list[DictionaryColumn]:
    """Every column of a dictionary: numbers and levels known before treatment are admitted.

    What is derived is known when the last of its parts is.

    Parameters
    ----------
    variables, derived : sequences
        Of one version of the dictionary, in its order.
    outcomes : collection of str
        Names of the study's endpoints.
    """
    found = [_of_variable(spec, outcomes) for spec in variables]
    when = known_of_all(variables, derived)
    untimely = {one.name: one.untimely for one in found if one.untimely}
    names = meanings(variables)
    known = {spec.name: tuple(spec.codes) for spec in variables}
    parts: dict[str, frozenset[str]] = {}
    for one in derived:
        expression = read_expression(one.expression, names)
        parts[one.name] = _all_parts(expression.names, parts)
        levels = known[one.name] = _levels(expression.kind, expression.tree, known)
        late = _untimely_derived(parts[one.name], untimely)
        refused = late or _refused_derived(one.name, expression.kind, levels, outcomes)
        names[one.name] = Meaning(expression.kind, unit=one.unit)
        found.append(
            DictionaryColumn(
                one.name, one.label, one.unit, levels, parts[one.name], refused, one.name,
                when[one.name], late,
            )
        )  # fmt: skip
    return found


def refusal_of(column: DictionaryColumn, reason: str) -> Problem:
    """That a column is no candidate, why, and what to do about it."""
    if not column.known:
        remedy = say(
            "Say in the data dictionary when it is known (Dictionary, When each is known) and put "
            "that version in force, or leave the column out."
        )
    else:
        remedy = say("Leave it out: a model must not know how its patients fared.")
    return Problem(
        say("Covariates"),
        say("{name}: {reason}", name=column.name, reason=reason),
        say("a number or levels known before treatment"),
        remedy,
        column="candidates",
    )


def check_known_in_time(columns: Iterable[DictionaryColumn]) -> list[Problem]:
    """A column that the dictionary says is known too late, or says nothing of.

    Parameters
    ----------
    columns : iterable of DictionaryColumn
        What a model is offered.
    """
    return [refusal_of(one, one.untimely) for one in columns if one.untimely]


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
    known = known_of(spec.name, spec.known_when)
    late = why_untimely(known) or _of_another_form(spec)
    refused = late or _misnamed(spec.name, outcomes) or _of_no_use(spec, levels)
    return DictionaryColumn(
        spec.name, spec.label, spec.unit, levels, refused=refused, source=spec.name, known=known,
        untimely=late,
    )  # fmt: skip


def _of_another_form(spec: VariableSpec) -> str:
    if spec.form == "baseline":
        return ""
    return say("asked in another form than baseline, which no model reads")


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


def _untimely_derived(parts: Collection[str], untimely: Mapping[str, str]) -> str:
    """The first part that is known too late, and why."""
    late = sorted(set(parts) & set(untimely))
    if not late:
        return ""
    return say("derived from {name}: {reason}", name=late[0], reason=untimely[late[0]])


def _refused_derived(
    name: str, kind: str, levels: tuple[str, ...], outcomes: Collection[str]
) -> str:  # fmt: skip
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
