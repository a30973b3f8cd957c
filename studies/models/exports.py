"""What left the platform as a file, and who read what of patients: both stay as proof."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from .base import StudyRow
from .files import StoredFile


class ExportFormat(models.TextChoices):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ZIP = "zip"


class ExportContent(models.TextChoices):
    PATIENTS = "patients"
    LESIONS = "lesions"
    READS = "reads"
    FROZEN_TABLE = "frozen_table"


class Export(StudyRow):
    """One file made for one person; its bytes go when it expires, what was in it stays said."""

    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    content = models.TextField(choices=ExportContent.choices)
    format = models.TextField(choices=ExportFormat.choices, default=ExportFormat.CSV)
    filters = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(default=list, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=dict, blank=True)
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "exports"
        ordering = ["-id"]
        indexes = [models.Index(fields=["study", "-id"], name="export_list")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content__in=ExportContent.values), name="export_content_known"
            ),
            models.CheckConstraint(
                condition=models.Q(format__in=ExportFormat.values), name="export_format_known"
            ),
        ]

    @property
    def is_there(self) -> bool:
        return (
            self.file_id is not None
            and self.expires_at is not None
            and self.expires_at > timezone.now()
        )


class ReadAction(models.TextChoices):
    VIEW = "view"
    DOWNLOAD = "download"
    EXPORT = "export"
    API = "api"


class ReadRecord(StudyRow):
    """Somebody saw rows of patients: a page, a file or an answer of the API; written once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.TextField(choices=ReadAction.choices)
    page = models.CharField(max_length=80)
    subject = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=list, blank=True)
    row_count = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        default_related_name = "read_records"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["study", "-id"], name="read_record_list"),
            models.Index(fields=["study", "user", "-id"], name="read_record_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=ReadAction.values), name="read_record_action_known"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="written_once", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
