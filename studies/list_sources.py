"""Where the rows of a list come from: a queryset, or whatever else is read in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, Protocol

from django.db.models import Q, QuerySet

from studies.paging import Page, in_order, page_by_key, page_by_order


class Source(Protocol):
    """Rows with a ``uid`` each; ``place`` has the one to go on ``after``, or to end ``before``."""

    def found(self, search: str) -> Source:
        """Those that are searched for; all of them without a search."""

    def page(self, order: str, place: Mapping[str, str]) -> Page:
        """One page in the order of a field (``-field``: the largest first), or as they come."""

    def first(self, order: str, most: int) -> Sequence[Any]:
        """At most so many in that order, without pages."""


@dataclass(frozen=True)
class Rows:
    """Rows of the database; ``counted`` are the same where they are counted better than read."""

    rows: QuerySet
    counted: QuerySet
    searched: tuple[str, ...]
    key: str
    newest_first: bool

    def found(self, search: str) -> Rows:
        if not search or not self.searched:
            return self
        wanted = reduce(or_, (Q(**{field: search}) for field in self.searched))
        return replace(self, rows=self.rows.filter(wanted), counted=self.counted.filter(wanted))

    def page(self, order: str, place: Mapping[str, str]) -> Page:
        if order:
            return page_by_order(self.rows, order, self.key, counted=self.counted, **place)
        return page_by_key(
            self.rows, self.key, newest_first=self.newest_first, counted=self.counted, **place
        )

    def first(self, order: str, most: int) -> list[Any]:
        if order:
            return list(in_order(self.rows, order, self.key)[:most])
        return list(self.rows.order_by(f"-{self.key}" if self.newest_first else self.key)[:most])
