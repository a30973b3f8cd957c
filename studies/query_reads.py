"""Reads of queries: how many wait, and what each is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from studies import access
from studies.languages import spoken
from studies.methods.course import FACT_KINDS
from studies.methods.units import readable_unit
from studies.models import (
    Query,
    QueryState,
    Study,
    Variable,
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
        shown = spoken(readable_unit(unit))
        return f"{spoken(label)} ({shown})" if shown else spoken(label)


def with_labels(study: Study, queries: Sequence[Query]) -> list[Query]:
    """Each with ``about``: what it is about, in the words of the form."""
    labels = FieldLabels(study.pk)
    for query in queries:
        query.about = labels.of(query.form, query.field)  # type: ignore[attr-defined]
    return list(queries)
