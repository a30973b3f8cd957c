"""The study's data dictionary as records, and back as what the methods read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone

from studies.access import require
from studies.methods.derivations import meanings
from studies.methods.dictionary import (
    DEFAULT_DERIVED,
    DEFAULT_DICTIONARY,
    KEY_COLUMNS,
    DerivedSpec,
    VariableSpec,
)
from studies.methods.expressions import FUNCTIONS, ExpressionError, Meaning, read_expression
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import marked, say
from studies.models import (
    DerivedVariable,
    DictionaryVersion,
    EndpointDefinition,
    Study,
    Variable,
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RESERVED = {*KEY_COLUMNS, *FUNCTIONS, "and", "or", "not", "in", "if", "else", "is"}


@transaction.atomic
def dictionary_current(study: Study) -> DictionaryVersion:
    """The newest frozen version; the first one is the default set."""
    frozen = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=False)
    newest = frozen.order_by("-number").first()
    return newest or dictionary_create(
        study, DEFAULT_DICTIONARY, marked("default set"), DEFAULT_DERIVED
    )


@transaction.atomic
def dictionary_create(
    study: Study,
    specs: Sequence[VariableSpec],
    note: str,
    derived: Sequence[DerivedSpec] = (),
) -> DictionaryVersion:
    """The next version, frozen from the start."""
    version = _next_version(study)
    _write(version, specs, derived)
    return _freeze(version, note)


def dictionary_specs(version: DictionaryVersion, form: str = "") -> tuple[VariableSpec, ...]:
    """The variables of a version, of one form when it is named."""
    rows = Variable.objects.filter(dictionary=version, **({"form": form} if form else {}))
    return tuple(variable_spec(variable) for variable in rows)


def variable_spec(variable: Variable) -> VariableSpec:
    fields = {name: getattr(variable, name) for name in VariableSpec.__dataclass_fields__}
    fields["required_for"] = tuple(fields["required_for"])
    fields["missing_codes"] = tuple(fields["missing_codes"])
    return VariableSpec(**fields)


def dictionary_derived(version: DictionaryVersion) -> tuple[DerivedSpec, ...]:
    rows = DerivedVariable.objects.filter(dictionary=version)
    return tuple(DerivedSpec(row.name, row.label, row.expression, row.unit) for row in rows)


@transaction.atomic
def dictionary_draft(study: Study, user: Any) -> DictionaryVersion:
    """The version being edited; a copy of the current one when there is none."""
    require(user, study, "manage")
    current = dictionary_current(study)
    draft = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=True).first()
    if draft is None:
        draft = _next_version(study)
        _write(draft, dictionary_specs(current), dictionary_derived(current))
    return draft


@transaction.atomic
def dictionary_freeze(version: DictionaryVersion, user: Any, note: str) -> DictionaryVersion:
    """From now on it is what new entries and files are read under; it changes no more.

    Raises
    ------
    DataProblem
        No note, no variable, no difference to the version before, or an expression that no
        longer holds.
    """
    require(user, version.study, "manage")
    _check_draft(version)
    problems = []
    if not note.strip():
        problems.append(
            Problem("note", say("blank"), "what changed and why", "Write a line.", column="note")
        )
    specs, derived = dictionary_specs(version), dictionary_derived(version)
    if not specs:
        problems.append(Problem("dictionary", say("no variable"), "one at least", "Add variables."))
    problems += _check_expressions(specs, derived)
    current = dictionary_current(version.study)
    if (specs, derived) == (dictionary_specs(current), dictionary_derived(current)):
        problems.append(
            Problem(
                "dictionary",
                say("the same as version {number}", number=current.number),
                "a change",
                "Change a variable, or discard the draft.",
            )
        )
    if problems:
        raise DataProblem(problems)
    return _freeze(version, note.strip())


@transaction.atomic
def dictionary_discard(version: DictionaryVersion, user: Any) -> None:
    """A draft that nobody wants; its history stays."""
    require(user, version.study, "manage")
    _check_draft(version)
    version.variables.all().delete()
    version.derived.all().delete()
    version.delete()


@transaction.atomic
def variable_write(
    version: DictionaryVersion, user: Any, spec: VariableSpec, variable: Variable | None = None
) -> Variable:
    """Add a variable to a draft, or change one of its own.

    Raises
    ------
    DataProblem
        A name that is taken or none, ranges the wrong way round, a category without codes, or an
        expression that would no longer hold.
    """
    require(user, version.study, "manage")
    _check_draft(version)
    others = version.variables.exclude(pk__in=[variable.pk] if variable else [])
    problems = [*_check_name(version, spec.name, others), *_check_spec(spec)]
    if not problems:
        named = [variable_spec(row) for row in others] + [spec]
        problems += _check_expressions(named, dictionary_derived(version))
    if problems:
        raise DataProblem(problems)
    row = variable or Variable(dictionary=version, position=_next_position(version.variables))
    for name, value in _fields(spec).items():
        setattr(row, name, value)
    row.save()
    return row


@transaction.atomic
def variable_drop(variable: Variable | DerivedVariable, user: Any) -> None:
    """Take a variable, or a derived one, out of a draft."""
    version = variable.dictionary
    require(user, version.study, "manage")
    _check_draft(version)
    variable.delete()
    if problems := _check_expressions(dictionary_specs(version), dictionary_derived(version)):
        raise DataProblem(problems)


@transaction.atomic
def variable_move(variable: Variable | DerivedVariable, user: Any, step: int) -> None:
    """One place up (-1) or down (+1) among its like."""
    version = variable.dictionary
    require(user, version.study, "manage")
    _check_draft(version)
    rows: list[Any] = list(type(variable)._default_manager.filter(dictionary=version))
    here = rows.index(variable)
    there = min(max(here + step, 0), len(rows) - 1)
    rows.insert(there, rows.pop(here))
    for position, row in enumerate(rows):
        row.position = position
    type(variable)._default_manager.bulk_update(rows, ["position"])
    if problems := _check_expressions(dictionary_specs(version), dictionary_derived(version)):
        raise DataProblem(problems)


@transaction.atomic
def derived_write(
    version: DictionaryVersion, user: Any, spec: DerivedSpec, derived: DerivedVariable | None = None
) -> DerivedVariable:
    """Add a derived variable to a draft, or change one of its own."""
    require(user, version.study, "manage")
    _check_draft(version)
    others = version.derived.exclude(pk__in=[derived.pk] if derived else [])
    problems = _check_name(version, spec.name, others)
    row = derived or DerivedVariable(dictionary=version, position=_next_position(version.derived))
    if not problems:
        row.name, row.label = spec.name, spec.label
        row.expression, row.unit = spec.expression.strip(), spec.unit
        row.save()
        problems = _check_expressions(dictionary_specs(version), dictionary_derived(version))
    if problems:
        raise DataProblem(problems)
    return row


@transaction.atomic
def dictionary_draft_write(
    study: Study, user: Any, specs: Sequence[VariableSpec], derived: Sequence[DerivedSpec] = ()
) -> DictionaryVersion:
    """These variables as the draft, in place of what a draft held.

    Raises
    ------
    DataProblem
        Everything that is wrong with any of them.
    """
    draft = dictionary_draft(study, user)
    draft.variables.all().delete()
    draft.derived.all().delete()
    problems = []
    names: set[str] = set()
    everything: list[VariableSpec | DerivedSpec] = [*specs, *derived]
    for spec in everything:
        found = [] if spec.name in names else _check_name(draft, spec.name, draft.variables)
        if spec.name in names:
            found.append(
                Problem(
                    "name", say("{name} twice", name=spec.name), "each name once", "Rename one."
                )
            )
        if isinstance(spec, VariableSpec):
            found += _check_spec(spec)
        problems += [replace(problem, where=spec.name) for problem in found]
        names.add(spec.name)
    problems = problems or _check_expressions(specs, derived)
    if problems:
        raise DataProblem(problems)
    _write(draft, specs, derived)
    return draft


def free_name(name: str, taken: set[str]) -> str:
    """``name``, or with a number or a word behind it when it is taken or reserved."""
    base = f"{name}_value" if name in _RESERVED else name
    number, found = 2, base
    while found in taken:
        number, found = number + 1, f"{base[:60]}_{number}"
    return found


def _next_version(study: Study) -> DictionaryVersion:
    numbers = DictionaryVersion.objects.filter(study=study).values_list("number", flat=True)
    return DictionaryVersion.objects.create(study=study, number=max(numbers, default=0) + 1)


def _freeze(version: DictionaryVersion, note: str) -> DictionaryVersion:
    version.frozen_at, version.note = timezone.now(), note
    version.save(update_fields=["frozen_at", "note"])
    return version


def _write(
    version: DictionaryVersion, specs: Sequence[VariableSpec], derived: Sequence[DerivedSpec]
) -> None:
    Variable.objects.bulk_create(
        Variable(dictionary=version, position=position, **_fields(spec))
        for position, spec in enumerate(specs)
    )
    DerivedVariable.objects.bulk_create(
        DerivedVariable(dictionary=version, position=position, **asdict(spec))
        for position, spec in enumerate(derived)
    )


def _next_position(rows: Any) -> int:
    return max(rows.values_list("position", flat=True), default=-1) + 1


def _check_draft(version: DictionaryVersion) -> None:
    if version.frozen_at:
        raise refuse(
            "dictionary",
            say("version {number} is frozen", number=version.number),
            "a draft",
            "Start a new version.",
        )


def _check_name(version: DictionaryVersion, name: str, others: Any) -> list[Problem]:
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


def _check_spec(spec: VariableSpec) -> list[Problem]:
    problems = []
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


def _check_expressions(
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


def _fields(spec: VariableSpec) -> dict[str, object]:
    fields = asdict(spec)
    fields["required_for"] = list(spec.required_for)
    fields["missing_codes"] = list(spec.missing_codes)
    fields["codes"] = dict(spec.codes)
    return fields
