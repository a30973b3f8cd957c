"""Scanned slides: the picture, its regions, the rule that tells positive cells, and the counts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from studies.methods.wording import marked, say
from studies.models import (
    DerivedMixin,
    ImportBatch,
    PatientRow,
    Specimen,
    StoredFile,
    StudyRow,
)

from .slides import Marker, Region


class LaboratoryProfile(StudyRow):
    """How a laboratory's exports of a slide reader are read; a change is the next number."""

    name = models.CharField(max_length=80)
    number = models.PositiveIntegerField(default=1)
    profile = models.JSONField()
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "laboratory_profiles"
        ordering = ["name", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "number"], name="laboratory_profile_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class WholeSlide(PatientRow):
    """One scanned slide of one marker: read tile by tile, its label never shown."""

    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="whole_slides")
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    marker = models.TextField(choices=Marker.choices)
    staining_batch = models.CharField(max_length=80, blank=True)
    vendor = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    um_per_pixel = models.FloatField()
    resolution_stated = models.BooleanField(default=False)
    tissue_mm2 = models.FloatField()
    stain_histogram = models.JSONField(default=list, blank=True)
    notices = models.JSONField(default=list, blank=True)

    class Meta:
        default_related_name = "whole_slides"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["study", "file"], name="whole_slide_file_once"),
            models.CheckConstraint(
                condition=models.Q(um_per_pixel__gt=0), name="whole_slide_resolution_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(marker__in=Marker.values), name="whole_slide_marker_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.specimen.label} {self.marker}"

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6


class RegionSource(models.TextChoices):
    DRAWN = "drawn", marked("drawn")
    IMPORTED = "imported", marked("imported as GeoJSON")


class SlideRegion(PatientRow):
    """Tumour centre or invasive margin on a slide, as polygons in its pixels; the newest speaks."""

    slide = models.ForeignKey(WholeSlide, on_delete=models.PROTECT, related_name="regions")
    region = models.TextField(choices=Region.choices)
    geometry = models.JSONField()
    area_mm2 = models.FloatField()
    source = models.TextField(choices=RegionSource.choices)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    digest = models.CharField(max_length=64)
    comment = models.CharField(max_length=400, blank=True)

    class Meta:
        default_related_name = "slide_regions"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(region__in=Region.values), name="slide_region_known"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=RegionSource.values), name="slide_region_source_known"
            ),
            models.CheckConstraint(
                condition=models.Q(area_mm2__gt=0), name="slide_region_area_positive"
            ),
        ]


class CellCountingRule(StudyRow):
    """One threshold per marker and staining batch, stated by a person; a change is the next."""

    marker = models.TextField(choices=Marker.choices)
    staining_batch = models.CharField(max_length=80, blank=True)
    number = models.PositiveIntegerField()
    threshold = models.FloatField()
    suggested = models.FloatField(null=True, blank=True)
    rule = models.JSONField()
    reason = models.CharField(max_length=400, blank=True)
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    stated_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)

    class Meta:
        default_related_name = "cell_counting_rules"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "marker", "staining_batch", "number"],
                name="cell_counting_rule_number_once",
            ),
            models.CheckConstraint(
                condition=models.Q(marker__in=Marker.values), name="cell_counting_rule_marker_known"
            ),
        ]

    def __str__(self) -> str:
        values = {"marker": self.marker, "threshold": self.threshold, "number": self.number}
        if self.staining_batch:
            batch = self.staining_batch
            return say("{marker}, batch {batch}: {threshold:g} ({number})", batch=batch, **values)
        return say("{marker}: {threshold:g} ({number})", **values)


class CellCount(PatientRow, DerivedMixin):
    """Positive cells of one region by one rule at one scale; ``cells`` holds where they lie."""

    slide = models.ForeignKey(WholeSlide, on_delete=models.PROTECT, related_name="counts")
    region = models.ForeignKey(SlideRegion, on_delete=models.PROTECT, related_name="counts")
    rule = models.ForeignKey(CellCountingRule, on_delete=models.PROTECT, related_name="counts")
    scale = models.PositiveSmallIntegerField(default=1)
    n_cells = models.PositiveIntegerField()
    tissue_mm2 = models.FloatField()
    per_mm2 = models.FloatField(null=True)
    cells = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    notices = models.JSONField(default=list, blank=True)

    class Meta:
        default_related_name = "cell_counts"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "inputs_digest"], name="cell_count_inputs_once"
            ),
            models.CheckConstraint(
                condition=models.Q(tissue_mm2__gte=0), name="cell_count_tissue_not_negative"
            ),
        ]

    @property
    def working(self) -> str:
        return say(
            "{n:,} cells / {area:.3f} mm² of tissue, {rule}",
            n=self.n_cells, area=self.tissue_mm2, rule=str(self.rule),
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        return {"n_cells": self.n_cells, "tissue_mm2": self.tissue_mm2, "per_mm2": self.per_mm2}
