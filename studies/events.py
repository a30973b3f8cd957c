"""Reads of the history that triggers keep: who did it, why, and by which request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from studies.methods.wording import marked

LABELS = {
    "insert": marked("entered"), "update": marked("changed"), "delete": marked("removed"),
    "password": marked("password set"),
}  # fmt: skip


def request_of(known: dict[str, Any]) -> str:
    """``POST /studies/.../ 0199...`` or the job that did it."""
    if "job" in known:
        return f"job {known['job']}"
    return " ".join(str(known[name]) for name in ("method", "url", "request") if known.get(name))


def metadata_of(event: Any) -> dict[str, Any]:
    return event.pgh_context.metadata if event.pgh_context else {}


def people_of(events: Iterable[Any]) -> dict[int, Any]:
    ids = {metadata_of(event).get("user") for event in events}
    return get_user_model()._default_manager.in_bulk([one for one in ids if one])
