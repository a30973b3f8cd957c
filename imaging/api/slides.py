"""Densities, rules and Immunoscores; slides with their regions, thresholds and counts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from imaging import services
from imaging.models import (
    CellCount,
    CellCountingRule,
    CellDensity,
    Immunoscore,
    ImmunoscoreRule,
    Marker,
    SlideRegion,
    WholeSlide,
)
from studies.access import require
from studies.api import PatientScopedSerializer, StudyScopedViewSet
from studies.api.records import JobSerializer
from studies.serving import stored_response

PARQUET = "application/vnd.apache.parquet"


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


class SlideRegionSerializer(PatientScopedSerializer):
    slide = serializers.UUIDField(source="slide.uid", read_only=True)

    class Meta:
        model = SlideRegion
        fields = ("uid", "patient", "slide", "region", "geometry", "area_mm2", "source", "digest",
                  "comment", "created_at")  # fmt: skip


class RegionsSerializer(serializers.Serializer):
    geojson = serializers.JSONField(
        help_text="Polygons in pixels of the full slide; the class of each is tumor_center or "
        "invasive_margin, or QuPath's name of it."
    )
    comment = serializers.CharField(max_length=200, default="", allow_blank=True)


class CountRequestSerializer(serializers.Serializer):
    scale = serializers.ChoiceField(choices=services.SCALES, default=1, help_text="1: full.")


class WholeSlideViewSet(StudyScopedViewSet):
    """Handed in at the door ``whole_slide``."""

    right = "rows"
    serializer_class = WholeSlideSerializer
    queryset = WholeSlide.objects.select_related("patient", "specimen", "file", "study")
    filterset_fields = ("marker", "staining_batch")

    @extend_schema(
        request=RegionsSerializer,
        responses={201: SlideRegionSerializer(many=True)},
        filters=False,
    )
    @action(detail=True, methods=["post"], pagination_class=None)
    def regions(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """State regions; the newest of each name speaks, the same again is no change."""
        asked = RegionsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        rows = services.regions_state(
            self.get_object(), request.user, given["geojson"], "imported", given["comment"]
        )
        shown = SlideRegionSerializer(rows, many=True, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CountRequestSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def count(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start the count of every region, by the threshold in force."""
        asked = CountRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        scale = asked.validated_data["scale"]
        job = services.slide_count_start(self.get_object(), request.user, scale)
        shown = JobSerializer(job, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)


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


class ThresholdSerializer(serializers.Serializer):
    marker = serializers.ChoiceField(choices=Marker.choices)
    staining_batch = serializers.CharField(max_length=80, default="", allow_blank=True)
    threshold = serializers.FloatField(help_text="Optical density of DAB.")
    reason = serializers.CharField(
        max_length=400, default="", allow_blank=True, help_text="Needed for a change."
    )


class SuggestionQuery(serializers.Serializer):
    marker = serializers.ChoiceField(choices=Marker.choices)
    staining_batch = serializers.CharField(max_length=80, default="", allow_blank=True)


class SuggestionSerializer(serializers.Serializer):
    threshold = serializers.FloatField(allow_null=True, help_text="By Otsu over the batch.")


class CellCountingRuleViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """One threshold per marker and staining batch; a change is the next number with a reason."""

    serializer_class = CellCountingRuleSerializer
    queryset = CellCountingRule.objects.all()
    filterset_fields = ("marker", "staining_batch")

    @extend_schema(request=ThresholdSerializer, responses={201: CellCountingRuleSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = ThresholdSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = services.counting_rule_state(self.study, request.user, **asked.validated_data)
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[SuggestionQuery], responses={200: SuggestionSerializer})
    @action(detail=False, pagination_class=None, filterset_fields=())
    def suggested(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the stain of a marker's batch suggests, over all its slides."""
        asked = SuggestionQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = services.threshold_suggested(self.study, **asked.validated_data)
        return Response({"threshold": found})


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
    queryset = CellCount.objects.select_related(
        "patient", "study", "slide__specimen", "slide__patient", "region", "rule", "cells"
    )
    filterset_fields = ("scale", "slide__uid")

    @extend_schema(request=None, responses={201: CellDensitySerializer})
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let this count speak for its specimen, marker and region."""
        density = services.count_adopt(self.get_object(), request.user)
        shown = CellDensitySerializer(density, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={(200, PARQUET): OpenApiTypes.BINARY})
    @action(detail=True)
    def cells(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Where each cell lies (x, y in pixels of the full slide) and how dense its stain is."""
        require(request.user, self.study, "download")
        count = self.get_object()
        if count.cells is None or count.cells.bytes_dropped_at is not None:
            raise NotFound("The cells of this count are gone.")
        name = f"cells-{count.uid}.parquet"
        return stored_response(request._request, self.study, count.cells, name, PARQUET)


ROUTES = [
    ("cell-densities", CellDensityViewSet, "cell-density"),
    ("immunoscore-rules", ImmunoscoreRuleViewSet, "immunoscore-rule"),
    ("whole-slides", WholeSlideViewSet, "whole-slide"),
    ("slide-regions", SlideRegionViewSet, "slide-region"),
    ("cell-counting-rules", CellCountingRuleViewSet, "cell-counting-rule"),
    ("cell-counts", CellCountViewSet, "cell-count"),
    ("immunoscores", ImmunoscoreViewSet, "immunoscore"),
]
