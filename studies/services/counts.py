"""Counting what a page is too quick for, as a job."""

from __future__ import annotations

from typing import Any

from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Cohort, Study
from studies.standing import ATTRITION, TABLE_ONE, count_and_keep


def count_make(study: Study, user: Any, what: str, cohorts: str) -> dict[str, Any]:
    """Table 1 or the attrition diagram of these cohorts (uids, by commas), kept for the pages.

    Raises
    ------
    DataProblem
        Neither of the two, or a cohort that is none of the study.
    """
    if what not in (TABLE_ONE, ATTRITION):
        raise refuse(
            "what",
            what,
            say("{table_one} or {attrition}", table_one=TABLE_ONE, attrition=ATTRITION),
            "Correct it.",
            column="what",
        )
    uids = [uid for uid in cohorts.split(",") if uid]
    known = {str(row.uid): row for row in Cohort.objects.filter(study=study)}
    if missing := [uid for uid in uids if uid not in known]:
        raise refuse("cohorts", ", ".join(missing), "cohorts of the study", "Correct them.",
                     column="cohorts")  # fmt: skip
    count_and_keep(user, study, what, [known[uid] for uid in uids])
    return {"counted": what.replace("_", " "), "cohorts": [known[uid].name for uid in uids]}
