"""Target lesions: what speaks for each patient, and what readers said of it."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from imaging import services
from imaging.models import Roi, RoiChoice, TargetDecision
from studies.access import visible
from studies.api import PatientScopedSerializer, StudyScopedViewSet
from studies.models import Patient


class TargetSerializer(PatientScopedSerializer):
    """``decision`` is none where the rule speaks."""

    region = serializers.UUIDField(source="roi.uid", read_only=True)
    lesion = serializers.IntegerField(source="roi.lesion.number", read_only=True)
    series = serializers.UUIDField(source="roi.series.uid", read_only=True)
    decision = serializers.UUIDField(source="decision.uid", read_only=True, default=None)

    class Meta:
        model = RoiChoice
        fields = ("uid", "patient", "region", "lesion", "series", "rule", "decision")


class TargetViewSet(StudyScopedViewSet):
    """The one region that speaks for each patient."""

    right = "rows"
    serializer_class = TargetSerializer
    queryset = RoiChoice.objects.select_related(
        "patient", "roi__lesion", "roi__series", "decision"
    ).order_by("id")
    filterset_fields = ("rule", "patient__pseudonym")


class TargetDecisionSerializer(PatientScopedSerializer):
    region = serializers.UUIDField(source="roi.uid", read_only=True, default=None)
    lesion = serializers.IntegerField(source="lesion.number", read_only=True, default=None)
    decided_by = serializers.CharField(source="decided_by.username", read_only=True)

    class Meta:
        model = TargetDecision
        fields = ("uid", "patient", "rule", "region", "lesion", "offered", "reason", "decided_by",
                  "created_at", "product_version", "digest")  # fmt: skip


class DecideSerializer(serializers.Serializer):
    patient = serializers.CharField(max_length=64, help_text="The pseudonym.")
    region = serializers.UUIDField(
        allow_null=True,
        help_text="A region in force on a baseline scan; null lets the rule speak again.",
    )
    reason = serializers.CharField(max_length=500)


class TargetDecisionViewSet(StudyScopedViewSet):
    """What readers said of the target, for good; POST says it."""

    right = "rows"
    serializer_class = TargetDecisionSerializer
    queryset = TargetDecision.objects.select_related("patient", "roi", "lesion", "decided_by")
    filterset_fields = ("rule", "patient__pseudonym")

    @extend_schema(request=DecideSerializer, responses={201: TargetDecisionSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = DecideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        patients = visible(Patient.objects.all(), request.user, self.study)
        patient = get_object_or_404(patients, pseudonym=given["patient"])
        rois = visible(Roi.objects.all(), request.user, self.study).filter(patient=patient)
        roi = get_object_or_404(rois, uid=given["region"]) if given["region"] else None
        decision = services.target_decide(patient, request.user, roi, given["reason"])
        return Response(self.get_serializer(decision).data, status=status.HTTP_201_CREATED)


ROUTES = [
    ("target-lesions", TargetViewSet, "target-lesion"),
    ("target-decisions", TargetDecisionViewSet, "target-decision"),
]
