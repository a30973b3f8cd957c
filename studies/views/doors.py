"""The door of every page of a study: sign in first, then the study for this user."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from studies import access

View = Callable[..., HttpResponse]


def study_page(right: str = "aggregates") -> Callable[[View], View]:
    """Give the view the study named by ``uid``: 404 for strangers, 403 without the right."""

    def decorate(view: View) -> View:
        @_signed_in
        @wraps(view)
        def page(request: HttpRequest, uid: Any, **names: Any) -> HttpResponse:
            return view(request, access.study_for(request.user, uid, right), **names)

        return page

    return decorate


def _signed_in(view: View) -> View:
    """As ``login_required``; a page that asks for a part of itself is told to load anew."""
    whole = login_required(view)

    @wraps(view)
    def part_or_whole(request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        if request.headers.get("HX-Request") and not request.user.is_authenticated:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return whole(request, *args, **names)

    return part_or_whole
