"""Reads for one person: what has ended since they looked, and the steps of their tour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from studies import job_reads, registry
from studies.models import ENDED, Job, JobState, Study, StudyVisit

KEPT = timedelta(days=14)
SHOWN = 50
OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Bell:
    """How many of a person's jobs have ended unseen, and how many are under way."""

    unseen: int
    running: int


def _mine(user: Any) -> QuerySet[Job]:
    since = timezone.now() - KEPT
    told = StudyVisit.objects.filter(user=user, study_id=OuterRef("study_id")).values("told_at")
    rows = Job.objects.visible_to(user).filter(acting_user=user, parent=None, created_at__gt=since)
    rows = rows.exclude(kind__in=job_reads.UNASKED)
    return rows.annotate(told_at=Coalesce(Subquery(told[:1]), Value(since)))


def bell_of(user: Any) -> Bell:
    unseen = Q(state__in=ENDED, ended_at__gt=Coalesce("told_at", "created_at"))
    counted = _mine(user).aggregate(
        unseen=Count("id", filter=unseen), running=Count("id", filter=Q(state__in=OPEN))
    )
    return Bell(**counted)


def jobs_of(user: Any) -> list[Job]:
    """The newest of a person's jobs in all studies; ``is_new`` where the end was not seen yet."""
    rows = _mine(user).select_related("study").order_by("-id")[:SHOWN]
    jobs = job_reads.with_filenames(rows)
    for job in jobs:
        job.is_new = bool(job.has_ended and job.ended_at > job.told_at)
    return jobs


@dataclass(frozen=True)
class TourPlace:
    """Where one is in the tour: a step, and what comes before and after it."""

    step: registry.TourStep
    number: int
    total: int
    before: registry.TourStep | None
    after: registry.TourStep | None


def tour_place(role: str, number: int) -> TourPlace | None:
    steps = registry.tour(role)
    if not 1 <= number <= len(steps):
        return None
    before = steps[number - 2] if number > 1 else None
    after = steps[number] if number < len(steps) else None
    return TourPlace(steps[number - 1], number, len(steps), before, after)


def visit_of(user: Any, study: Study) -> StudyVisit | None:
    return StudyVisit.objects.filter(user=user, study=study).first()


def last_visit(user: Any, study: Study) -> datetime | None:
    """When the visit before this one ended; nothing on the first."""
    visit = visit_of(user, study)
    return visit.before_at if visit else None
