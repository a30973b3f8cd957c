"""What the page of Table 2 shows: each cohort and outcome, with forest and file."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, When

from modeling.models import ModelVersion, VersionKind
from modeling.services.report_content import Draft, cohort_title
from modeling.services.report_endpoints import endpoint_names
from modeling.services.report_table2 import outcome_title, table2_parts, table2_table
from studies.models import Study


def table2_context(study: Study) -> dict[str, Any]:
    """Tables of the newest runs in the report's own form, and why there is none of the others."""
    draft = Draft(study.is_simulated)
    section = draft.section("table-2", "Table 2")
    parts = table2_parts(newest_nomograms(study))
    for part in parts:
        if "lines" in part:
            table2_table(draft, section, part)
    return {
        "section": section,
        "content": {"sources": draft.sources.as_list(), "runs": []},
        "missing": [
            {
                "cohort": cohort_title(part["cohort"]),
                "outcome": outcome_title(part),
                "reason": part["reason"],
            }
            for part in parts
            if "reason" in part
        ],
    }


def newest_nomograms(study: Study) -> list[ModelVersion]:
    """One of each endpoint; those from the start of treatment before those from a landmark."""
    rows = ModelVersion.objects.filter(study=study, kind=VersionKind.NOMOGRAM)
    from_start = Case(When(content__has_key="landmark_days", then=1), default=0)
    rows = rows.select_related("run", "study", "fitting_snapshot").order_by(from_start, "-number")
    found = (rows.filter(endpoint=name).first() for name in endpoint_names(study))
    return [version for version in found if version is not None]
