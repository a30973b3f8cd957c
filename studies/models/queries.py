"""Questions about an entered value: who asks, who answers, and whether it is settled."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .base import PatientRow, every_change


class QueryState(models.TextChoices):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


@every_change()
class Query(PatientRow):
    """A discrepancy note on one field (or, without ``field``, on the whole) of a patient's form."""

    form = models.CharField(max_length=40, default="baseline")
    field = models.CharField(max_length=64, blank=True)
    state = models.TextField(choices=QueryState.choices, default=QueryState.OPEN)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "queries"
        verbose_name_plural = "queries"
        ordering = ["-id"]
        indexes = [models.Index(fields=["study", "state", "site"], name="query_list")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=QueryState.values), name="query_state_known"
            ),
        ]


@every_change()
class QueryMessage(PatientRow):
    """One word in the thread; ``state`` is what the query became with it."""

    query = models.ForeignKey(Query, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    state = models.TextField(choices=QueryState.choices)

    class Meta:
        default_related_name = "query_messages"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=QueryState.values), name="query_message_state_known"
            ),
        ]
