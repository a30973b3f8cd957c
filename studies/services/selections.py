"""Selections kept under a name."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from studies.access import require
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import SavedSelection, Study
from studies.selections import selection_of


@transaction.atomic
def selection_save(study: Study, user: Any, name: str, address: str) -> SavedSelection:
    """Keep conditions for everybody of the study; the same under the same name is the earlier one.

    Raises
    ------
    DataProblem
        No name, no condition, one that cannot be applied, or a name that says something else.
    PermissionDenied
        Without rows of patients.
    """
    require(user, study, "rows")
    said = " ".join(name.split())[:80]
    kept = selection_of(user, study, address).address
    if not said:
        raise refuse("name", say("nothing"), "a name", "Say what the selection is.", column="name")
    if not kept:
        raise refuse("selection", say("everybody"), "at least one condition", "Choose a bar first.",
                     column="address")  # fmt: skip
    earlier = SavedSelection.objects.filter(study=study, name=said, retired_at=None).first()
    if earlier is not None and earlier.address != kept:
        remedy = say("Choose another name, or retire that one.")
        raise refuse("name", said, "a name that is free", remedy, column="name")
    return earlier or SavedSelection.objects.create(
        study=study, name=said, address=kept, written_by=user
    )


@transaction.atomic
def selection_retire(saved: SavedSelection, user: Any) -> SavedSelection:
    """Out of the lists; whoever wrote it, or a manager, may say so."""
    if saved.written_by_id != user.pk:
        require(user, saved.study, "manage")
    if saved.retired_at is None:
        saved.retired_at = timezone.now()
        saved.save(update_fields=["retired_at"])
    return saved
