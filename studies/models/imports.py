"""One file handed in at one of the doors, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from .base import BroughtQuerySet, StudyRow
from .dictionary import DictionaryVersion
from .files import StoredFile


class BatchState(models.TextChoices):
    RECEIVED = "received"
    RUNNING = "running"
    LOOKED = "looked"
    CHECKED = "checked"
    READY = "ready"
    REVERTED = "reverted"
    FAILED = "failed"
    ERRORED = "errored"


class ImportBatch(StudyRow):
    """received -> running -> ready | failed (mend the file) | errored (ours).

    A table handed in by a person halts twice, looked (its columns are to be confirmed) and checked
    (its difference is to be confirmed), and a ready one may be reverted. ``look`` is what the file
    holds; ``difference`` begins what it would change, ``problems`` begin what is wrong with it: the
    files have all of it. ``checked_file`` keeps the lines of a check until they are committed.
    ``written`` names the patients and memberships that it created. ``site_ids`` are the sites that
    whoever brought it was a member of then; none: of all.
    """

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
    site_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    state = models.TextField(choices=BatchState.choices, default=BatchState.RECEIVED)
    problems = models.JSONField(default=list, blank=True)
    notices = models.JSONField(default=list, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    look = models.JSONField(default=dict, blank=True)
    difference = models.JSONField(default=dict, blank=True)
    written = models.JSONField(default=dict, blank=True)
    problem_count = models.PositiveIntegerField(default=0)
    problems_file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    difference_file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    checked_file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = BroughtQuerySet.as_manager()

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
        self,
        summary: dict[str, Any],
        notices: list[Any] | tuple[Any, ...] = (),
        problems: list[dict[str, Any]] | tuple[()] = (),
    ) -> None:
        """``notices`` are ``Notice`` objects or their dictionaries; ``problems`` say what waits."""
        self.summary = summary
        self.problems, self.problem_count = list(problems), len(problems)
        self.notices = [n if isinstance(n, dict) else n.as_dict() for n in notices]
        self._move(BatchState.READY)

    def mark_looked(self, look: dict[str, Any]) -> None:
        self.look = look
        self.problems, self.problem_count = [], 0
        self._move(BatchState.LOOKED)

    def mark_checked(self, summary: dict[str, Any], difference: dict[str, Any]) -> None:
        self.summary, self.difference = summary, difference
        self._move(BatchState.CHECKED)

    def mark_reverted(self, summary: dict[str, Any]) -> None:
        self.summary = summary
        self._move(BatchState.REVERTED)

    def mark_failed(self, problems: list[dict[str, Any]]) -> None:
        self.problems = problems
        self.problem_count = max(self.problem_count, len(problems))
        self._move(BatchState.FAILED)

    def mark_errored(self) -> None:
        self._move(BatchState.ERRORED)

    def _move(self, state: BatchState) -> None:
        self.state = state
        told = ["problems", "problem_count", "notices", "summary", "look", "difference"]
        self.save(update_fields=["state", *told])
