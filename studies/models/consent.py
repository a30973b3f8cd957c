"""Whether a study records consent, and what became of a patient: moves with reason and person."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from studies.methods.wording import marked

from .base import PatientRow, StudyRow
from .patients import Patient


def stands(name: str, *but: str) -> list[pgtrigger.Trigger]:
    """Rows that nobody changes or deletes; the columns ``but`` may follow the patient."""
    return [
        pgtrigger.ReadOnly(name=f"{name}_stands", exclude=list(but))
        if but
        else pgtrigger.Protect(name=f"{name}_stands", operation=pgtrigger.Update),
        pgtrigger.Protect(name=f"{name}_no_delete", operation=pgtrigger.Delete),
    ]


class ConsentPolicy(StudyRow):
    """Whether no use without a consent recorded here; the newest decision holds.

    A study that has decided nothing requires consent.
    """

    required = models.BooleanField()
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "consent_policies"
        verbose_name_plural = "consent policies"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(required=True) | ~models.Q(reason=""),
                name="consent_policy_waiver_has_reason",
            ),
        ]
        triggers = stands("consent_policy")


class MoveKind(models.TextChoices):
    SCREENED = "screened"
    ENROLLED = "enrolled"
    EXCLUDED = "excluded"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    RENAMED = "renamed", marked("Pseudonym corrected")
    FREED = "freed", marked("Former pseudonym freed")


class PatientMove(PatientRow):
    """One step of a patient's way through the study: the screening log, for good.

    ``details`` holds what the step did: sites of a transfer, rows moved by a merge, what a
    withdrawal found in use, the pseudonyms of a correction.
    """

    kind = models.TextField(choices=MoveKind.choices)
    date = models.DateField()
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    other = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="moves_as_other"
    )
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        default_related_name = "moves"
        ordering = ["-id"]
        indexes = [models.Index(fields=["study", "-id"], name="patient_move_list")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=MoveKind.values), name="patient_move_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["screened", "enrolled"]) | ~models.Q(reason=""),
                name="patient_move_has_reason",
            ),
        ]
        triggers = stands("patient_move", "site")

    def __str__(self) -> str:
        return f"{self.kind} on {self.date}"


class UseTrace(StudyRow):
    """Something derived that used a patient who has withdrawn since: the mark it carries."""

    move = models.ForeignKey(PatientMove, on_delete=models.PROTECT, related_name="traces")
    table = models.CharField(max_length=63)
    row_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    url = models.CharField(max_length=300, blank=True)
    withdrawn_on = models.DateField()

    class Meta:
        default_related_name = "use_traces"
        ordering = ["id"]
        indexes = [models.Index(fields=["table", "row_id"], name="use_trace_of_row")]
        constraints = [
            models.UniqueConstraint(fields=["move", "table", "row_id"], name="use_trace_once"),
        ]
        triggers = stands("use_trace")
