"""What was judged, what is said of patients, and reports."""

from __future__ import annotations

from rest_framework import serializers

from modeling.models import (
    Evaluation,
    Prediction,
    Report,
)
from modeling.selectors import look_numbers
from studies.api import PatientScopedSerializer, StudyScopedViewSet


class EvaluationSerializer(serializers.ModelSerializer):
    version = serializers.UUIDField(source="version.uid", read_only=True)
    version_name = serializers.CharField(source="version", read_only=True)
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    snapshot_sha256 = serializers.CharField(source="snapshot.sha256", read_only=True)
    cohort = serializers.CharField(source="cohort.name", read_only=True)
    role = serializers.CharField(source="cohort.role", read_only=True)
    look = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = ("uid", "version", "version_name", "snapshot", "snapshot_sha256", "cohort",
                  "role", "target", "basis", "n", "metrics", "metrics_sha256",
                  "looked_at", "look")  # fmt: skip

    def get_look(self, evaluation: Evaluation) -> int | None:
        """How often anything was judged in this validating cohort, up to this time."""
        known = self.context.setdefault("looks", None)
        if known is None:
            known = self.context["looks"] = look_numbers(evaluation.study)
        return known.get(evaluation.pk)


class EvaluationViewSet(StudyScopedViewSet):
    """A version judged in a cohort against a target; every number with n and interval."""

    serializer_class = EvaluationSerializer
    queryset = Evaluation.objects.select_related("version", "snapshot", "cohort", "study")
    filterset_fields = ("version__uid", "version__kind", "cohort__name", "target", "basis")


class PredictionSerializer(PatientScopedSerializer):
    version = serializers.UUIDField(source="version.uid", read_only=True)

    class Meta:
        model = Prediction
        fields = ("uid", "version", "patient", "kind", "quantity", "horizon_months", "value")


class PredictionViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = PredictionSerializer
    queryset = Prediction.objects.select_related("patient", "version")
    filterset_fields = ("version__uid", "version__kind", "kind", "quantity")


class ReportSerializer(serializers.ModelSerializer):
    class Meta:
        model = Report
        fields = ("uid", "number", "sha256", "content", "created_at")


class ReportViewSet(StudyScopedViewSet):
    serializer_class = ReportSerializer
    queryset = Report.objects.all()
