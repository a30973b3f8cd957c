"""Whose request it is, for the database; what a page may load, for the browser."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pghistory.middleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render

from studies.access import acting_as
from studies.identifiers import uuid7
from studies.methods.problems import DataProblem
from studies.policy import POLICY
from studies.remembered import remembering
from studies.upload_limits import limit_upload, too_large_for_any

PACKED = ("text/html", "text/javascript", "application/json", "image/svg+xml")


class HistoryMiddleware(pghistory.middleware.HistoryMiddleware):
    """What history keeps of a request: who, which address, how, and a number of its own."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        number = request.headers.get("X-Request-ID", "")[:64] or str(uuid7())
        return {**super().get_context(request), "method": request.method, "request": number}


class PackedPages(GZipMiddleware):
    """Text leaves packed; files, tiles and volumes as they are, with their length and ranges."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in PACKED or response.has_header("Content-Disposition"):
            return response
        return super().process_response(request, response)


GetResponse = Callable[[HttpRequest], HttpResponse]


class ActingUserMiddleware:
    """Row-level policies see the signed-in user during the request, and nobody afterwards."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reads = request.method in ("GET", "HEAD")
        with acting_as(request.user), remembering() if reads else nullcontext():
            return self.get_response(request)


class UploadLimitMiddleware:
    """Stands before whatever reads a form: a file that its door would refuse is not read whole."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, names: Any) -> Any:
        sends = request.content_type == "multipart/form-data" and request.method == "POST"
        if not sends or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name
        if refused := too_large_for_any(request, name):
            return render(request, "refused.html", {"problems": refused.problems}, status=413)
        limit_upload(request, name, names.get("kind", ""))
        return None


class RefusalMiddleware:
    """A page whose records cannot be read says what was found, instead of breaking."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DataProblem):
            return None
        return render(request, "refused.html", {"problems": error.problems}, status=422)


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """No script or style from elsewhere and none inline; browsers report what tried."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response.setdefault("Referrer-Policy", "same-origin")
        return response

    return middleware


def pages_of_the_signed_in(get_response: GetResponse) -> GetResponse:
    """No browser keeps a page: going back after a sign-out would show it to whoever sits there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
