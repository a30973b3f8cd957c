"""Pages by key: the cost of a page does not grow with what lies before it, nor its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

PAGE_SIZE = 50
COUNTED = 1000


@dataclass(frozen=True)
class Page:
    """Rows of one page; ``previous`` and ``next`` are the uids to go on from."""

    rows: Sequence[Any]
    previous: UUID | None
    next: UUID | None
    word: str


def page_by_key(
    rows: QuerySet, key: str, *, after: str = "", before: str = "", newest_first: bool = False
) -> Page:
    """One page of ``rows`` in the order of the unique field ``key``.

    ``after`` and ``before`` are uids of rows; one that is not there begins at the start.
    """
    up, down = ("lt", "gt") if newest_first else ("gt", "lt")
    sign = "-" if newest_first else ""
    turned = "" if newest_first else "-"
    here, backwards = rows.order_by(f"{sign}{key}"), False
    if (value := _value_of(rows, key, after)) is not None:
        here = here.filter(**{f"{key}__{up}": value})
    elif (value := _value_of(rows, key, before)) is not None:
        here, backwards = rows.order_by(f"{turned}{key}").filter(**{f"{key}__{down}": value}), True
    found = list(here[: PAGE_SIZE + 1])
    more, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backwards:
        shown.reverse()
    has_previous = more if backwards else value is not None
    has_next = True if backwards else more
    return Page(
        rows=shown,
        previous=shown[0].uid if shown and has_previous else None,
        next=shown[-1].uid if shown and has_next else None,
        word=_word(len(shown), _counted(rows) if has_previous or has_next else len(shown)),
    )


def _value_of(rows: QuerySet, key: str, uid: str) -> Any:
    try:
        return rows.filter(uid=UUID(uid)).values_list(key, flat=True).first() if uid else None
    except ValueError:
        return None


def _counted(rows: QuerySet) -> int:
    return rows.order_by()[: COUNTED + 1].count()


def _word(shown: int, total: int) -> str:
    if total > COUNTED:
        return f"{shown} of more than {COUNTED:,}"
    return f"{shown} of {total:,}" if total != shown else f"{total:,} in all"
