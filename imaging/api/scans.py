"""Series, pairs, regions, uptake, extractor versions and feature sets: read only."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from imaging.methods.roi_files import FORMATS
from imaging.models import (
    ExtractorVersion,
    FeatureFailure,
    FeatureSet,
    PetCtPair,
    Roi,
    RoiAgreement,
    Series,
    Uptake,
)
from imaging.region_downloads import file_of_regions
from imaging.selectors.scans import quality_state
from imaging.working import without_dates
from studies.access import rights_of
from studies.api import PatientScopedSerializer, StudyScopedViewSet


class SeriesSerializer(PatientScopedSerializer):
    suv_working = serializers.SerializerMethodField()
    quality_state = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="volume.sha256", read_only=True)

    class Meta:
        model = Series
        fields = ("uid", "patient", "modality", "manufacturer", "model", "reconstruction",
                  "size", "spacing_mm", "state", "sha256", "suv_working", "header", "notices",
                  "quality", "quality_state", "deidentification", "problems",
                  "inputs_digest")  # fmt: skip

    def get_quality_state(self, series: Series) -> str:
        return quality_state([series.quality])

    def get_suv_working(self, series: Series) -> list[dict[str, Any]]:
        view = self.context["view"]
        if "identifiers" in rights_of(self.context["request"].user, view.study):
            return series.suv_working
        return without_dates(series.suv_working)


class SeriesViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = SeriesSerializer
    queryset = Series.objects.select_related("patient", "volume")
    filterset_fields = ("modality", "state", "patient__pseudonym")


class PairSerializer(PatientScopedSerializer):
    pet = serializers.UUIDField(source="pet.uid", read_only=True)
    ct = serializers.UUIDField(source="ct.uid", read_only=True)

    class Meta:
        model = PetCtPair
        fields = ("uid", "patient", "pet", "ct", "timing", "days_before_treatment", "quality")


class PairViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = PairSerializer
    queryset = PetCtPair.objects.select_related("patient", "pet", "ct")
    filterset_fields = ("timing", "patient__pseudonym")


class RoiSerializer(PatientScopedSerializer):
    series = serializers.UUIDField(source="series.uid", read_only=True)
    lesion = serializers.IntegerField(source="lesion.number", read_only=True)
    superseded = serializers.SerializerMethodField()
    chosen_by = serializers.SerializerMethodField()

    class Meta:
        model = Roi
        fields = ("uid", "patient", "series", "lesion", "name", "reader", "tool", "method",
                  "voxels", "volume_ml", "superseded", "chosen_by", "notices",
                  "quality")  # fmt: skip

    def get_superseded(self, roi: Roi) -> bool:
        return bool(roi.superseded_by.all())

    def get_chosen_by(self, roi: Roi) -> list[str]:
        return [choice.rule for choice in roi.choices.all()]


class RoiViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = RoiSerializer
    queryset = Roi.objects.select_related("patient", "series", "lesion").prefetch_related(
        "superseded_by", "choices"
    )
    filterset_fields = ("patient__pseudonym", "method", "lesion__number")

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(FORMATS)),
            OpenApiParameter("uids", str, enum=["given"]),
        ],
    )
    @action(detail=True, url_path="file/(?P<kind>[^/.]+)")
    def file(self, request: Request, study_uid: str, uid: str, kind: str) -> HttpResponse:
        """The region as RTSTRUCT, DICOM SEG, NIfTI or NRRD."""
        return file_of_regions(request, self.study, kind, uid=uid)


class RoiAgreementSerializer(PatientScopedSerializer):
    first = serializers.UUIDField(source="first.uid", read_only=True)
    second = serializers.UUIDField(source="second.uid", read_only=True)

    class Meta:
        model = RoiAgreement
        fields = ("uid", "patient", "first", "second", "dice", "hausdorff_mm", "hausdorff_95_mm",
                  "mean_surface_mm", "shift_mm", "inputs_digest")  # fmt: skip


class RoiAgreementViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = RoiAgreementSerializer
    queryset = RoiAgreement.objects.select_related("patient", "first", "second")
    filterset_fields = ("patient__pseudonym",)


class UptakeSerializer(PatientScopedSerializer):
    roi = serializers.UUIDField(source="roi.uid", read_only=True)

    class Meta:
        model = Uptake
        fields = ("uid", "patient", "roi", "suv_max", "suv_mean", "suv_peak", "volume_ml",
                  "mtv_41_percent_ml", "mtv_suv_2_5_ml", "mtv_suv_4_0_ml", "tlg_41_percent",
                  "tlg_suv_2_5", "tlg_suv_4_0", "notices", "inputs_digest")  # fmt: skip


class UptakeViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = UptakeSerializer
    queryset = Uptake.objects.select_related("patient", "roi")
    filterset_fields = ("patient__pseudonym",)


class ExtractorVersionSerializer(serializers.ModelSerializer):
    sha256 = serializers.CharField(source="weights.sha256", read_only=True)

    class Meta:
        model = ExtractorVersion
        fields = ("uid", "name", "architecture", "role", "modality", "preset", "seed", "sha256",
                  "held_out_losses", "fitted_on", "members_digest",
                  "feature_names", "losses", "settings", "versions", "inputs_digest",
                  "created_at")  # fmt: skip


class ExtractorVersionViewSet(StudyScopedViewSet):
    serializer_class = ExtractorVersionSerializer
    queryset = ExtractorVersion.objects.select_related("weights")
    filterset_fields = ("modality", "preset", "role", "name")


class FeatureSetSerializer(PatientScopedSerializer):
    roi = serializers.UUIDField(source="roi.uid", read_only=True)
    extractor_version = serializers.UUIDField(source="extractor_version.uid", read_only=True)

    class Meta:
        model = FeatureSet
        fields = ("uid", "patient", "roi", "modality", "extractor_version", "vector",
                  "computed_with",
                  "inputs_digest")  # fmt: skip


class FeatureSetViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = FeatureSetSerializer
    queryset = FeatureSet.objects.select_related("patient", "roi", "extractor_version")
    filterset_fields = ("modality", "patient__pseudonym")


class FeatureFailureSerializer(PatientScopedSerializer):
    roi = serializers.UUIDField(source="roi.uid", read_only=True)
    extractor_version = serializers.UUIDField(source="extractor_version.uid", read_only=True)

    class Meta:
        model = FeatureFailure
        fields = ("uid", "patient", "roi", "extractor_version", "problems", "created_at")


class FeatureFailureViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = FeatureFailureSerializer
    queryset = FeatureFailure.objects.select_related("patient", "roi", "extractor_version")
    filterset_fields = ("patient__pseudonym",)


ROUTES = [
    ("series", SeriesViewSet, "series"),
    ("pet-ct-pairs", PairViewSet, "pet-ct-pair"),
    ("regions", RoiViewSet, "region"),
    ("region-agreements", RoiAgreementViewSet, "region-agreement"),
    ("uptakes", UptakeViewSet, "uptake"),
    ("extractor-versions", ExtractorVersionViewSet, "extractor-version"),
    ("feature-failures", FeatureFailureViewSet, "feature-failure"),
    ("feature-sets", FeatureSetViewSet, "feature-set"),
]
