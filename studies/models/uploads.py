"""A file that comes in parts, so that a broken connection costs one part and not the file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from .base import StudyRow
from .imports import ImportBatch

PART_BYTES = 8 * 2**20


class UploadState(models.TextChoices):
    OPEN = "open"
    JOINING = "joining"
    TAKEN_IN = "taken_in"
    REFUSED = "refused"
    DISCARDED = "discarded"


class ResumableUpload(StudyRow):
    """open -> joining -> taken_in | refused; or discarded. Every part but the last is whole.

    ``part_digests`` are the sha256 of the parts that are here: by them a file is known again.
    """

    kind = models.CharField(max_length=40)
    filename = models.CharField(max_length=255)
    size = models.BigIntegerField()
    fingerprint = models.CharField(max_length=200, blank=True)
    part_bytes = models.PositiveIntegerField(default=PART_BYTES)
    received = models.BigIntegerField(default=0)
    part_digests = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    options = models.JSONField(default=dict, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    touched_at = models.DateTimeField(default=timezone.now)
    state = models.TextField(choices=UploadState.choices, default=UploadState.OPEN)
    problems = models.JSONField(default=list, blank=True)
    batch = models.ForeignKey(
        ImportBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads"
    )

    class Meta:
        default_related_name = "resumable_uploads"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=UploadState.values),
                name="resumable_upload_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(received__gte=0, received__lte=models.F("size")),
                name="resumable_upload_received_within_size",
            ),
        ]
        indexes = [
            models.Index(fields=["study", "uploaded_by", "state"], name="resumable_upload_open")
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def parts(self) -> int:
        """How many parts are here."""
        return -(-self.received // self.part_bytes)

    @property
    def is_folder(self) -> bool:
        """A browser makes a zip of a folder while it sends it."""
        return self.fingerprint.startswith("folder:")

    @property
    def share(self) -> float:
        return self.received / self.size if self.size else 1.0

    def ranges(self) -> list[dict[str, Any]]:
        """First and last byte of each part that is here, with its sha256."""
        ends = [*range(self.part_bytes, self.received, self.part_bytes), self.received]
        return [
            {"first": number * self.part_bytes, "last": end - 1, "sha256": found}
            for number, (end, found) in enumerate(zip(ends, self.part_digests, strict=False))
        ]

    def part_expected(self) -> int:
        """Bytes of the next part."""
        return min(self.part_bytes, self.size - self.received)

    def mark(self, state: UploadState, **values: Any) -> None:
        self.state, self.touched_at = state, timezone.now()
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=["state", "touched_at", *values])


class StudyQuota(StudyRow):
    """Room for files of a study that differs from the installation's; 0 is without limit."""

    quota_bytes = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "study quotas"
        constraints = [
            models.UniqueConstraint(fields=["study"], name="study_quota_once"),
            models.CheckConstraint(
                condition=models.Q(quota_bytes__gte=0), name="study_quota_not_negative"
            ),
        ]
