"""Reads of queries: how many wait, and what each is about."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from studies import access
from studies.languages import spoken
from studies.methods.course import FACT_KINDS
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
    if not query.field:
        return _("the form {form}").format(form=word_of(query.form))
    if query.field in FACT_KINDS:
        return spoken(FACT_KINDS[query.field].title)
    rows = Variable.objects.filter(dictionary__study_id=query.study_id, name=query.field)
    newest = rows.order_by("-dictionary__number").first()
    return spoken(newest.label) if newest else query.field
