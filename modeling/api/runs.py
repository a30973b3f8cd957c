"""Frozen tables, runs, and runs that were computed again."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from modeling.models import (
    DatasetSnapshot,
    ModelRun,
    Reproduction,
    SnapshotMember,
)
from modeling.overviews import run_figure
from modeling.run_wizard import run_checked
from modeling.selectors.patient_rows import DIFFERENCES, RESULTS_OF_A_RUN
from modeling.services.frozen_files import snapshot_columns, snapshot_manifest
from modeling.services.plans import (
    departures_of,
    recipe_preview,
)
from modeling.services.prognosis_check import prognosis_check
from modeling.services.prognosis_columns import column_told, columns_of
from modeling.services.snapshot_comparison import snapshots_compare
from studies.access import require
from studies.api import HasExploredFigures, PatientScopedSerializer, StudyScopedViewSet
from studies.api.records import CountedSerializer
from studies.figures.figure import Figure

from .plans import DocumentSerializer, document_of
from .rows import WithoutRows


class SnapshotSerializer(CountedSerializer):
    included = serializers.SerializerMethodField()
    left_out = serializers.SerializerMethodField()

    class Meta:
        model = DatasetSnapshot
        fields = ("uid", "number", "question", "targets", "columns", "sha256", "notices",
                  "frozen_at", "not_reproducible_since", "included", "left_out",
                  "counted_at")  # fmt: skip

    def get_included(self, snapshot: DatasetSnapshot) -> int:
        return snapshot.members.filter(included=True).count()

    def get_left_out(self, snapshot: DatasetSnapshot) -> int:
        return snapshot.members.filter(included=False).count()


class ColumnSerializer(serializers.Serializer):
    """A column of a frozen table."""

    name = serializers.CharField()
    type = serializers.CharField()
    unit = serializers.CharField()
    meaning = serializers.CharField()
    known_when = serializers.CharField(
        allow_blank=True, help_text="before_treatment, during_treatment, at_outcome, or not said."
    )
    missing = serializers.IntegerField()


class RunChoiceSerializer(serializers.Serializer):
    """What a run would do: a preset by name or a whole recipe, and a seed."""

    recipe = serializers.JSONField(default="paper")
    seed = serializers.IntegerField(default=0, min_value=0)


class SnapshotViewSet(StudyScopedViewSet):
    """Frozen rows of a question; ``sha256`` is that of their Parquet table.

    The rows leave as every file does: POST ``exports/`` with content ``frozen_table``, format
    ``csv``, ``parquet`` or ``zip`` and ``filters`` ``{"snapshot": uid}``.
    """

    serializer_class = SnapshotSerializer
    queryset = DatasetSnapshot.objects.select_related("table", "study")

    @extend_schema(
        responses={200: dict}, parameters=[OpenApiParameter("to", str, OpenApiParameter.QUERY)]
    )
    @action(detail=True)
    def compare(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who came and went and what changed between this frozen table and the one named ``to``."""
        before = self.get_object()
        wanted = request.query_params.get("to")
        after = next((row for row in self.get_queryset() if str(row.uid) == wanted), None)
        if after is None:
            raise Http404("Name another frozen table of the study: ?to=uid.")
        return Response(snapshots_compare(before, after, request.user))

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def manifest(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Digest, question, cohorts and what used it; no patient's value."""
        return Response(snapshot_manifest(self.get_object()))

    @extend_schema(responses={200: ColumnSerializer(many=True)})
    @action(detail=True, pagination_class=None)
    def columns(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Name, type, unit, meaning and gaps of every column, in the order of the table."""
        return Response(snapshot_columns(self.get_object()))

    @extend_schema(request=RunChoiceSerializer, responses={200: dict})
    @action(detail=True, methods=["post"])
    def check(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Before a run: findings of the leak guard, its cost, departures from the plan."""
        require(request.user, self.study, "run")
        asked = RunChoiceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        recipe, seed = asked.validated_data["recipe"], asked.validated_data["seed"]
        return Response(run_checked(self.study, str(self.get_object().uid), recipe, seed))


class SnapshotMemberSerializer(PatientScopedSerializer):
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    cohort = serializers.CharField(source="cohort.name", read_only=True)

    class Meta:
        model = SnapshotMember
        fields = ("uid", "snapshot", "patient", "pseudonym", "cohort", "included", "reason")


class SnapshotMemberViewSet(StudyScopedViewSet):
    """Who is in a frozen table under which pseudonym, and who is not and why."""

    right = "rows"
    serializer_class = SnapshotMemberSerializer
    queryset = SnapshotMember.objects.select_related("patient", "snapshot", "cohort")
    filterset_fields = ("snapshot__uid", "cohort__name", "included")


class ModelRunSerializer(WithoutRows):
    rows_in = {"results": RESULTS_OF_A_RUN}
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    snapshot_sha256 = serializers.CharField(source="snapshot.sha256", read_only=True)
    versions = serializers.SlugRelatedField(slug_field="uid", many=True, read_only=True)

    class Meta:
        model = ModelRun
        fields = ("uid", "kind", "recipe", "snapshot", "snapshot_sha256", "seed", "threads",
                  "library_versions", "commit", "results", "results_sha256", "notices",
                  "seconds", "versions", "created_at", "left_out")  # fmt: skip


class PrognosisChoiceSerializer(serializers.Serializer):
    """What a prognosis run would do; what is left out is as usual, or as its rows have it."""

    snapshot = serializers.CharField(
        required=False,
        help_text="A frozen table's uid, or newest; none freezes the rows as they stand.",
    )
    question = serializers.CharField(
        required=False, help_text="A saved question of a prognosis, to be frozen first."
    )
    endpoint = serializers.CharField(required=False, help_text="Overall survival if none.")
    rad_score = serializers.UUIDField(required=False, help_text="A version; the newest if none.")
    cohorts = serializers.ListField(child=serializers.CharField(), required=False)
    horizons = serializers.ListField(child=serializers.FloatField(), required=False)
    headline = serializers.FloatField(required=False)
    landmark = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="Days after the start of treatment that time is counted from, of whoever is "
        "followed without event beyond them; 0 or none: from the start.",
    )
    immunoscore = serializers.ChoiceField(["yes", "no"], required=False)
    candidates = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Columns of the dictionary that are known before treatment.",
    )
    selection = serializers.ChoiceField(["lasso", "fixed"], default="lasso")
    splines = serializers.ListField(child=serializers.CharField(), required=False)
    penalty = serializers.ChoiceField(["none", "firth"], default="none")
    resamples = serializers.IntegerField(default=1000, min_value=0)
    seed = serializers.IntegerField(default=0, min_value=0)


class ModelRunViewSet(HasExploredFigures, StudyScopedViewSet):
    """Recipe, frozen table and seed with what came out: classifiers compared, ablations."""

    serializer_class = ModelRunSerializer
    queryset = ModelRun.objects.select_related("snapshot", "produced_by", "study").prefetch_related(
        "versions"
    )
    filterset_fields = ("kind",)

    def figure_named(self, key: str) -> Figure | None:
        return run_figure(self.get_object(), key)

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def plan(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The plan that was locked before the run, and where the run departs from it."""
        found = departures_of(self.get_object()) or {"plan": None, "departures": []}
        return Response(found | {"plan": found["plan"] and str(found["plan"].uid)})

    @extend_schema(request=PrognosisChoiceSerializer, responses={200: dict})
    @action(detail=False, methods=["post"], url_path="prognosis-check")
    def prognosis_check(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Before a prognosis run: who is in, covariates, leaks, sample size, plan, cost."""
        require(request.user, self.study, "run")
        asked = PrognosisChoiceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(prognosis_check(self.study, asked.validated_data))

    @extend_schema(responses={200: dict})
    @action(detail=False, url_path="prognosis-columns")
    def prognosis_columns(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Columns of the dictionary: those a prognosis may be offered, and why not the others."""
        require(request.user, self.study, "run")
        found = columns_of(self.study)
        return Response([column_told(one) for one in found.values()])

    @extend_schema(request=DocumentSerializer, responses={200: dict})
    @action(detail=False, methods=["post"])
    def preview(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What a recipe will cost, before it starts."""
        return Response(recipe_preview(self.study, document_of(request)))


class ReproductionSerializer(WithoutRows):
    rows_in = {"differences": DIFFERENCES}
    run = serializers.UUIDField(source="run.uid", read_only=True)

    class Meta:
        model = Reproduction
        fields = ("uid", "run", "verdict", "tolerance", "compared", "largest_difference", "parts",
                  "differences", "library_versions", "changed_libraries", "changed_since",
                  "commit", "seconds", "created_at", "left_out")  # fmt: skip


class ReproductionViewSet(StudyScopedViewSet):
    """Runs that were computed again, and whether every number came out."""

    serializer_class = ReproductionSerializer
    queryset = Reproduction.objects.select_related("run")
    filterset_fields = ("run__uid", "verdict")
