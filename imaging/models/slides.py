"""What stained slides said: densities of CD3 and CD8, rules with frozen cuts, Immunoscores."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from studies.methods.wording import marked, say
from studies.models import (
    DerivedMixin,
    ImportBatch,
    PatientRow,
    Specimen,
    StoredResult,
    StudyRow,
)


class Marker(models.TextChoices):
    CD3 = "CD3"
    CD8 = "CD8"


class Region(models.TextChoices):
    TUMOR_CENTER = "tumor_center"
    INVASIVE_MARGIN = "invasive_margin"


class CellDensity(PatientRow):
    """Cells per mm² of one marker in one region, beside what was entered; append-only.

    It comes from a line of a table (``batch``) or from a count on the slide itself (``count``).
    """

    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="cell_densities")
    batch = models.ForeignKey(
        ImportBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    source_row = models.PositiveIntegerField(null=True, blank=True)
    count = models.ForeignKey(
        "imaging.CellCount",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="densities",
    )
    marker = models.TextField(choices=Marker.choices)
    region = models.TextField(choices=Region.choices)
    per_mm2 = models.FloatField(null=True)
    as_entered = models.CharField(max_length=40)
    unit = models.CharField(max_length=20)
    working = models.CharField(max_length=120, blank=True)

    class Meta:
        default_related_name = "cell_densities"
        verbose_name_plural = "cell densities"
        constraints = [
            models.UniqueConstraint(
                fields=["specimen", "marker", "region", "batch"], name="cell_density_once"
            ),
            models.UniqueConstraint(fields=["count"], name="cell_density_of_count_once"),
            models.CheckConstraint(
                condition=models.Q(batch__isnull=False, count__isnull=True)
                | models.Q(batch__isnull=True, count__isnull=False),
                name="cell_density_has_one_source",
            ),
            models.CheckConstraint(
                condition=models.Q(per_mm2__gte=0) | models.Q(per_mm2__isnull=True),
                name="cell_density_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(marker__in=Marker.values), name="cell_density_marker_known"
            ),
            models.CheckConstraint(
                condition=models.Q(region__in=Region.values), name="cell_density_region_known"
            ),
        ]


class CutKind(models.TextChoices):
    REFERENCE_PERCENTILE = "reference_percentile", marked("percentile of the reference")
    REFERENCE_MEAN_SHARE = "reference_mean_share", marked("share of the reference mean")
    FIXED = "fixed", marked("fixed cuts")


class Reading(models.TextChoices):
    """What a rule gives: the Immunoscore by four calls, or another reading beside it."""

    IMMUNOSCORE = "immunoscore", "Immunoscore"
    CONSENSUS = "consensus", marked("consensus")
    BIOPSY = "biopsy", marked("biopsy")
    CD3_HIGH = "cd3_high", marked("CD3-high")
    CD8_HIGH = "cd8_high", marked("CD8-high")


class ImmunoscoreRule(StudyRow, DerivedMixin):
    """Cuts in cells/mm² or percentiles, frozen on the development cohort; the last stated speaks.

    ``reading`` says what it gives; a study has a rule that speaks for each.
    """

    number = models.PositiveIntegerField()
    reading = models.TextField(choices=Reading.choices, default=Reading.IMMUNOSCORE)
    kind = models.TextField(choices=CutKind.choices)
    parameter = models.FloatField(null=True, blank=True)
    cuts = models.JSONField()
    rule = StoredResult()
    digest = models.CharField(max_length=64)
    n_reference = models.PositiveIntegerField()
    shares_high = models.JSONField(default=dict)
    notices = models.JSONField(default=list)
    stated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_related_name = "immunoscore_rules"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "reading", "number"], name="immunoscore_rule_number_once"
            ),
            models.UniqueConstraint(
                fields=["study", "inputs_digest"], name="immunoscore_rule_inputs_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=CutKind.values), name="immunoscore_rule_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(reading__in=Reading.values),
                name="immunoscore_rule_reading_known",
            ),
        ]

    def __str__(self) -> str:
        if self.reading == Reading.IMMUNOSCORE:
            return say("Immunoscore rule {number}", number=self.number)
        return say(
            "{reading} rule {number}", reading=say(self.get_reading_display()), number=self.number
        )


class Immunoscore(PatientRow, DerivedMixin):
    """0-4, or no score and the reason; never 0 for what was not measured."""

    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="immunoscores")
    rule = models.ForeignKey(ImmunoscoreRule, on_delete=models.PROTECT, related_name="scores")
    score = models.PositiveSmallIntegerField(null=True)
    high = models.BooleanField(null=True)
    reason = models.CharField(max_length=120, blank=True)
    mean_percentile = models.FloatField(null=True)
    consensus = models.PositiveSmallIntegerField(null=True)
    cd3_percentile = models.FloatField(null=True)
    cd8_percentile = models.FloatField(null=True)
    cd3_high = models.BooleanField(null=True)
    cd8_high = models.BooleanField(null=True)
    stated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_related_name = "immunoscores"
        constraints = [
            models.UniqueConstraint(
                fields=["specimen", "rule", "inputs_digest"], name="immunoscore_once"
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__lte=4),
                name="immunoscore_at_most_4",
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=False)
                | models.Q(high__isnull=False)
                | ~models.Q(reason=""),
                name="immunoscore_none_has_reason",
            ),
        ]
