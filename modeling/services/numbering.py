"""The next number of a kind of row in a study, one writer at a time."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from django.db import connection
from django.db.models import Max

from studies.models import Study


def next_number(model: Any, study: Study, **scope: Any) -> int:
    """Held until the transaction ends, so that two jobs cannot take the same."""
    with connection.cursor() as cursor:
        key = crc32(model._meta.db_table.encode()) & 0x7FFFFFFF
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [key, study.pk & 0x7FFFFFFF])
    last = model.objects.filter(study=study, **scope).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
