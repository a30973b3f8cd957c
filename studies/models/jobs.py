"""A long verb as a row: who asked, what for, how far, and how it ended. The row decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from .base import BroughtQuerySet, StudyRow


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"


ENDED = (JobState.DONE, JobState.FAILED, JobState.ERRORED, JobState.CANCELLED)


class JobQuerySet(BroughtQuerySet):
    whose = "acting_user_id"

    def abandoned(self) -> JobQuerySet:
        """Running without a living worker: the lease ran out."""
        return self.filter(state=JobState.RUNNING, lease_until__lt=timezone.now())

    def unsent(self) -> JobQuerySet:
        """Queued for longer than a lease: the message was lost, or waits behind others."""
        waited = timezone.now() - timedelta(seconds=2 * settings.JOB_LEASE_SECONDS)
        return self.filter(state=JobState.QUEUED, sent_at__lt=waited)

    def claim(self, job_id: int) -> bool:
        """Compare and set: true for exactly one worker, until the lease runs out."""
        now = timezone.now()
        free = models.Q(state=JobState.QUEUED) | models.Q(
            state=JobState.RUNNING, lease_until__lt=now
        )
        claimed = self.filter(free, id=job_id).update(
            state=JobState.RUNNING,
            attempt=models.F("attempt") + 1,
            started_at=models.functions.Coalesce("started_at", models.Value(now)),
            heartbeat_at=now,
            lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        )
        return claimed == 1

    def beat(self, job_id: int, attempt: int) -> bool:
        """Lengthen the lease; false when the job is no longer this attempt's."""
        now = timezone.now()
        beaten = self.filter(id=job_id, attempt=attempt, state=JobState.RUNNING).update(
            heartbeat_at=now, lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        )
        return beaten == 1


class Job(StudyRow):
    """Has its acting user's rights, not more.

    ``site_ids`` are the sites of what it is about (see ``BroughtQuerySet``).
    """

    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=80)
    site_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    subject_table = models.CharField(max_length=63, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    idempotency_key = models.CharField(max_length=200, unique=True)
    state = models.TextField(choices=JobState.choices, default=JobState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    progress_done = models.FloatField(default=0)
    progress_total = models.FloatField(default=0)
    progress_message = models.CharField(max_length=200, blank=True)
    log = models.JSONField(default=list, blank=True)  # [time, share, message], the newest last
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    problems = models.JSONField(default=list, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error_id = models.CharField(max_length=16, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        default_related_name = "jobs"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["study", "-id"], name="job_list"),
            models.Index(fields=["state", "lease_until"], name="job_sweep"),
            models.Index(fields=["subject_table", "subject_id"], name="job_of_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(lease_until__isnull=False),
                name="job_running_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        if self.state == JobState.DONE:
            return 1.0
        return min(1.0, self.progress_done / self.progress_total) if self.progress_total else 0.0

    def end(
        self,
        state: JobState,
        *,
        problems: list[Any] | None = None,
        result: dict[str, Any] | None = None,
        error_id: str = "",
    ) -> bool:
        """Move a running attempt to its end; false when another attempt owns the row by now."""
        ended = Job.objects.filter(id=self.pk, attempt=self.attempt, state=JobState.RUNNING).update(
            state=state,
            ended_at=timezone.now(),
            problems=problems or [],
            result=result or {},
            error_id=error_id,
        )
        self.refresh_from_db()
        return ended == 1

    def request_cancel(self) -> None:
        """A queued job ends at once; a running one at its next report of progress."""
        now = timezone.now()
        Job.objects.filter(id=self.pk, state=JobState.QUEUED).update(
            state=JobState.CANCELLED, cancel_requested_at=now, ended_at=now
        )
        Job.objects.filter(id=self.pk, state=JobState.RUNNING).update(cancel_requested_at=now)
        self.refresh_from_db()
