"""What came in with an upload and what became of it; deciding on what waits."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from imaging import services
from imaging.models import ArrivedFile, Decision, ScanArrival
from imaging.selectors.arrivals import arrivals_readable, files_readable
from studies.api import StudyScopedViewSet
from studies.api.records import JobSerializer


class ScanArrivalSerializer(serializers.ModelSerializer):
    batch = serializers.UUIDField(source="batch.uid", read_only=True)
    patient = serializers.CharField(source="patient.pseudonym", read_only=True, default=None)
    stored_as = serializers.UUIDField(source="stored_as.uid", read_only=True, default=None)

    class Meta:
        model = ScanArrival
        fields = ("uid", "batch", "patient", "claimed_patient_id", "modality", "file_count",
                  "state", "problems", "decision", "decision_reason", "decided_at", "stored_as",
                  "content_digest")  # fmt: skip


class DecisionSerializer(serializers.Serializer):
    decision = serializers.ChoiceField(choices=Decision.choices)
    reason = serializers.CharField(max_length=500)
    patient = serializers.CharField(max_length=64, default="", allow_blank=True)


class ScanArrivalViewSet(StudyScopedViewSet):
    """Series of uploads; POST ``decide`` settles the visit that waits with one."""

    serializer_class = ScanArrivalSerializer
    queryset = ScanArrival.objects.select_related("batch", "patient", "stored_as")
    filterset_fields = ("state", "batch__uid", "modality")

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return super().get_queryset() & arrivals_readable(self.request.user, self.study)

    @extend_schema(request=DecisionSerializer, responses={202: JobSerializer, 204: None})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = DecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        job = services.arrival_decide(
            self.get_object(), request.user, given["decision"], given["reason"], given["patient"]
        )
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        shown = JobSerializer(job, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)


class ArrivedFileSerializer(serializers.ModelSerializer):
    batch = serializers.UUIDField(source="batch.uid", read_only=True)
    arrival = serializers.UUIDField(source="arrival.uid", read_only=True, default=None)

    class Meta:
        model = ArrivedFile
        fields = ("uid", "batch", "arrival", "name", "size", "state", "reason")


class ArrivedFileViewSet(StudyScopedViewSet):
    """Every file of an upload, with its state and reason."""

    serializer_class = ArrivedFileSerializer
    queryset = ArrivedFile.objects.select_related("batch", "arrival")
    filterset_fields = ("state", "batch__uid")

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return super().get_queryset() & files_readable(self.request.user, self.study)


ROUTES = [
    ("scan-arrivals", ScanArrivalViewSet, "scan-arrival"),
    ("arrived-files", ArrivedFileViewSet, "arrived-file"),
]
