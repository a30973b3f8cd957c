"""What came in with an upload, series by series and file by file, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from studies.methods.wording import marked, recalled, restored, say
from studies.models import ImportBatch, Patient, Site, StudyRow

from .scans import Series


class ArrivalState(models.TextChoices):
    STORED = "stored"
    SAME = "same"
    LEFT_OUT = "left_out"
    REFUSED = "refused"
    HELD = "held"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    DISCARDED = "discarded"
    ARRIVED_AGAIN = "arrived_again"


WAITING = (
    ArrivalState.REFUSED,
    ArrivalState.HELD,
    ArrivalState.CONFLICT,
    ArrivalState.QUARANTINED,
)


class Decision(models.TextChoices):
    KEEP = "keep", marked("keep what is stored")
    TAKE = "take", marked("take what came now")
    ASSIGN = "assign", marked("they are of this patient")
    DISCARD = "discard", marked("throw them away")


class ScanArrival(StudyRow):
    """One series of one upload. Series of a visit go in together or wait together."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="arrivals")
    patient = models.ForeignKey(Patient, null=True, blank=True, on_delete=models.PROTECT)
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    claimed_patient_id = models.CharField(max_length=64, blank=True)
    visit_uid = models.CharField(max_length=64)
    series_uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=16)
    content_digest = models.CharField(max_length=64)
    file_count = models.PositiveIntegerField()
    stored_as = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.PROTECT, related_name="arrivals"
    )
    state = models.TextField(choices=ArrivalState.choices)
    problems = models.JSONField(default=list, blank=True)
    decision = models.TextField(choices=Decision.choices, blank=True)
    decision_reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    wanted_again = models.BooleanField(default=False)

    class Meta:
        default_related_name = "scan_arrivals"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "claimed_patient_id", "series_uid"], name="scan_arrival_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ArrivalState.values), name="scan_arrival_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(decision__in=["", *Decision.values]),
                name="scan_arrival_decision_known",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="")
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="scan_arrival_decision_has_maker",
            ),
        ]
        indexes = [
            models.Index(fields=["study", "state", "id"], name="scan_arrival_waiting"),
            models.Index(fields=["study", "series_uid"], name="scan_arrival_series"),
        ]

    @property
    def waits(self) -> bool:
        return self.state in WAITING

    def decide(self, decision: str, user: Any, reason: str) -> None:
        """Write a person's decision; what it leads to is the service's."""
        self.decision, self.decision_reason = decision, reason
        self.decided_by, self.decided_at = user, timezone.now()
        self.save(update_fields=["decision", "decision_reason", "decided_by", "decided_at"])


class ArrivedFile(StudyRow):
    """One file of an upload; the state of its series unless it is of none."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="arrived_files")
    arrival = models.ForeignKey(
        ScanArrival, null=True, blank=True, on_delete=models.PROTECT, related_name="arrived_files"
    )
    name = models.TextField()
    size = models.BigIntegerField()
    state = models.TextField(choices=ArrivalState.choices)
    reason = models.TextField(blank=True)

    class Meta:
        default_related_name = "arrived_files"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ArrivalState.values), name="arrived_file_state_known"
            ),
        ]
        indexes = [models.Index(fields=["batch", "state", "id"], name="arrived_file_list")]

    def __str__(self) -> str:
        return self.name

    @property
    def why(self) -> str:
        """The reason, as it was worded where that is known."""
        if self.arrival is not None and self.arrival.problems:
            first, more = self.arrival.problems[0], len(self.arrival.problems) - 1
            worded = first.get("wording", {}).get("found")
            found = restored(worded) if worded else first["found"]
            values = {"where": first["where"], "found": found}
            if more:
                return say("{where}: {found} (and {n} more)", n=more, **values)
            return say("{where}: {found}", **values)
        return recalled(self.reason, "of modality {modality}", marked("the same as {name}"))
