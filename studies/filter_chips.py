"""What narrows a list, shown: a chip per filter in force, a line per condition on a variable."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import django_filters
from django.db.models import Model
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from studies.models import (
    Variable,
)
from studies.value_words import word_of
from studies.variable_filters import NUMBER_OF_CONDITIONS, Condition


@dataclass(frozen=True)
class Chip:
    """``is_unknown``: the address asks for it, and nothing is narrowed by it."""

    text: str
    url: str
    is_unknown: bool = False


def chips(narrowed: django_filters.FilterSet) -> list[Chip]:
    """One chip per filter in force; its url is the list without it."""
    found = []
    narrowed.form.is_valid()  # what is not valid narrows nothing, and says so
    for name, value in narrowed.form.cleaned_data.items():
        if value in (None, ""):
            continue
        field = narrowed.form.fields[name]
        label = field.label or name
        of_itself = str(value) if isinstance(value, Model) else word_of(value)  # a person's name
        word = dict(getattr(field, "choices", ())).get(value, of_itself)
        text = _("{label}: {word}").format(label=label, word=word)
        found.append(Chip(text, _without(narrowed.data, name)))
    wrong = [name for name in narrowed.form.errors if name in narrowed.form.fields]
    return [*found, *(_unknown(narrowed.data, name) for name in wrong)]


def unknown_chips(asked: QueryDict, known: Collection[str]) -> list[Chip]:
    """One chip per name in an address that a list does not know: it never looks narrowed by it."""
    return [_unknown(asked, name) for name, text in asked.items() if name not in known and text]


def _unknown(asked: QueryDict, name: str) -> Chip:
    text = _("{name}={value} is not known: nothing is narrowed by it").format(
        name=name[:40], value=str(asked.get(name, ""))[:40]
    )
    return Chip(text, _without(asked, name), is_unknown=True)


def _without(asked: QueryDict, name: str) -> str:
    rest = asked.copy()
    for gone in (name, "after", "before"):
        rest.pop(gone, None)
    return f"?{rest.urlencode()}"


def condition_chips(asked: QueryDict, conditions: Sequence[Condition]) -> list[Chip]:
    """One chip per condition on a variable; its url is the list without it."""
    found = []
    for condition in conditions:
        rest = asked.copy()
        for number in range(1, NUMBER_OF_CONDITIONS + 1):
            if rest.get(f"variable{number}") == condition.variable.name:
                for part in ("variable", "operator", "value"):
                    rest.pop(f"{part}{number}", None)
        for gone in ("after", "before"):
            rest.pop(gone, None)
        found.append(Chip(condition.text, f"?{rest.urlencode()}"))
    return found


@dataclass(frozen=True)
class VariableLine:
    """One line of the filter by variables, as it was sent."""

    number: int
    variables: Sequence[Variable]
    chosen: str
    operator: str
    value: str


def variable_lines(asked: QueryDict, variables: Sequence[Variable]) -> list[VariableLine]:
    return [
        VariableLine(
            number,
            variables,
            *(asked.get(f"{part}{number}", "") for part in ("variable", "operator", "value")),
        )
        for number in range(1, NUMBER_OF_CONDITIONS + 1)
    ]
