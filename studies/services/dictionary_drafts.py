"""The next version of a dictionary while it is edited, and the day it comes into force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from studies.access import require
from studies.methods.dictionary import (
    DerivedSpec,
    VariableSpec,
)
from studies.methods.known_when import check_known_when
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import (
    DerivedVariable,
    DictionaryVersion,
    Study,
    Variable,
)

from .dictionary import (
    dictionary_close,
    dictionary_current,
    dictionary_derived,
    dictionary_specs,
    dictionary_write,
    spec_fields,
    variable_spec,
    version_next,
)
from .dictionary_checks import check_draft, check_expressions, check_name, check_spec


@transaction.atomic
def dictionary_draft(study: Study, user: Any) -> DictionaryVersion:
    """The version being edited; a copy of the current one when there is none."""
    require(user, study, "manage")
    current = dictionary_current(study)
    draft = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=True).first()
    if draft is None:
        draft = version_next(study)
        dictionary_write(draft, dictionary_specs(current), dictionary_derived(current))
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
    check_draft(version)
    problems = []
    if not note.strip():
        problems.append(
            Problem("note", say("blank"), "what changed and why", "Write a line.", column="note")
        )
    specs, derived = dictionary_specs(version), dictionary_derived(version)
    if not specs:
        problems.append(Problem("dictionary", say("no variable"), "one at least", "Add variables."))
    problems += check_expressions(specs, derived)
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
    return dictionary_close(version, note.strip())


@transaction.atomic
def dictionary_discard(version: DictionaryVersion, user: Any) -> None:
    """A draft that nobody wants; its history stays."""
    require(user, version.study, "manage")
    check_draft(version)
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
    check_draft(version)
    others = version.variables.exclude(pk__in=[variable.pk] if variable else [])
    problems = [*check_name(version, spec.name, others), *check_spec(spec)]
    if not problems:
        named = [variable_spec(row) for row in others] + [spec]
        problems += check_expressions(named, dictionary_derived(version))
    if problems:
        raise DataProblem(problems)
    row = variable or Variable(dictionary=version, position=_next_position(version.variables))
    for name, value in spec_fields(spec).items():
        setattr(row, name, value)
    row.save()
    return row


@transaction.atomic
def dictionary_known_write(
    version: DictionaryVersion, user: Any, told: Mapping[str, str]
) -> DictionaryVersion:
    """Say of variables of a draft when they are known; of those not named it stays as it is.

    Raises
    ------
    DataProblem
        A name or a word that is none, or one that the course of patients contradicts: all at once.
    """
    require(user, version.study, "manage")
    check_draft(version)
    rows = {row.name: row for row in version.variables.all()}
    problems = [
        Problem(name, say("no variable of the draft"), say("a variable of the draft"),
                "Leave it out.", column="known_when")
        for name in sorted(set(told) - set(rows))
    ]  # fmt: skip
    changed = [
        row for name, row in rows.items() if told.get(name, row.known_when) != row.known_when
    ]
    for row in changed:
        row.known_when = told[row.name]
        found = check_known_when(variable_spec(row))
        problems += [replace(problem, where=row.label) for problem in found]
    if problems:
        raise DataProblem(problems)
    Variable.objects.bulk_update(changed, ["known_when"])
    return version


@transaction.atomic
def variable_drop(variable: Variable | DerivedVariable, user: Any) -> None:
    """Take a variable, or a derived one, out of a draft."""
    version = variable.dictionary
    require(user, version.study, "manage")
    check_draft(version)
    variable.delete()
    if problems := check_expressions(dictionary_specs(version), dictionary_derived(version)):
        raise DataProblem(problems)


@transaction.atomic
def variable_move(variable: Variable | DerivedVariable, user: Any, step: int) -> None:
    """One place up (-1) or down (+1) among its like."""
    version = variable.dictionary
    require(user, version.study, "manage")
    check_draft(version)
    rows: list[Any] = list(type(variable)._default_manager.filter(dictionary=version))
    here = rows.index(variable)
    there = min(max(here + step, 0), len(rows) - 1)
    rows.insert(there, rows.pop(here))
    for position, row in enumerate(rows):
        row.position = position
    type(variable)._default_manager.bulk_update(rows, ["position"])
    if problems := check_expressions(dictionary_specs(version), dictionary_derived(version)):
        raise DataProblem(problems)


@transaction.atomic
def derived_write(
    version: DictionaryVersion, user: Any, spec: DerivedSpec, derived: DerivedVariable | None = None
) -> DerivedVariable:
    """Add a derived variable to a draft, or change one of its own."""
    require(user, version.study, "manage")
    check_draft(version)
    others = version.derived.exclude(pk__in=[derived.pk] if derived else [])
    problems = check_name(version, spec.name, others)
    row = derived or DerivedVariable(dictionary=version, position=_next_position(version.derived))
    if not problems:
        row.name, row.label = spec.name, spec.label
        row.expression, row.unit = spec.expression.strip(), spec.unit
        row.save()
        problems = check_expressions(dictionary_specs(version), dictionary_derived(version))
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
        found = [] if spec.name in names else check_name(draft, spec.name, draft.variables)
        if spec.name in names:
            found.append(
                Problem(
                    "name", say("{name} twice", name=spec.name), "each name once", "Rename one."
                )
            )
        if isinstance(spec, VariableSpec):
            found += check_spec(spec)
        problems += [replace(problem, where=spec.name) for problem in found]
        names.add(spec.name)
    problems = problems or check_expressions(specs, derived)
    if problems:
        raise DataProblem(problems)
    dictionary_write(draft, specs, derived)
    return draft


def _next_position(rows: Any) -> int:
    return max(rows.values_list("position", flat=True), default=-1) + 1
