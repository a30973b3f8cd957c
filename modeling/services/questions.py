"""Saved questions of either purpose: what is frozen for one."""

from __future__ import annotations

from typing import Any

from modeling.selectors import question_named
from modeling.services.prognosis_choice import question_asked
from modeling.services.prognosis_question import PURPOSE
from modeling.services.snapshots import rad_score_question
from studies.models import Study


def question_to_freeze(study: Study, uid: str) -> dict[str, Any]:
    """The question as its frozen table keeps it; without one, the Rad-Score's of everybody.

    Raises
    ------
    DataProblem
        No such question, or one that cannot be asked any more.
    """
    saved = question_named(study, uid)
    if saved is not None and saved.document.get("purpose") == PURPOSE:
        return question_asked(study, saved).document()
    missing = saved.document.get("missing", "complete_case") if saved else "complete_case"
    return rad_score_question(missing, saved)
