"""What a released version says of a patient who comes later."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from studies.models import DerivedMixin, PatientRow
from studies.models.protect import unchangeable_of_patient

from .runs import ModelVersion


class PatientScore(DerivedMixin, PatientRow):
    """A score with the check whether the version applies; ``value`` is empty where it does not.

    ``distance_percentile`` places the patient's distance to the training cohort among the
    distances of that cohort's own members; ``features_digest`` names what was scored.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="scores")
    value = models.FloatField(null=True, blank=True)
    above_threshold = models.BooleanField(null=True, blank=True)
    applicable = models.BooleanField()
    distance = models.FloatField()
    distance_percentile = models.FloatField()
    reasons = models.JSONField(default=list, blank=True)
    features_digest = models.CharField(max_length=64)
    consent = models.JSONField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "patient_scores"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "patient", "inputs_digest"], name="patient_score_once"
            ),
            models.CheckConstraint(
                condition=models.Q(value__isnull=True) | models.Q(value__gte=0, value__lte=1),
                name="patient_score_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(applicable=True) | models.Q(value__isnull=True),
                name="patient_score_only_where_applicable",
            ),
        ]
        triggers = unchangeable_of_patient("patient_score", purged=True)
