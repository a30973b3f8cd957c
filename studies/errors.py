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


def api_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """``{"detail": ..., "problems": [{where, found, expected, remedy, row, column}]}``."""
    if isinstance(error, DataProblem):
        transaction.set_rollback(True)
        problems = spoken_items(error.problems)
        body = {"detail": gettext("The data are refused."), "problems": problems}
        return Response(body, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
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
