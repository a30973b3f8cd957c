"""From patients selected at a glance to a saved question of a frozen table."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from modeling.services.plans import question_save
from modeling.services.prognosis_choice import USUAL_ENDPOINT
from modeling.services.prognosis_question import PURPOSE
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import Study
from studies.selections import Selection, patients_in


def selection_question(study: Study, user: Any, name: str, selection: Selection) -> str:
    """Save the Rad-Score's question about these patients; the address of its wizard on it.

    The patients are named one by one: the question stays the same when records change.

    Raises
    ------
    DataProblem
        Patients chosen by what is to be predicted or came after: a model fitted to them has seen
        its answer.
    """
    question = question_save(study, user, _document(study, user, name, selection))
    return f"{reverse('modeling:run_new', args=[study.uid])}?question={question.uid}"


def selection_prognosis(study: Study, user: Any, name: str, selection: Selection) -> str:
    """The same of a prognosis: overall survival, with the usual columns and Rad-Score.

    Raises
    ------
    DataProblem
        As ``selection_question``; no Rad-Score in the study.
    """
    asked = {"purpose": PURPOSE, "endpoint": USUAL_ENDPOINT}
    document = _document(study, user, name, selection) | asked
    question = question_save(study, user, document)
    return f"{reverse('modeling:prognosis_new', args=[study.uid])}?question={question.uid}"


def _document(study: Study, user: Any, name: str, selection: Selection) -> dict[str, Any]:
    columns = [selection.table.columns[c.column] for c in selection.conditions]
    if problems := [
        Problem(
            column.title,
            say("patients chosen by it"),
            "something known before treatment",
            "Leave this condition out: a model would have seen its answer. Where it was known "
            "before treatment, the data dictionary says so.",
        )
        for column in columns
        if not column.known_before
    ]:
        raise DataProblem(problems)
    rows = patients_in(selection, user, study).order_by("uid")
    return {
        "format": 1,
        "name": " ".join(name.split())[:80] or "; ".join(selection.words)[:80] or "Everybody",
        "filters": [{"variable": "patient", "one_of": [str(row.uid) for row in rows]}],
        "selection": {"address": selection.address, "words": selection.words},
    }
