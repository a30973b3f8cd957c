"""Fitted encoders as stored weights, and the vectors they give per region."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from studies.methods.wording import marked, say
from studies.models import DerivedMixin, Job, PatientRow, StoredFile, StudyRow

from .scans import Modality, Roi


class ExtractorRole(models.TextChoices):
    """What features of an extractor are for; only a primary one feeds a model unasked."""

    PRIMARY = "primary"
    ABLATION = "ablation", marked("ablation: never trained")
    BASELINE = "baseline", marked("random baseline")
    CONTROL = "control", marked("control: voxels shuffled inside the region")


class ExtractorVersion(StudyRow, DerivedMixin):
    """A frozen network of one modality: fitted here without labels, supplied, or drawn by a seed.

    Of several the one stated last speaks: a fit with the inputs of an earlier one states it again.
    ``settings`` hold the preprocessing: cube, spacing, scale, interpolation, pooling.
    """

    name = models.CharField(max_length=80, default=marked("label-free encoder"))
    architecture = models.CharField(max_length=20, default="encoder")
    role = models.TextField(choices=ExtractorRole.choices, default=ExtractorRole.PRIMARY)
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
    held_out_losses = ArrayField(models.FloatField(), default=list)
    picture = models.ForeignKey(
        StoredFile, null=True, on_delete=models.PROTECT, related_name="pictures_of_extractors"
    )
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
            models.CheckConstraint(
                condition=models.Q(role__in=ExtractorRole.values), name="extractor_role_known"
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{modality}: {name} {preset}, seed {seed}", modality=self.get_modality_display(),
            name=say(self.name), preset=self.preset, seed=self.seed,
        )  # fmt: skip


class FeatureSet(PatientRow, DerivedMixin):
    """One vector per region, modality and extractor version; names stand with the version."""

    roi = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="feature_sets")
    modality = models.CharField(max_length=2, choices=Modality.choices)
    extractor_version = models.ForeignKey(
        ExtractorVersion, on_delete=models.PROTECT, related_name="feature_sets"
    )
    vector = ArrayField(models.FloatField())
    computed_with = models.JSONField(default=dict)

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


class FeatureFailure(PatientRow):
    """Why a region gave no features by an extractor; gone once it does."""

    roi = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="feature_failures")
    extractor_version = models.ForeignKey(
        ExtractorVersion, on_delete=models.PROTECT, related_name="failures"
    )
    problems = models.JSONField(default=list)
    produced_by = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "feature_failures"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["roi", "extractor_version"], name="feature_failure_once"
            ),
        ]
