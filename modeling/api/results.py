"""What was judged, what is said of patients, and reports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from modeling.examination_page import examination_figure
from modeling.looks import HOW, looks_told
from modeling.models import Evaluation, Examination, PatientScore, Prediction, Report
from modeling.selectors import look_numbers, metrics_told, version_named
from modeling.selectors.patient_rows import EXAMINED, METRICS
from modeling.selectors.reports import (
    figures_withheld,
    report_figure_whole,
    report_without_patients,
)
from modeling.services.patient_score import patient_score
from modeling.services.prognosis_endpoints import landmark_of
from studies.access import require_every_row
from studies.api import HasExploredFigures, PatientScopedSerializer, StudyScopedViewSet
from studies.api.records import LeftOutSerializer, left_out
from studies.figures.figure import Figure
from studies.models import Patient
from studies.patient_figures import holds_patients

from .rows import WithoutRows

FROM_LANDMARK = "Time counts from this day after the start of treatment; null from the start."


class EvaluationSerializer(WithoutRows):
    rows_in = {"metrics": METRICS}
    version = serializers.UUIDField(source="version.uid", read_only=True)
    version_name = serializers.CharField(source="version", read_only=True)
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    snapshot_sha256 = serializers.CharField(source="snapshot.sha256", read_only=True)
    cohort = serializers.CharField(source="cohort.name", read_only=True)
    role = serializers.CharField(source="cohort.role", read_only=True)
    landmark_days = serializers.SerializerMethodField(help_text=FROM_LANDMARK)
    look = serializers.SerializerMethodField()
    metrics = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = ("uid", "version", "version_name", "snapshot", "snapshot_sha256", "cohort",
                  "role", "target", "landmark_days", "basis", "n", "metrics", "metrics_sha256",
                  "looked_at", "look", "left_out")  # fmt: skip

    def get_landmark_days(self, evaluation: Evaluation) -> int | None:
        return landmark_of(evaluation.snapshot.question) or None

    def get_metrics(self, evaluation: Evaluation) -> dict[str, Any]:
        """As stored, whose digest is ``metrics_sha256``; where a score only orders (a Rad-Score
        against response) ``calibration`` is null and ``calibration_left_out`` says why."""
        return metrics_told(evaluation.target, evaluation.metrics)

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


class JudgedSerializer(serializers.Serializer):
    """The leading figure of a target: AUC, C (Harrell's) or HR (low over high Rad-Score)."""

    target = serializers.CharField()
    landmark_days = serializers.IntegerField(allow_null=True, help_text=FROM_LANDMARK)
    n = serializers.IntegerField()
    measure = serializers.CharField()
    estimate = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)


class LookSerializer(serializers.Serializer):
    """A version shown on a frozen table of a validating cohort."""

    number = serializers.IntegerField(help_text="Of this cohort, from 1 on.")
    cohort = serializers.CharField()
    cohort_uid = serializers.UUIDField()
    role = serializers.CharField()
    looked_at = serializers.DateTimeField()
    by = serializers.CharField()
    how = serializers.ChoiceField(list(HOW))
    version = serializers.UUIDField()
    run = serializers.UUIDField()
    snapshot = serializers.UUIDField()
    judged = JudgedSerializer(many=True)


class LookViewSet(StudyScopedViewSet):
    """Every look at a validating cohort, the latest first; named by the uid of an evaluation."""

    serializer_class = LookSerializer
    queryset = Evaluation.objects.all()
    filterset_fields = ("cohort__name", "version__uid")

    def get_queryset(self) -> QuerySet:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        self.told = {look["key"]: look for look in looks_told(self.study)}
        return rows.filter(pk__in=self.told)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        found = [self.told[evaluation.pk] for evaluation in page]
        return self.get_paginated_response(self.get_serializer(found, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        evaluation = self.get_object()
        return Response(self.get_serializer(self.told[evaluation.pk]).data)


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


class ExaminationSerializer(WithoutRows):
    rows_in = {"results": EXAMINED}
    version = serializers.UUIDField(source="version.uid", read_only=True)

    class Meta:
        model = Examination
        fields = ("uid", "version", "seed", "results", "results_sha256", "notices", "seconds",
                  "created_at", "left_out")  # fmt: skip


class ExaminationViewSet(HasExploredFigures, StudyScopedViewSet):
    """Groups, cuts, subgroups, importance, learning, drift and sensitivity of a version."""

    serializer_class = ExaminationSerializer
    queryset = Examination.objects.select_related("version")
    filterset_fields = ("version__uid",)

    def figure_named(self, key: str) -> Figure | None:
        return examination_figure(self.get_object(), key)


class PatientScoreSerializer(PatientScopedSerializer):
    version = serializers.UUIDField(source="version.uid", read_only=True)

    class Meta:
        model = PatientScore
        fields = ("uid", "version", "patient", "value", "above_threshold", "applicable",
                  "distance", "distance_percentile", "reasons", "created_at")  # fmt: skip


class ScoreRequestSerializer(serializers.Serializer):
    version = serializers.UUIDField()
    patient = serializers.CharField(max_length=64)


class PatientScoreViewSet(StudyScopedViewSet):
    """Patients who came later through a released version; POST scores one."""

    right = "rows"
    serializer_class = PatientScoreSerializer
    queryset = PatientScore.objects.select_related("patient", "version")
    filterset_fields = ("version__uid", "applicable")

    @extend_schema(request=ScoreRequestSerializer, responses={201: PatientScoreSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = ScoreRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = version_named(self.study, str(asked.validated_data["version"]))
        patients = Patient.objects.visible_to(request.user).filter(study=self.study)
        patient = patients.filter(pseudonym=asked.validated_data["patient"]).first()
        if patient is None:
            raise Http404("No such patient that you may see.")
        row = patient_score(version, patient, request.user)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)


class ReportSerializer(serializers.ModelSerializer):
    content = serializers.SerializerMethodField()
    left_out = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = ("uid", "number", "sha256", "content", "created_at", "left_out")

    def get_content(self, report: Report) -> dict[str, Any]:
        """Figures that show patients come without numbers to those who may not take rows.

        ``sha256`` is the digest of the whole.
        """
        content: dict[str, Any] = report.content
        return content if self.context["view"].takes_rows else report_without_patients(content)

    @extend_schema_field(LeftOutSerializer(allow_null=True))
    def get_left_out(self, report: Report) -> dict[str, Any] | None:
        view = self.context["view"]
        gone = [] if view.takes_rows else figures_withheld(report.content)
        return left_out(view, [f"content.figures.{key}" for key in gone])


class ReportViewSet(HasExploredFigures, StudyScopedViewSet):
    serializer_class = ReportSerializer
    queryset = Report.objects.all()

    def figure_named(self, key: str) -> Figure | None:
        """One whose marks are patients is for those who may take rows of every one."""
        figure = report_figure_whole(self.get_object(), key)
        if figure and holds_patients(key, figure.columns, figure.rows):
            require_every_row(self.request.user, self.study)
        return figure
