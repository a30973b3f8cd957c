"""Series, pairs, regions, uptake, extractor versions and feature sets; drawing on a PET."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from imaging import services
from imaging.figures.losses import losses_figure
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
from imaging.serving import NIFTI, mask_response, volume_response
from imaging.working import without_dates
from studies.access import require, rights_of, visible
from studies.api import HasExploredFigures, PatientScopedSerializer, StudyScopedViewSet
from studies.api.records import JobSerializer
from studies.figures.figure import Figure
from studies.languages import spoken_items


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


class RoiSerializer(PatientScopedSerializer):
    series = serializers.UUIDField(source="series.uid", read_only=True)
    lesion = serializers.IntegerField(source="lesion.number", read_only=True)
    supersedes = serializers.UUIDField(source="supersedes.uid", read_only=True, default=None)
    superseded = serializers.SerializerMethodField()
    chosen_by = serializers.SerializerMethodField()

    class Meta:
        model = Roi
        fields = ("uid", "patient", "series", "lesion", "name", "reader", "tool", "method",
                  "voxels", "volume_ml", "supersedes", "superseded", "chosen_by", "notices",
                  "quality", "recipe", "comment")  # fmt: skip

    def get_superseded(self, roi: Roi) -> bool:
        return bool(roi.superseded_by.all())

    def get_chosen_by(self, roi: Roi) -> list[str]:
        return [choice.rule for choice in roi.choices.all()]


class DrawSerializer(serializers.Serializer):
    recipe = serializers.JSONField(
        help_text="method threshold (rule, centre_mm, radius_mm, liver), growing (seed_mm, level, "
        "radius_mm) or brush (strokes, start); places in mm, LPS."
    )
    name = serializers.CharField(max_length=120, default="", allow_blank=True)
    lesion = serializers.IntegerField(default=None, allow_null=True)
    supersedes = serializers.UUIDField(default=None, allow_null=True)
    comment = serializers.CharField(max_length=500, default="", allow_blank=True)

    def validate_recipe(self, recipe: Any) -> dict[str, Any]:
        if not isinstance(recipe, dict):
            raise serializers.ValidationError("A recipe is an object.")
        return recipe


class SendSerializer(serializers.Serializer):
    archive = serializers.CharField(max_length=80, help_text="As `manage.py dicom_peer` names it.")
    given_uids = serializers.BooleanField(
        default=False, help_text="Refer to the scan by the UIDs it came with; needs identifiers."
    )


class DrawnSerializer(serializers.Serializer):
    """A region that is only shown: its numbers, units in the names, and its mask."""

    suv_max = serializers.FloatField()
    suv_mean = serializers.FloatField()
    suv_peak = serializers.FloatField()
    volume_ml = serializers.FloatField()
    mtv_41_percent_ml = serializers.FloatField()
    mtv_suv_2_5_ml = serializers.FloatField()
    mtv_suv_4_0_ml = serializers.FloatField()
    tlg_41_percent = serializers.FloatField()
    tlg_suv_2_5 = serializers.FloatField()
    tlg_suv_4_0 = serializers.FloatField()
    level = serializers.FloatField(allow_null=True)
    voxels = serializers.IntegerField()
    notices = serializers.JSONField()
    mask = serializers.CharField(help_text="Packed NIfTI, base64.")


class SeriesViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = SeriesSerializer
    queryset = Series.objects.select_related("patient", "volume__study")
    filterset_fields = ("modality", "state", "patient__pseudonym")

    @extend_schema(responses={(200, NIFTI): OpenApiTypes.BINARY})
    @action(detail=True)
    def volume(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The series as packed NIfTI, PET in SUV and CT in HU; takes ranges."""
        require(request.user, self.study, "download")
        return volume_response(request._request, self.study, self.kwargs["uid"])

    @extend_schema(request=DrawSerializer, responses={200: DrawnSerializer, 201: RoiSerializer})
    @action(detail=True, methods=["post"])
    def draw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Draw a region on the PET: with a name it is kept, without one only shown."""
        asked = DrawSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given, pet = asked.validated_data, self.get_object()
        if not given["name"]:
            shown = services.region_preview(pet, given["recipe"]).as_dict()
            return Response(shown | {"notices": spoken_items(shown["notices"])})
        rois = visible(Roi.objects.all(), request.user, self.study).filter(series=pet)
        earlier = get_object_or_404(rois, uid=given["supersedes"]) if given["supersedes"] else None
        roi = services.region_keep(
            pet, request.user, given["recipe"], given["name"], given["lesion"], earlier,
            given["comment"],
        )  # fmt: skip
        kept = RoiSerializer(roi, context=self.get_serializer_context())
        return Response(kept.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=SendSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def send(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send the regions in force as one DICOM segmentation to an archive of the study."""
        asked = SendSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        peer = get_object_or_404(services.peers_of(self.study), name=given["archive"])
        job = services.regions_send_start(
            self.study, request.user, self.get_object(), peer, given["given_uids"]
        )
        shown = JobSerializer(job, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)


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


class RoiViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = RoiSerializer
    queryset = Roi.objects.select_related(
        "patient", "series", "lesion", "supersedes", "mask__study"
    ).prefetch_related("superseded_by", "choices")
    filterset_fields = ("patient__pseudonym", "method", "lesion__number")

    @extend_schema(responses={(200, NIFTI): OpenApiTypes.BINARY})
    @action(detail=True)
    def mask(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The region as packed NIfTI on the grid of its series; takes ranges."""
        require(request.user, self.study, "download")
        return mask_response(request._request, self.study, self.kwargs["uid"])

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


class ExtractorVersionViewSet(HasExploredFigures, StudyScopedViewSet):
    serializer_class = ExtractorVersionSerializer
    queryset = ExtractorVersion.objects.select_related("weights")
    filterset_fields = ("modality", "preset", "role", "name")

    def figure_named(self, key: str) -> Figure | None:
        return losses_figure(self.get_object()) if key == "losses" else None


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
