"""What the product remembers for one person in one study: visits, views of lists, the tour."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from .base import StudyRow


class StudyVisit(StudyRow):
    """When somebody was here, and what they have seen since: one row a person and study."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now)
    before_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    tour_hidden_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "user"], name="study_visit_once"),
        ]


class SavedView(StudyRow):
    """A list as somebody likes it, under a name: its filters, order and columns."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "user", "page", "name"], name="saved_view_once"
            ),
        ]
