"""Endpoints: the versions of their rules, and the values of patients under them."""

from __future__ import annotations

import pgtrigger
from django.db import models

from .base import DerivedMixin, PatientRow, StudyRow, every_change


@every_change()
class EndpointDefinition(StudyRow):
    """A versioned rule that turns dated facts into a duration and an event, or into a class."""

    name = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    rule = models.JSONField()

    class Meta:
        default_related_name = "endpoint_definitions"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "version"], name="endpoint_definition_once"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="endpoint_definition_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


@every_change()
class EndpointStanding(StudyRow):
    """Whether an endpoint that the study named is offered, from when and why; the newest speaks.

    A retired endpoint keeps its definitions and values for what used them.
    """

    name = models.CharField(max_length=64)
    is_offered = models.BooleanField()
    since = models.DateField()
    reason = models.CharField(max_length=500)

    class Meta:
        default_related_name = "endpoint_standings"
        indexes = [models.Index(fields=["study", "name", "-id"], name="endpoint_standing_newest")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="endpoint_standing_has_reason"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="endpoint_standing_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {'offered' if self.is_offered else 'retired'} from {self.since}"


class EndpointValue(DerivedMixin, PatientRow):
    """One endpoint of one patient; a new row when its inputs change, the newest speaks.

    So does a change of the method's code that gives another outcome (``METHOD_VERSION``); the same
    outcome keeps the row and its digest.
    """

    definition = models.ForeignKey(
        EndpointDefinition, on_delete=models.PROTECT, related_name="values"
    )
    duration_days = models.FloatField(null=True, blank=True)
    event = models.BooleanField(null=True, blank=True)
    label = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=40, blank=True)  # the fact on whose day it ends
    notices = models.JSONField(default=list, blank=True)
    method_version = models.PositiveSmallIntegerField(default=1, db_default=1)  # that last gave it

    class Meta:
        default_related_name = "endpoint_values"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "definition", "inputs_digest"], name="endpoint_value_once"
            ),
            models.CheckConstraint(
                condition=models.Q(duration_days__isnull=True) | models.Q(duration_days__gt=0),
                name="endpoint_value_duration_positive",
            ),
        ]
