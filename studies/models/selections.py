"""Selections of patients under a name, shared within the study."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .base import StudyRow
from .consent import stands


class SavedSelection(StudyRow):
    """Conditions as they stand in an address: whom they fit is asked anew each time.

    Another wording is another row; one that is no longer wanted is retired, and stays.
    """

    name = models.CharField(max_length=80)
    address = models.TextField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "saved_selections"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name"],
                condition=models.Q(retired_at__isnull=True),
                name="selection_name_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(address=""),
                name="selection_says_something",
            ),
        ]
        triggers = stands("saved_selection", "retired_at")

    def __str__(self) -> str:
        return self.name
