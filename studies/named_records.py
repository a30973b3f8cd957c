"""Records that a job names by uid, as people read them: a name and an address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.urls import reverse

from studies.access import visible
from studies.models import Study


def by(
    model: type[models.Model], page: str, name: str = "", own_page: bool = True
) -> Callable[[Any, Study, str], tuple[str, str] | None]:
    """For ``register_named``: rows of ``model`` that the user sees, called by their field ``name``
    or as they call themselves; without an ``own_page``, the page is the study's.
    """

    def find(user: Any, study: Study, uid: str) -> tuple[str, str] | None:
        row: Any = visible(model._default_manager.all(), user, study).filter(uid=uid).first()
        if row is None:
            return None
        kept = [study.uid, row.uid] if own_page else [study.uid]
        return getattr(row, name) if name else str(row), reverse(page, args=kept)

    return find
