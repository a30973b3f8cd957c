"""The pictures of the pages: no kind of page is missing from the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver

from dev import screenshots

OTHERS = ("api/", "account/")  # another tool's pages, and signing in


def routes(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def test_every_address_is_a_page_of_the_list_or_said_to_be_none():
    found = {route for route in routes(get_resolver().url_patterns) if not route.startswith(OTHERS)}
    files = {route for route in found if "." in route.rstrip("/").rpartition("/")[2]}
    none = {f"{screenshots.STUDY}{route}" for route in screenshots.NO_PAGES}
    listed = [*screenshots.kinds(), *none, *screenshots.OUTSIDE_NONE]
    assert len(listed) == len(set(listed))
    assert set(listed) - files == found - files


@pytest.mark.parametrize("kind", screenshots.kinds())
def test_an_address_of_a_kind_is_known_as_that_kind(kind: str):
    """Places are filled; a fixed word is never taken for a place."""
    uid = "01a21692-3cd1-738c-855e-c1fef497f880"
    filled = screenshots.re.sub(r"<uuid:[^>]+>", uid, kind)
    filled = screenshots.re.sub(r"<[^>]+>", "overall_survival", filled)
    assert screenshots.kind_of(filled) == kind


def test_pictures_of_two_kinds_have_two_names():
    names = [screenshots._name(kind) for kind in screenshots.kinds()]
    assert len(names) == len(set(names))
