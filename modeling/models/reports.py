"""The report: numbers and figures of one moment, each with the version and snapshot behind it."""

from __future__ import annotations

from django.db import models

from studies.methods.wording import say
from studies.models import DerivedMixin, StoredResult, StudyRow
from studies.models.protect import unchangeable


class Report(DerivedMixin, StudyRow):
    """``content`` is all that the page prints; ``sha256`` is the digest of its canonical JSON."""

    number = models.PositiveIntegerField()
    content = StoredResult(reads=(1, 2, 3))
    sha256 = models.CharField(max_length=64)

    class Meta:
        default_related_name = "reports"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="report_number_once"),
            models.UniqueConstraint(fields=["study", "inputs_digest"], name="report_inputs_once"),
        ]
        triggers = unchangeable("report")

    def __str__(self) -> str:
        return say("report {number}", number=self.number)
