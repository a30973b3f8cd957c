"""Who read what of patients, kept at every door."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from studies.models import ReadAction, ReadRecord, Study

from .sets import insert_select

AGAIN_AFTER = timedelta(minutes=10)


def read_record(
    study: Study,
    user: Any,
    action: str,
    page: str,
    subject: str = "",
    columns: Sequence[str] = (),
    row_count: int | None = None,
) -> None:
    """Write that ``user`` saw it; the same view again within ten minutes is one view."""
    if action != ReadAction.VIEW:
        ReadRecord.objects.create(
            study=study, user=user, action=action, page=page[:80], subject=subject[:200],
            columns=list(columns), row_count=row_count,
        )  # fmt: skip
        return
    given = {
        "study_id": "%(study)s",
        "user_id": "%(user)s",
        "action": "%(action)s",
        "page": "%(page)s",
        "subject": "%(subject)s",
        "columns": "%(columns)s::text::jsonb",
        "row_count": "%(rows)s::int",
    }
    names = {
        "study": study.pk,
        "user": user.pk,
        "action": str(action),
        "page": page[:80],
        "subject": subject[:200],
        "columns": json.dumps(list(columns)),
        "rows": row_count,
        "since": timezone.now() - AGAIN_AFTER,
    }
    insert_select(ReadRecord, given, UNLESS_SEEN, names)


UNLESS_SEEN = """
WHERE NOT EXISTS (
    SELECT 1 FROM (
        SELECT r.page, r.subject, r.created_at, r.row_count FROM studies_readrecord r
        WHERE r.study_id = %(study)s AND r.user_id = %(user)s ORDER BY r.id DESC LIMIT 50
    ) AS latest
    WHERE latest.page = %(page)s AND latest.subject = %(subject)s
        AND latest.created_at > %(since)s
        AND latest.row_count IS NOT DISTINCT FROM %(rows)s::int
)
"""
