"""Pages by key: level at any depth, no count of everything."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination

from studies.methods.problems import refuse
from studies.methods.wording import say


class KeysetPagination(CursorPagination):
    """``page_size`` rows from ``cursor`` on."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_page_size(self, request: Any) -> int:
        asked = request.query_params
        size = asked.get(self.page_size_query_param)
        if size is None:
            return int(self.page_size)
        is_number = size.isdecimal() and len(size) <= len(str(self.max_page_size))
        if not is_number or not 0 < int(size) <= self.max_page_size:
            expected = say("a whole number from 1 to {most}", most=self.max_page_size)
            raise refuse("page_size", size, expected, "Give such a number.", column="page_size")
        return int(size)
