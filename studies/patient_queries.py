"""What a list of patients asks for beside cohort, site and status: a search, and conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from studies import variable_filters
from studies.access import rights_of
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Patient, Study
from studies.variable_filters import NUMBER_OF_CONDITIONS, Condition

ANYWHERE = "*"
PARTS = ("variable", "operator", "value")
LINES = tuple(f"{part}{n}" for n in range(1, NUMBER_OF_CONDITIONS + 1) for part in PARTS)
ASKED = ("search", *LINES)


def patients_found(rows: QuerySet[Patient], search: str) -> QuerySet[Patient]:
    """Those whose pseudonym begins with it; after a star, has it anywhere."""
    if search.startswith(ANYWHERE):
        return rows.filter(pseudonym__contains=search.removeprefix(ANYWHERE))
    return rows.filter(pseudonym__begins=search) if search else rows


def conditions_asked(user: Any, study: Study, asked: Mapping[str, str]) -> list[Condition]:
    """The conditions, each of which can be applied.

    Raises
    ------
    DataProblem
        One that cannot, so that it is not left out without a word.
    """
    variables = variable_filters.variables_of(study, "identifiers" in rights_of(user, study))
    found = variable_filters.conditions_of(asked, variables)
    if len(found) < len(meant := list(_meant(asked))):
        expected = say("variables of the dictionary, and how they are compared")
        raise refuse("filters", ", ".join(meant), expected, "Correct it.", column="filters")
    if wrong := next((condition.wrong for condition in found if condition.wrong), ""):
        expected = say("a condition that can be applied")
        raise refuse("filters", wrong, expected, "Correct it.", column="filters")
    return found


def _meant(asked: Mapping[str, str]) -> Iterator[str]:
    """The lines that say something, as they were asked."""
    for number in range(1, NUMBER_OF_CONDITIONS + 1):
        name, operator, value = (asked.get(f"{part}{number}", "") for part in PARTS)
        if name and (value.strip() or operator == "missing"):
            yield f"{name} {operator} {value}".strip()


def narrowed(
    rows: QuerySet[Patient], user: Any, study: Study, asked: Mapping[str, str]
) -> QuerySet[Patient]:
    """Patients who are searched for and meet every condition."""
    found = patients_found(rows, asked.get("search", ""))
    return variable_filters.narrowed(found, study, conditions_asked(user, study, asked)).rows


def said(user: Any, study: Study, asked: Mapping[str, str]) -> list[str]:
    """The same in words."""
    search = asked.get("search", "")
    if search.startswith(ANYWHERE):
        told = [_("pseudonym has {text}").format(text=search.removeprefix(ANYWHERE))]
    else:
        told = [_("pseudonym begins with {text}").format(text=search)] if search else []
    return [*told, *(condition.text for condition in conditions_asked(user, study, asked))]
