"""Fitted encoders as stored weights, and the vectors they give per region."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from studies.models import DerivedMixin, PatientRow, StoredFile, StudyRow

from .scans import Modality, Roi


class ExtractorVersion(StudyRow, DerivedMixin):
    """A label-free encoder of one modality, fitted on patients of development cohorts only.

    Of several the one stated last speaks: a fit with the inputs of an earlier one states it again.
    """

    modality = models.CharField(max_length=2, choices=Modality.choices)
    preset = models.CharField(max_length=40)
    seed = models.BigIntegerField()
    weights = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, related_name="extractor_versions"
    )
    fitted_on = models.PositiveIntegerField()
    members_digest = models.CharField(max_length=64)
    feature_names = ArrayField(models.CharField(max_length=40))
    losses = ArrayField(models.FloatField())
    settings = models.JSONField(default=dict)
    versions = models.JSONField(default=dict)
    stated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_related_name = "extractor_versions"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "modality", "inputs_digest"], name="extractor_version_once"
            ),
            models.CheckConstraint(
                condition=models.Q(modality__in=Modality.values), name="extractor_modality_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_modality_display()} encoder {self.preset}, seed {self.seed}"


class FeatureSet(PatientRow, DerivedMixin):
    """One vector per region, modality and extractor version; names stand with the version."""

    roi = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="feature_sets")
    modality = models.CharField(max_length=2, choices=Modality.choices)
    extractor_version = models.ForeignKey(
        ExtractorVersion, on_delete=models.PROTECT, related_name="feature_sets"
    )
    vector = ArrayField(models.FloatField())

    class Meta:
        default_related_name = "feature_sets"
        constraints = [
            models.UniqueConstraint(
                fields=["roi", "modality", "extractor_version"], name="feature_set_once"
            ),
            models.CheckConstraint(
                condition=models.Q(modality__in=Modality.values), name="feature_set_modality_known"
            ),
        ]

    @property
    def names(self) -> list[str]:
        return self.extractor_version.feature_names
