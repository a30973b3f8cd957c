"""Densities, rules and Immunoscores."""

from __future__ import annotations

from rest_framework import serializers

from imaging.models import (
    CellCount,
    CellCountingRule,
    CellDensity,
    Immunoscore,
    ImmunoscoreRule,
    SlideRegion,
    WholeSlide,
)
from studies.api import PatientScopedSerializer, StudyScopedViewSet


class CellDensitySerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)
    batch = serializers.UUIDField(source="batch.uid", read_only=True, allow_null=True)
    count = serializers.UUIDField(source="count.uid", read_only=True, allow_null=True)

    class Meta:
        model = CellDensity
        fields = ("uid", "patient", "specimen", "marker", "region", "per_mm2", "as_entered",
                  "unit", "working", "batch", "source_row", "count")  # fmt: skip


class CellDensityViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = CellDensitySerializer
    queryset = CellDensity.objects.select_related("patient", "specimen", "batch", "count")
    filterset_fields = ("marker", "region")


class ImmunoscoreRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = ImmunoscoreRule
        fields = ("uid", "number", "kind", "parameter", "cuts", "n_reference", "shares_high",
                  "notices", "digest", "inputs_digest", "created_at")  # fmt: skip


class ImmunoscoreRuleViewSet(StudyScopedViewSet):
    serializer_class = ImmunoscoreRuleSerializer
    queryset = ImmunoscoreRule.objects.all()


class ImmunoscoreSerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)
    rule = serializers.IntegerField(source="rule.number", read_only=True)

    class Meta:
        model = Immunoscore
        fields = ("uid", "patient", "specimen", "rule", "score", "high", "reason", "consensus",
                  "mean_percentile", "cd3_percentile", "cd8_percentile", "cd3_high", "cd8_high",
                  "inputs_digest")  # fmt: skip


class ImmunoscoreViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = ImmunoscoreSerializer
    queryset = Immunoscore.objects.select_related("patient", "specimen", "rule")
    filterset_fields = ("score", "high", "rule__number")


class WholeSlideSerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)

    class Meta:
        model = WholeSlide
        fields = ("uid", "patient", "specimen", "marker", "staining_batch", "vendor", "width",
                  "height", "um_per_pixel", "resolution_stated", "tissue_mm2", "sha256",
                  "notices", "created_at")  # fmt: skip


class WholeSlideViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = WholeSlideSerializer
    queryset = WholeSlide.objects.select_related("patient", "specimen", "file")
    filterset_fields = ("marker", "staining_batch")


class SlideRegionSerializer(PatientScopedSerializer):
    slide = serializers.UUIDField(source="slide.uid", read_only=True)

    class Meta:
        model = SlideRegion
        fields = ("uid", "patient", "slide", "region", "geometry", "area_mm2", "source", "digest",
                  "comment", "created_at")  # fmt: skip


class SlideRegionViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = SlideRegionSerializer
    queryset = SlideRegion.objects.select_related("patient", "slide")
    filterset_fields = ("region",)


class CellCountingRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = CellCountingRule
        fields = ("uid", "marker", "staining_batch", "number", "threshold", "suggested", "rule",
                  "reason", "stated_at", "digest")  # fmt: skip


class CellCountingRuleViewSet(StudyScopedViewSet):
    serializer_class = CellCountingRuleSerializer
    queryset = CellCountingRule.objects.all()
    filterset_fields = ("marker", "staining_batch")


class CellCountSerializer(PatientScopedSerializer):
    slide = serializers.UUIDField(source="slide.uid", read_only=True)
    region = serializers.CharField(source="region.region", read_only=True)
    rule = serializers.UUIDField(source="rule.uid", read_only=True)

    class Meta:
        model = CellCount
        fields = ("uid", "patient", "slide", "region", "rule", "scale", "n_cells", "tissue_mm2",
                  "per_mm2", "notices", "inputs_digest", "created_at")  # fmt: skip


class CellCountViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = CellCountSerializer
    queryset = CellCount.objects.select_related("patient", "slide", "region", "rule")
    filterset_fields = ("scale",)


ROUTES = [
    ("cell-densities", CellDensityViewSet, "cell-density"),
    ("immunoscore-rules", ImmunoscoreRuleViewSet, "immunoscore-rule"),
    ("whole-slides", WholeSlideViewSet, "whole-slide"),
    ("slide-regions", SlideRegionViewSet, "slide-region"),
    ("cell-counting-rules", CellCountingRuleViewSet, "cell-counting-rule"),
    ("cell-counts", CellCountViewSet, "cell-count"),
    ("immunoscores", ImmunoscoreViewSet, "immunoscore"),
]
