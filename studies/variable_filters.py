"""Patients narrowed by variables of the dictionary: ``CEA above 200`` and ``sex is female``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from studies.languages import spoken
from studies.methods.wording import say
from studies.models import DictionaryVersion, FormEntry, Study, Variable, VariableType
from studies.paging import COUNTED

NUMBER_OF_CONDITIONS = 2
OPERATORS = {
    "eq": say("is"),
    "gt": say("above"),
    "ge": say("at least"),
    "lt": say("below"),
    "le": say("at most"),
    "missing": say("has no value"),
}
_LOOKUPS = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
_SURE = {"gt": ("", ">", ">="), "ge": ("", ">", ">="), "lt": ("", "<", "<="), "le": ("", "<", "<=")}


@dataclass(frozen=True)
class Condition:
    """One line of the filter, as asked; ``wrong`` says why it cannot be applied."""

    variable: Variable
    operator: str
    value: str
    wrong: str = ""

    @property
    def text(self) -> str:
        label, operator = spoken(self.variable.label), spoken(OPERATORS[self.operator])
        return f"{label} {operator} {self.value}".strip()


def variables_in_force(study: Study) -> QuerySet[Variable]:
    """The baseline form of the newest frozen dictionary, in its order."""
    frozen = DictionaryVersion.objects.filter(study=study, frozen_at__isnull=False)
    newest = frozen.order_by("-number").values("pk")[:1]
    return Variable.objects.filter(dictionary__in=newest, form="baseline").order_by("position")


def variables_of(study: Study, dates: bool) -> list[Variable]:
    """What may be filtered by."""
    rows = variables_in_force(study)
    return list(rows if dates else rows.exclude(type=VariableType.DATE))


def conditions_of(asked: Mapping[str, Any], variables: list[Variable]) -> list[Condition]:
    """The conditions of a query string: ``variable1``, ``operator1``, ``value1`` and so on."""
    known = {variable.name: variable for variable in variables}
    found = []
    for number in range(1, NUMBER_OF_CONDITIONS + 1):
        variable = known.get(asked.get(f"variable{number}", ""))
        operator = asked.get(f"operator{number}", "eq")
        if variable is None or operator not in OPERATORS:
            continue
        value = str(asked.get(f"value{number}", "")).replace("\0", "").strip()[:80]
        if operator == "missing":
            found.append(Condition(variable, operator, ""))
        elif value:
            found.append(Condition(variable, operator, value, _wrong(variable, operator, value)))
    return found


@dataclass(frozen=True)
class Narrowed:
    """Rows that meet the conditions: as they are read page by page, and as they are counted."""

    rows: QuerySet
    counted: QuerySet


def narrowed(rows: QuerySet, study: Study, conditions: list[Condition]) -> Narrowed:
    """``rows`` of patients that meet every condition; one that cannot be applied meets nobody.

    The database cannot know how many will. So the forms are asked first, up to one more than are
    ever counted: when they are few, they are named; when there are more, a page is found sooner by
    going through the patients in their order, form by form, than by reading every form.
    """
    if any(condition.wrong for condition in conditions):
        return Narrowed(rows.none(), rows.none())
    if not conditions:
        return Narrowed(rows, rows)
    wanted = reduce(and_, map(_condition, conditions))
    forms = FormEntry.objects.filter(wanted, study=study, form="baseline", occasion="baseline")
    first = list(forms.values_list("patient_id", flat=True)[: COUNTED + 1])
    if len(first) <= COUNTED:
        few = rows.filter(pk__in=first)
        return Narrowed(few, few)
    # The study is said again, so that those of other studies are not even looked at.
    own = forms.filter(patient_id=OuterRef("pk"), study_id=OuterRef("study_id"))
    one_by_one = rows.alias(form_met=Subquery(own.values("pk")[:1])).filter(form_met__isnull=False)
    return Narrowed(one_by_one, rows.filter(Exists(own)))


def _wrong(variable: Variable, operator: str, value: str) -> str:
    if variable.type == VariableType.NUMBER and _number(value) is None:
        return _("{value!r} is no number").format(value=value)
    if variable.type in (VariableType.CATEGORY, VariableType.TEXT) and operator in _LOOKUPS:
        return _("{label} has no order: use 'is'").format(label=variable.label)
    if variable.type == VariableType.CATEGORY and _code(variable, value) is None:
        return _("{value!r} is none of {codes}").format(
            value=value, codes=", ".join(variable.codes)
        )
    return ""


def _condition(condition: Condition) -> Q:
    """A value known as ``< 20`` is below 30 for sure, and above nothing."""
    path = f"values__{condition.variable.name}"
    if condition.operator == "missing":
        return Q(**{f"{path}__v__isnull": True})
    value: Any = condition.value
    if condition.variable.type == VariableType.NUMBER:
        value = _number(value)
    elif condition.variable.type == VariableType.CATEGORY:
        value = _code(condition.variable, value)
    if condition.operator == "eq":
        return Q(**{f"{path}__v": value})
    sure = Q(**{f"{path}__comparator__isnull": True}) | Q(
        **{f"{path}__comparator__in": _SURE[condition.operator]}
    )
    return Q(**{f"{path}__v__{_LOOKUPS[condition.operator]}": value}) & sure


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _code(variable: Variable, text: str) -> str | None:
    """The code, asked by itself or by its label."""
    by_label = {str(label).lower(): code for code, label in variable.codes.items()}
    return text if text in variable.codes else by_label.get(text.lower())
