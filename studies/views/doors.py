"""The door of every page of a study: sign in first, then the study for this user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from studies import access
from studies.models import ReadAction, Study
from studies.services import read_record

READS = ("rows", "download")

View = Callable[..., HttpResponse]


def study_page(
    right: str = "aggregates", part_of: str = "", of_groups: bool = False
) -> Callable[[View], View]:
    """Give the view the study named by ``uid``: 404 for strangers, 403 without the right.

    ``part_of``: a picture or tile of a page of that name; many of them are one view of what their
    address names first. ``of_groups``: no patient's row is in it, or the view itself asks who may
    have those.
    """

    def decorate(view: View) -> View:
        @_signed_in
        @wraps(view)
        def page(request: HttpRequest, uid: Any, **names: Any) -> HttpResponse:
            study = access.study_for(request.user, uid, right, of_groups)
            answer = view(request, study, **names)
            if answer.status_code == 200 and (right in READS or "patient_uid" in names):
                _keep(request, study, right, names, part_of)
            return answer

        return page

    return decorate


def has_read(request: HttpRequest, columns: Sequence[str], rows: int) -> None:
    """Said by a view that shows rows of patients: which columns, of how many."""
    request.has_read = (list(columns), rows)  # type: ignore[attr-defined]


def is_read_as(
    request: HttpRequest, page: str, subject: str, action: str = ReadAction.VIEW
) -> None:
    """Said by a view that is part of a page, or a file of it; without a page: it was kept."""
    request.read_as = (action, page, subject)  # type: ignore[attr-defined]


def _keep(
    request: HttpRequest, study: Study, right: str, names: dict[str, Any], part_of: str
) -> None:
    """Who saw which page of patients."""
    columns, rows = getattr(request, "has_read", ((), None))
    match = request.resolver_match
    view = match.view_name.split(":")[-1] if match else ""
    values = [str(value) for value in names.values()]
    subject = values[0] if part_of else " ".join(values)
    as_usual = (
        ReadAction.DOWNLOAD if right == "download" else ReadAction.VIEW, part_of or view, subject,
    )  # fmt: skip
    action, page, subject = getattr(request, "read_as", as_usual)
    if page:
        read_record(study, request.user, action, page, subject, columns, rows)


def _signed_in(view: View) -> View:
    """As ``login_required``; a page that asks for a part of itself is told to load anew."""
    whole = login_required(view)

    @wraps(view)
    def part_or_whole(request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
        if request.headers.get("HX-Request") and not request.user.is_authenticated:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return whole(request, *args, **names)

    return part_or_whole
