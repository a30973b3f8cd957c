"""Pages by key: the cost of a page does not grow with what lies before it, nor its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext as _

PAGE_SIZE = 50
COUNTED = 1000


@dataclass(frozen=True)
class Page:
    """Rows of one page; ``previous`` and ``next`` are the uids (or places) to go on from."""

    rows: Sequence[Any]
    previous: UUID | str | None
    next: UUID | str | None
    word: str


def page_by_key(
    rows: QuerySet,
    key: str,
    *,
    after: str = "",
    before: str = "",
    newest_first: bool = False,
    total: int | None = None,
    counted: QuerySet | None = None,
) -> Page:
    """One page of ``rows`` in the order of the unique field ``key``.

    ``after`` and ``before`` are uids of rows; one that is not there begins at the start. ``total``
    says how many rows there are, when that is known already; ``counted`` are the same rows, as they
    are counted best.
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
    counted = rows if counted is None else counted
    return _page(counted, shown, more if backwards else value is not None, backwards or more, total)


def page_by_order(
    rows: QuerySet,
    order: str,
    key: str,
    *,
    after: str = "",
    before: str = "",
    counted: QuerySet | None = None,
) -> Page:
    """One page in the order of any field (``-field``: the largest first), then of ``key``.

    Rows without a value come last either way. The place to go on from is a row's pair of values.
    """
    field, falls = order.removeprefix("-"), order.startswith("-")
    here = in_order(rows, order, key)
    backwards, place = False, _pair_of(rows, field, key, after)
    if place:
        here = here.filter(_beyond(field, key, place, falls))
    elif place := _pair_of(rows, field, key, before):
        backwards = True
        here = rows.order_by(_ordered(field, falls, turned=True), f"-{key}")
        here = here.filter(_within(field, key, place, falls))
    found = list(here[: PAGE_SIZE + 1])
    more, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backwards:
        shown.reverse()
    counted = rows if counted is None else counted
    return _page(counted, shown, more if backwards else bool(place), backwards or more)


def in_order(rows: QuerySet, order: str, key: str) -> QuerySet:
    """As ``page_by_order``, without pages."""
    ordered = _ordered(order.removeprefix("-"), order.startswith("-"), turned=False)
    return rows.order_by(ordered, key)


def _ordered(field: str, falls: bool, turned: bool) -> OrderBy:
    nulls = {"nulls_first": True} if turned else {"nulls_last": True}
    return F(field).asc(**nulls) if falls == turned else F(field).desc(**nulls)


def _pair_of(rows: QuerySet, field: str, key: str, uid: str) -> tuple[Any, Any] | None:
    try:
        return rows.filter(uid=UUID(uid)).values_list(field, key).first() if uid else None
    except ValueError:
        return None


def _beyond(field: str, key: str, place: tuple[Any, Any], falls: bool) -> Q:
    """What comes after the row with ``place``."""
    value, here = place
    if value is None:
        return Q(**{f"{field}__isnull": True, f"{key}__gt": here})
    further = "lt" if falls else "gt"
    same = Q(**{field: value, f"{key}__gt": here})
    return Q(**{f"{field}__{further}": value}) | same | Q(**{f"{field}__isnull": True})


def _within(field: str, key: str, place: tuple[Any, Any], falls: bool) -> Q:
    """What comes before it."""
    value, here = place
    if value is None:
        without = Q(**{f"{field}__isnull": True, f"{key}__lt": here})
        return Q(**{f"{field}__isnull": False}) | without
    nearer = "gt" if falls else "lt"
    return Q(**{f"{field}__{nearer}": value}) | Q(**{field: value, f"{key}__lt": here})


def _page(
    rows: QuerySet, shown: list[Any], has_previous: bool, has_next: bool, total: int | None = None
) -> Page:
    if total is None:
        total = _counted(rows) if has_previous or has_next else len(shown)
    return page_of(shown, has_previous, has_next, total)


def page_of(shown: Sequence[Any], has_previous: bool, has_next: bool, total: int) -> Page:
    """The rows of a page that were found already, of ``total``."""
    return Page(
        rows=shown,
        previous=shown[0].uid if shown and has_previous else None,
        next=shown[-1].uid if shown and has_next else None,
        word=_word(len(shown), total),
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
        return _("{shown} of more than {counted:,}").format(shown=shown, counted=COUNTED)
    return (
        _("{shown} of {total:,}").format(shown=shown, total=total)
        if total != shown
        else _("{total:,} in all").format(total=total)
    )
