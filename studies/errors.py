"""One JSON shape for what is wrong, whoever found it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from studies.languages import spoken_items
from studies.methods.problems import DataProblem


class UnknownNamesError(DataProblem):
    """Names in a query or a body that the address does not take."""


def api_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """``{"detail": ..., "problems": [{where, found, expected, remedy, row, column}]}``."""
    if isinstance(error, DataProblem):
        transaction.set_rollback(True)
        problems = spoken_items(error.problems)
        if isinstance(error, UnknownNamesError):
            said, code = gettext("The request has unknown names."), status.HTTP_400_BAD_REQUEST
        else:
            said, code = gettext("The data are refused."), status.HTTP_422_UNPROCESSABLE_ENTITY
        return Response({"detail": said, "problems": problems}, status=code)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = {
            "detail": gettext("The request is not valid."),
            "problems": _fields(error.detail),
        }
    elif isinstance(error, Http404 | PermissionDenied):
        response.data = {"detail": str(error) or response.data["detail"], "problems": []}
    else:
        response.data = {"detail": str(response.data.get("detail", "")), "problems": []}
    return response


def _fields(detail: Any) -> list[dict[str, Any]]:
    named = detail if isinstance(detail, dict) else {"request": detail}
    return [
        {
            "where": name,
            "found": "; ".join(str(text) for text in texts),
            "expected": gettext("a valid value"),
            "remedy": gettext("See /api/v1/docs/."),
            "row": None,
            "column": name,
        }
        for name, texts in named.items()
    ]
