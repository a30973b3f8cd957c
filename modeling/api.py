"""Records of modeling under /api/v1/studies/<uid>/."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from modeling.lineage import lineage_step, reports_below
from modeling.models import (
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Prediction,
    Report,
    Reproduction,
    SnapshotMember,
    VersionEvent,
    VersionState,
)
from modeling.selectors import look_numbers, states_of
from modeling.services.version_card import version_card
from modeling.services.version_life import version_move
from modeling.services.version_manifest import manifest_write
from studies.access import require, study_for
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
    state = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = ("uid", "kind", "number", "state", "method", "endpoint", "run", "fitting_snapshot",
                  "parents", "sha256", "threshold", "content", "created_at")  # fmt: skip

    def get_state(self, version: ModelVersion) -> str:
        known = self.context.setdefault("states", None)
        if known is None:
            known = self.context["states"] = states_of(version.study)
        return known.get(version.pk, VersionState.DRAFT.value)


class VersionEventSerializer(serializers.ModelSerializer):
    version = serializers.UUIDField(source="version.uid", read_only=True)
    version_name = serializers.CharField(source="version", read_only=True)
    acted_by = serializers.CharField(source="acted_by.username", read_only=True)

    class Meta:
        model = VersionEvent
        fields = ("uid", "version", "version_name", "number", "from_state", "to_state", "reason",
                  "acted_by", "created_at")  # fmt: skip


class VersionMoveSerializer(serializers.Serializer):
    to_state = serializers.ChoiceField(choices=VersionState.choices)
    reason = serializers.CharField(max_length=1000)


class ModelVersionViewSet(StudyScopedViewSet):
    """Fitted estimators as data, numbered, never changed."""

    serializer_class = ModelVersionSerializer
    queryset = ModelVersion.objects.select_related(
        "run__produced_by", "run__snapshot", "fitting_snapshot", "file", "produced_by", "study"
    ).prefetch_related("parents")
    filterset_fields = ("kind", "endpoint", "number")

    @extend_schema(request=VersionMoveSerializer, responses={201: VersionEventSerializer})
    @action(detail=True, methods=["post"])
    def state(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Move it to another state; a release needs a second person."""
        asked = VersionMoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        event = version_move(self.get_object(), request.user, **asked.validated_data)
        return Response(VersionEventSerializer(event).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def card(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The model card, written from the records."""
        return Response(version_card(self.get_object()))

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def manifest(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every digest from the raw files to the metrics, signed."""
        require(request.user, self.study, "download")
        return Response(manifest_write(self.get_object()))


class VersionEventViewSet(StudyScopedViewSet):
    """The history of every version: which was active when, by whom and why."""

    serializer_class = VersionEventSerializer
    queryset = VersionEvent.objects.select_related("version", "acted_by")
    filterset_fields = ("version__uid", "to_state")


class ReproductionSerializer(serializers.ModelSerializer):
    run = serializers.UUIDField(source="run.uid", read_only=True)

    class Meta:
        model = Reproduction
        fields = ("uid", "run", "verdict", "tolerance", "compared", "largest_difference", "parts",
                  "differences", "library_versions", "changed_libraries", "commit", "seconds",
                  "created_at")  # fmt: skip


class ReproductionViewSet(StudyScopedViewSet):
    """Runs that were computed again, and whether every number came out."""

    serializer_class = ReproductionSerializer
    queryset = Reproduction.objects.select_related("run")
    filterset_fields = ("run__uid", "verdict")


@extend_schema(parameters=[OpenApiParameter("study_uid", str, OpenApiParameter.PATH),
                           OpenApiParameter("digest", str, OpenApiParameter.PATH)])  # fmt: skip
class LineageViewSet(viewsets.ViewSet):
    """A digest with what it was made of, what it went into, and every model and report beyond."""

    lookup_field = "digest"

    @extend_schema(responses={200: dict})
    def retrieve(self, request: Request, study_uid: Any, digest: str) -> Response:
        study = study_for(request.user, study_uid)
        step = lineage_step(study, digest, request.user)
        if step is None:
            raise Http404("No such digest in the study.")
        further = [node.as_dict() for node in reports_below(study, digest)]
        return Response({**step.as_dict(), "reports": further})


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


ROUTES = [
    ("snapshots", SnapshotViewSet, "snapshot"),
    ("snapshot-members", SnapshotMemberViewSet, "snapshot-member"),
    ("runs", ModelRunViewSet, "run"),
    ("model-versions", ModelVersionViewSet, "model-version"),
    ("version-events", VersionEventViewSet, "version-event"),
    ("reproductions", ReproductionViewSet, "reproduction"),
    ("lineage", LineageViewSet, "lineage"),
    ("evaluations", EvaluationViewSet, "evaluation"),
    ("predictions", PredictionViewSet, "prediction"),
    ("reports", ReportViewSet, "report"),
]
