"""Queries: raised on a field of a patient's form, answered, closed, opened again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from studies.access import require_at
from studies.methods.course import FACT_KINDS
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import (
    FormEntry,
    Membership,
    Patient,
    Query,
    QueryMessage,
    QueryState,
    Study,
    Variable,
)

LONGEST = 4000


@transaction.atomic
def query_raise(
    patient: Patient, user: Any, text: str, form: str = "baseline", field: str = "",
    assignee: Any = None,
) -> Query:  # fmt: skip
    """Ask about one field, a kind of dated fact, or (without ``field``) the whole form.

    Raises
    ------
    DataProblem
        No text, a field that is none of the form, or an assignee who cannot see the patient.
    """
    require_at(user, patient, "rows", "comment")
    _check_text(text)
    if field and field not in fields_of(patient, form):
        raise refuse("field", field, "a field of the form", "Choose a field.", column="field")
    _check_assignee(patient, assignee)
    query = Query.objects.create(
        patient=patient, form=form, field=field, raised_by=user, assignee=assignee
    )
    _say(query, user, text, QueryState.OPEN)
    return query


@transaction.atomic
def query_say(query: Query, user: Any, text: str, state: str, assignee: Any = None) -> QueryMessage:
    """A word in the thread that leaves the query open, answered or closed.

    Whoever may comment answers; the one who asked, or who may verify, closes and opens again.

    Raises
    ------
    DataProblem
        No text, an unknown state, or a step that is another's.
    """
    require_at(user, query.patient, "rows", "comment")
    _check_text(text)
    if state not in QueryState.values:
        expected = ", ".join(QueryState.values)
        raise refuse(
            "state",
            state,
            say("one of {expected}", expected=expected),
            "Choose one.",
            column="state",
        )
    _check_assignee(query.patient, assignee)
    query = Query.objects.select_for_update().select_related("patient").get(pk=query.pk)
    settles = QueryState.CLOSED in (state, query.state)
    if settles and query.raised_by_id != user.pk:
        require_at(user, query.patient, "verify")
    query.state, query.assignee = state, assignee
    query.save(update_fields=["state", "assignee"])
    return _say(query, user, text, state)


def fields_of(patient: Patient, form: str) -> set[str]:
    """What a query may be about: the variables of the entry's dictionary, and kinds of facts."""
    entry = FormEntry.objects.filter(patient=patient, form=form).first()
    rows = Variable.objects.filter(form=form)
    if entry:
        rows = rows.filter(dictionary=entry.dictionary_id)
    else:
        rows = rows.filter(dictionary__study=patient.study)
    kinds = set(FACT_KINDS) if form == "baseline" else set()
    return {*rows.values_list("name", flat=True), *kinds}


def people_who_see(study: Study, site_id: int | None = None) -> Any:
    """Members in force who may answer at a site (at any site, without one)."""
    rows = Membership.objects.current().filter(study=study, rights__contains=["rows", "comment"])
    return rows.at(site_id) if site_id else rows


def _check_text(text: str) -> None:
    if not text.strip():
        raise refuse("text", say("blank"), "the question or the answer", "Write it.", column="text")
    if len(text) > LONGEST:
        found = say("{n} characters", n=len(text))
        raise refuse(
            "text", found, say("at most {longest}", longest=LONGEST), "Shorten it.", column="text"
        )


def _check_assignee(patient: Patient, assignee: Any) -> None:
    if assignee is None:
        return
    seen = people_who_see(patient.study, patient.site_id).filter(user=assignee)
    if not seen.exists():
        raise refuse(
            "assignee",
            str(assignee),
            say("a member who sees {name}", name=patient.site.name),
            "Choose somebody else.",
            column="assignee",
        )


def _say(query: Query, user: Any, text: str, state: str) -> QueryMessage:
    return QueryMessage.objects.create(
        patient=query.patient, query=query, author=user, text=text.strip(), state=state
    )
