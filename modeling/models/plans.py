"""What is said before a run: the question that rows are frozen for, and the plan of analysis."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from studies.methods.wording import say
from studies.models import StudyRow
from studies.models.protect import unchangeable


class SavedQuestion(StudyRow):
    """Cohorts, features and filters under a name; another wording is another row."""

    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    document = models.JSONField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "saved_questions"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="question_number_once"),
        ]
        triggers = unchangeable("question")

    def __str__(self) -> str:
        return say("question {number}, {name}", number=self.number, name=self.name)


class AnalysisPlan(StudyRow):
    """Question, target, recipe, horizons and sensitivity analyses, locked before the run.

    Until it is locked the document may change; afterwards nothing may.
    """

    number = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "analysis_plans"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="plan_number_once"),
            models.CheckConstraint(
                condition=models.Q(locked_at__isnull=True, locked_by__isnull=True)
                | models.Q(locked_at__isnull=False, locked_by__isnull=False),
                name="plan_locked_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="plan_locked_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__locked_at__isnull=False),
            ),
            pgtrigger.Protect(name="plan_no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return say("analysis plan {number}", number=self.number)
