"""What the page of a prognosis's frozen table shows beside any other's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from modeling.models import DatasetSnapshot, ModelVersion
from modeling.prognosis_wizard import records_since
from modeling.services.prognosis_columns import own_title
from modeling.services.prognosis_endpoints import endpoint_asked
from modeling.services.prognosis_question import asked_columns, gaps_of, of_user
from modeling.services.prognosis_rows import TITLES, PrognosisRows
from modeling.services.snapshots import prognosis_rows_frozen
from studies.access import rights_of, sees_all_sites
from studies.methods.problems import DataProblem
from studies.methods.wording import say


def asked_context(snapshot: DatasetSnapshot, user: Any) -> dict[str, Any]:
    """Endpoint, Rad-Score, columns, who has a gap, and what has changed since.

    Of a table whose rows are gone, what was asked alone; gaps of patients whom the user sees.
    """
    question, study = snapshot.question, snapshot.study
    own = {name: own_title(told) for name, told in question["own"].items()}
    titles = TITLES | own
    context = {
        "endpoint": endpoint_asked(study, question).title,
        "rad_score": ModelVersion.objects.filter(study=study, uid=question["rad_score"]).first(),
        "columns": [say(titles.get(name, name)) for name in asked_columns(question)],
    }
    if not sees_all_sites(user, study):
        return context
    try:
        rows = prognosis_rows_frozen(snapshot)
    except DataProblem:
        return context
    gaps = gaps_of(question, rows)
    named = of_user(gaps, user) if "rows" in rights_of(user, study) else []
    since = records_since(study, user).get(str(snapshot.uid), "")
    return {**context, "gaps": _counted(rows, gaps), "named": named, "since": since}


def _counted(rows: PrognosisRows, gaps: pd.DataFrame) -> list[dict[str, Any]]:
    if gaps.empty:
        return []
    table = rows.usable.sort_values("cohort_id", kind="stable")
    return [
        {
            "cohort": name,
            "included": len(members),
            "gaps": int((gaps["cohort"] == name).sum()),
            "reasons": Counter(gaps.loc[gaps["cohort"] == name, "reason"]).most_common(),
        }
        for name, members in table.groupby("cohort", sort=False)
    ]
