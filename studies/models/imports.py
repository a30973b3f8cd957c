"""One file handed in at one of the doors, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from .base import StudyRow
from .clinical import DictionaryVersion
from .files import StoredFile


class BatchState(models.TextChoices):
    RECEIVED = "received"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    ERRORED = "errored"


class ImportBatch(StudyRow):
    """received -> running -> ready | failed (mend the file) | errored (ours)."""

    kind = models.CharField(max_length=40)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="batches")
    filename = models.CharField(max_length=255)
    options = models.JSONField(default=dict, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    dictionary = models.ForeignKey(
        DictionaryVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="batches"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    state = models.TextField(choices=BatchState.choices, default=BatchState.RECEIVED)
    problems = models.JSONField(default=list, blank=True)
    notices = models.JSONField(default=list, blank=True)
    summary = models.JSONField(default=dict, blank=True)

    class Meta:
        default_related_name = "import_batches"
        verbose_name_plural = "import batches"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=BatchState.values), name="import_batch_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    def mark_running(self) -> None:
        self._move(BatchState.RUNNING)

    def mark_ready(
        self, summary: dict[str, Any], notices: list[Any] | tuple[Any, ...] = ()
    ) -> None:
        """``notices`` are ``Notice`` objects or their dictionaries."""
        self.summary = summary
        self.problems = []
        self.notices = [n if isinstance(n, dict) else n.as_dict() for n in notices]
        self._move(BatchState.READY)

    def mark_failed(self, problems: list[dict[str, Any]]) -> None:
        self.problems = problems
        self._move(BatchState.FAILED)

    def mark_errored(self) -> None:
        self._move(BatchState.ERRORED)

    def _move(self, state: BatchState) -> None:
        self.state = state
        self.save(update_fields=["state", "problems", "notices", "summary"])
