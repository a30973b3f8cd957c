"""Rows that stand as they were written; the database refuses to change or delete them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pgtrigger
from django.db import connection, transaction

# Set for one transaction by the purge of a withdrawn patient, and by nothing else.
PURGING = "isotherm.purging"
_NOT_PURGING = pgtrigger.Condition(f"current_setting('{PURGING}', true) IS DISTINCT FROM 'on'")


@contextmanager
def purging() -> Iterator[None]:
    """Inside, rows of a withdrawn patient that stand otherwise may be deleted."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {PURGING} = 'on'")
        yield
        cursor.execute(f"SET LOCAL {PURGING} = 'off'")


def unchangeable(name: str) -> list[pgtrigger.Trigger]:
    """No update and no delete, by anybody."""
    return [
        pgtrigger.Protect(name=f"{name}_stands", operation=pgtrigger.Update | pgtrigger.Delete),
    ]


def unchangeable_of_patient(name: str, *, purged: bool) -> list[pgtrigger.Trigger]:
    """Rows below a patient: the site follows the patient, nothing else changes.

    ``purged``: may be deleted while a withdrawn patient is purged.
    """
    condition = _NOT_PURGING if purged else None
    return [
        pgtrigger.ReadOnly(name=f"{name}_stands", exclude=["site"]),
        pgtrigger.Protect(
            name=f"{name}_no_delete", operation=pgtrigger.Delete, condition=condition
        ),
    ]


def unchangeable_except(name: str, *fields: str) -> list[pgtrigger.Trigger]:
    """Only ``fields`` may change; never deleted."""
    return [
        pgtrigger.ReadOnly(name=f"{name}_stands", exclude=list(fields)),
        pgtrigger.Protect(name=f"{name}_no_delete", operation=pgtrigger.Delete),
    ]
