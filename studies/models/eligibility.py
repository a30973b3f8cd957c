"""Who may take part by the study's own criteria, and what is there of each patient."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from .base import PatientRow, StudyRow
from .consent import stands
from .patients import Patient


class EligibilityVersion(StudyRow):
    """The criteria at one moment; a change makes the next number."""

    number = models.PositiveIntegerField()
    criteria = models.JSONField()
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "eligibility_versions"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="eligibility_number_once"),
        ]
        triggers = stands("eligibility_version")

    def __str__(self) -> str:
        return f"criteria {self.number}"


class EligibilityOverride(PatientRow):
    """A person's decision about one criterion of one patient; the newest speaks."""

    criterion = models.CharField(max_length=40)
    granted = models.BooleanField(default=True)
    reason = models.TextField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "eligibility_overrides"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="eligibility_override_has_reason"
            ),
        ]
        triggers = stands("eligibility_override", "site")


class Completeness(PatientRow):
    """What is there of a patient, by key: kept by triggers on the tables it speaks of."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="completeness")
    present = ArrayField(models.TextField(), default=list)

    class Meta:
        verbose_name_plural = "completeness"
        indexes = [  # who lacks what is read from the index alone
            models.Index(
                fields=["study", "patient"],
                include=["site", "present"],
                name="completeness_of_study",
            )
        ]
