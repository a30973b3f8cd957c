"""What leads from de-identified scans back to the files: read with rights of its own only."""

from __future__ import annotations

from django.db import models

from studies.models import PatientRow, StudyRow

from .scans import Series


class UidSecret(StudyRow):
    """The secret under which every UID of a study gets its successor: one, so that UIDs agree."""

    secret = models.CharField(max_length=64)

    class Meta:
        default_related_name = "uid_secrets"
        constraints = [
            models.UniqueConstraint(fields=["study"], name="uid_secret_once"),
        ]


class UidMap(PatientRow):
    """The UIDs that a series came with."""

    series = models.OneToOneField(Series, on_delete=models.PROTECT, related_name="uid_map")
    study_uid = models.CharField(max_length=64, blank=True)
    series_uid = models.CharField(max_length=64)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)
    instance_uids = models.JSONField(default=list)

    class Meta:
        default_related_name = "uid_maps"
