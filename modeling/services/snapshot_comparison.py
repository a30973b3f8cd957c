"""Two snapshots of a study side by side: who came and went, and what changed."""

from __future__ import annotations

from typing import Any

from modeling.methods.table_comparison import compare_tables
from modeling.models import DatasetSnapshot, SnapshotMember
from modeling.services.snapshots import KEY, rows_by_todays_names
from studies.access import reads_names
from studies.methods.problems import refuse
from studies.methods.wording import say

SHOWN = 200


def snapshots_compare(before: DatasetSnapshot, after: DatasetSnapshot, user: Any) -> dict[str, Any]:
    """Differences of two frozen tables; patients and values are for readers of every row.

    Raises
    ------
    DataProblem
        The same snapshot twice, or two of questions that freeze different kinds of rows.
    """
    if before.pk == after.pk:
        raise refuse(
            "snapshots", say("the same one twice"), "two frozen tables", "Choose another one."
        )
    if before.question["purpose"] != after.question["purpose"]:
        found = f"{before.question['purpose']} and {after.question['purpose']}"
        raise refuse("snapshots", found, "two of one purpose", "Choose two of the same kind.")
    found = compare_tables(rows_by_todays_names(before), rows_by_todays_names(after), KEY)
    named = reads_names(user, before.study)
    changes = [
        {
            "cohort": c.key[0],
            "patient": c.key[1],
            "column": c.column,
            "before": _text(c.before),
            "after": _text(c.after),
        }
        for c in found.changes
    ]
    return {
        "before": _said(before),
        "after": _said(after),
        "patients_in": len(found.rows_in),
        "patients_out": len(found.rows_out),
        "of_both": found.rows_of_both,
        "values_changed": found.changed,
        "columns_in": list(found.columns_in),
        "columns_out": list(found.columns_out),
        "by_column": dict(sorted(found.by_column.items(), key=lambda item: (-item[1], item[0]))),
        "named": named,
        "rows_in": [list(row) for row in found.rows_in[:SHOWN]] if named else [],
        "rows_out": _out(found.rows_out[:SHOWN], after) if named else [],
        "changes": changes if named else [],
    }


def _said(snapshot: DatasetSnapshot) -> dict[str, Any]:
    return {
        "uid": str(snapshot.uid),
        "number": snapshot.number,
        "sha256": snapshot.sha256,
        "frozen_at": snapshot.frozen_at.isoformat(),
    }


def _out(rows: Any, after: DatasetSnapshot) -> list[list[str]]:
    """Who is gone, with the reason that the later snapshot gives."""
    members = SnapshotMember.objects.filter(snapshot=after, included=False)
    reasons = {
        (cohort, name): reason
        for cohort, name, reason in members.values_list(
            "cohort__name", "patient__pseudonym", "reason"
        )
    }
    return [[*row, reasons.get(tuple(row), "no longer a member")] for row in rows]


def _text(value: Any) -> Any:
    return value if isinstance(value, int | float | str) or value is None else str(value)
