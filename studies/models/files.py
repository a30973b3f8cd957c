"""Bytes that were given or made: addressed by content, shared inside a study only."""

from __future__ import annotations

from django.db import models

from .base import Row, StudyRow


class StoredFile(StudyRow):
    """Kept at ``study uid / sha256``; the digest stays when the bytes go."""

    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=255, blank=True)
    bytes_dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "stored_files"
        constraints = [
            models.UniqueConstraint(fields=["study", "sha256"], name="stored_file_once"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="stored_file_sha256_is_hex",
            ),
            models.CheckConstraint(
                condition=models.Q(size__gte=0), name="stored_file_size_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.sha256[:12]


class FileUse(Row):
    """Who needs a file; when the last use is purged the bytes go."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="uses")
    table = models.CharField(max_length=63)
    row_id = models.BigIntegerField()
    patient_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "table", "row_id"], name="file_use_once"),
        ]
        indexes = [models.Index(fields=["table", "row_id"], name="file_use_of_row")]


class Derivation(StudyRow):
    """A digest that went into another, by which job: the lineage, walked both ways."""

    parent_digest = models.CharField(max_length=64)
    child_digest = models.CharField(max_length=64)
    job = models.ForeignKey(
        "studies.Job", null=True, on_delete=models.PROTECT, related_name="derivations"
    )

    class Meta:
        default_related_name = "derivations"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "parent_digest", "child_digest"], name="derivation_once"
            ),
        ]
        indexes = [
            models.Index(fields=["study", "child_digest"], name="derivation_upwards"),
        ]
