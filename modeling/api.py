"""Records of modeling under /api/v1/studies/<uid>/."""

from __future__ import annotations

from rest_framework import serializers

from modeling.models import (
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Prediction,
    Report,
    SnapshotMember,
)
from studies.api import PatientScopedSerializer, StudyScopedViewSet


class SnapshotSerializer(serializers.ModelSerializer):
    included = serializers.SerializerMethodField()
    left_out = serializers.SerializerMethodField()

    class Meta:
        model = DatasetSnapshot
        fields = ("uid", "number", "question", "targets", "columns", "sha256", "notices",
                  "frozen_at", "not_reproducible_since", "included", "left_out")  # fmt: skip

    def get_included(self, snapshot: DatasetSnapshot) -> int:
        return snapshot.members.filter(included=True).count()

    def get_left_out(self, snapshot: DatasetSnapshot) -> int:
        return snapshot.members.filter(included=False).count()


class SnapshotViewSet(StudyScopedViewSet):
    """Frozen rows of a question; ``sha256`` is that of their Parquet table."""

    serializer_class = SnapshotSerializer
    queryset = DatasetSnapshot.objects.all()


class SnapshotMemberSerializer(PatientScopedSerializer):
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    cohort = serializers.CharField(source="cohort.name", read_only=True)

    class Meta:
        model = SnapshotMember
        fields = ("uid", "snapshot", "patient", "cohort", "included", "reason")


class SnapshotMemberViewSet(StudyScopedViewSet):
    """Who is in a snapshot, and who is not and why."""

    right = "rows"
    serializer_class = SnapshotMemberSerializer
    queryset = SnapshotMember.objects.select_related("patient", "snapshot", "cohort")
    filterset_fields = ("snapshot__uid", "cohort__name", "included")


class ModelRunSerializer(serializers.ModelSerializer):
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    snapshot_sha256 = serializers.CharField(source="snapshot.sha256", read_only=True)
    versions = serializers.SlugRelatedField(slug_field="uid", many=True, read_only=True)

    class Meta:
        model = ModelRun
        fields = ("uid", "kind", "recipe", "snapshot", "snapshot_sha256", "seed", "threads",
                  "library_versions", "commit", "results", "results_sha256", "notices",
                  "seconds", "versions", "created_at")  # fmt: skip


class ModelRunViewSet(StudyScopedViewSet):
    """Recipe, snapshot and seed with what came out: the comparison of classifiers, ablations."""

    serializer_class = ModelRunSerializer
    queryset = ModelRun.objects.select_related("snapshot").prefetch_related("versions")
    filterset_fields = ("kind",)


class ModelVersionSerializer(serializers.ModelSerializer):
    run = serializers.UUIDField(source="run.uid", read_only=True)
    fitting_snapshot = serializers.UUIDField(source="fitting_snapshot.uid", read_only=True)
    parents = serializers.SlugRelatedField(slug_field="uid", many=True, read_only=True)

    class Meta:
        model = ModelVersion
        fields = ("uid", "kind", "number", "method", "endpoint", "run", "fitting_snapshot",
                  "parents", "sha256", "threshold", "content", "created_at")  # fmt: skip


class ModelVersionViewSet(StudyScopedViewSet):
    """Fitted estimators as data, numbered, never changed."""

    serializer_class = ModelVersionSerializer
    queryset = ModelVersion.objects.select_related("run", "fitting_snapshot").prefetch_related(
        "parents"
    )
    filterset_fields = ("kind", "endpoint", "number")


class EvaluationSerializer(serializers.ModelSerializer):
    version = serializers.UUIDField(source="version.uid", read_only=True)
    version_name = serializers.CharField(source="version", read_only=True)
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    snapshot_sha256 = serializers.CharField(source="snapshot.sha256", read_only=True)
    cohort = serializers.CharField(source="cohort.name", read_only=True)
    role = serializers.CharField(source="cohort.role", read_only=True)

    class Meta:
        model = Evaluation
        fields = ("uid", "version", "version_name", "snapshot", "snapshot_sha256", "cohort",
                  "role", "target", "basis", "n", "metrics", "metrics_sha256",
                  "looked_at")  # fmt: skip


class EvaluationViewSet(StudyScopedViewSet):
    """A version judged in a cohort against a target; every number with n and interval."""

    serializer_class = EvaluationSerializer
    queryset = Evaluation.objects.select_related("version", "snapshot", "cohort")
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


ROUTES = [
    ("snapshots", SnapshotViewSet, "snapshot"),
    ("snapshot-members", SnapshotMemberViewSet, "snapshot-member"),
    ("runs", ModelRunViewSet, "run"),
    ("model-versions", ModelVersionViewSet, "model-version"),
    ("evaluations", EvaluationViewSet, "evaluation"),
    ("predictions", PredictionViewSet, "prediction"),
    ("reports", ReportViewSet, "report"),
]
