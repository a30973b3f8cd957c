"""Reads of queries: how many wait, and what each is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from studies import access
from studies.courses import form_value, value_row
from studies.languages import spoken
from studies.methods.course import FACT_KINDS, MIRRORED
from studies.methods.units import readable_unit
from studies.models import (
    Query,
    QueryState,
    Study,
    Variable,
    VariableType,
)
from studies.value_words import word_of


def query_counts(user: Any, study: Study) -> dict[str, int]:
    """Queries by state, as far as the user sees them; those asked of the user and not closed."""
    seen = access.visible(Query.objects.all(), user, study).order_by()
    found = dict.fromkeys(QueryState.values, 0)
    found |= dict(seen.values_list("state").annotate(Count("id")))
    mine = seen.filter(assignee=user).exclude(state=QueryState.CLOSED).count()
    return {**found, "mine": mine, "unsettled": found["open"] + found["answered"]}


def label_of_field(query: Query) -> str:
    """What a query is about, as the form spells it."""
    return FieldLabels(query.study_id).of(query.form, query.field)


class FieldLabels:
    """What the fields of a study's forms are called, by the newest dictionary that names them."""

    def __init__(self, study_id: int):
        rows = Variable.objects.filter(dictionary__study_id=study_id)
        rows = rows.order_by("name", "-dictionary__number").distinct("name")
        self._named = {name: (label, unit) for name, label, unit in
                       rows.values_list("name", "label", "unit")}  # fmt: skip

    def of(self, form: str, field: str) -> str:
        """``CEA (ng/mL)``, ``Progression``, or the form as a whole."""
        if not field:
            return _("the form {form}").format(form=word_of(form))
        if field in FACT_KINDS:
            return spoken(FACT_KINDS[field].title)
        label, unit = self._named.get(field, (word_of(field), ""))
        shown = spoken(readable_unit(unit, field))
        return f"{spoken(label)} ({shown})" if shown else spoken(label)


def with_labels(study: Study, queries: Sequence[Query]) -> list[Query]:
    """Each with ``about``: what it is about, in the words of the form."""
    labels = FieldLabels(study.pk)
    for query in queries:
        query.about = labels.of(query.form, query.field)  # type: ignore[attr-defined]
    return list(queries)


@dataclass(frozen=True)
class Asked:
    """The value that a query is about as it is now, and the address that mends it, if one may."""

    text: str
    unit: str
    mends: str


def asked_now(query: Query, user: Any) -> Asked | None:
    """Nothing for a form as a whole; dates are for those who may see them."""
    patient, dates = query.patient, access.holds_at(user, query.patient, "rows", "identifiers")
    if not query.field:
        return None
    mends = ""
    if access.holds_at(user, patient, "enter", "identifiers"):
        page = reverse("studies:entry", args=[patient.study.uid, patient.uid, query.form])
        kind = query.field if query.field in FACT_KINDS else MIRRORED.get(query.field)
        mends = f"{page}#facts-{kind}" if kind else f"{page}#v-{query.field}"
    entry = patient.form_entries.filter(form=query.form).select_related("dictionary").first()
    variable = entry and Variable.objects.filter(
        dictionary=entry.dictionary_id, name=query.field
    ).first()  # fmt: skip
    if not entry or not variable or (variable.type == VariableType.DATE and not dates):
        return Asked("", "", mends)
    row = value_row(variable, form_value(variable, entry, patient))
    return Asked(spoken(row.text) or word_of(row.missing), row.unit, mends)
