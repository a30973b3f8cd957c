"""Model versions, their lives and their lineage."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from modeling.lineage import lineage_step
from modeling.models import (
    ModelVersion,
    VersionEvent,
    VersionState,
)
from modeling.selectors import states_of
from modeling.selectors.patient_rows import CONTENT_OF_A_VERSION
from modeling.services.nomogram_calculator import version_calculate
from modeling.services.nomogram_performance import performance_of
from modeling.services.version_card import version_card
from modeling.services.version_life import version_move
from modeling.services.version_manifest import manifest_write
from studies.access import require, study_for
from studies.api import StudyScopedViewSet
from studies.api.known_names import KnownNames

from .rows import WithoutRows


class ModelVersionSerializer(WithoutRows):
    rows_in = {"content": CONTENT_OF_A_VERSION}
    run = serializers.UUIDField(source="run.uid", read_only=True)
    fitting_snapshot = serializers.UUIDField(source="fitting_snapshot.uid", read_only=True)
    parents = serializers.SlugRelatedField(slug_field="uid", many=True, read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = ("uid", "kind", "number", "state", "method", "endpoint", "run", "fitting_snapshot",
                  "parents", "sha256", "threshold", "content", "created_at",
                  "left_out")  # fmt: skip

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
    any_name = ("calculate",)

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
    def performance(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A nomogram's C, AUC(t), slope and Brier per cohort, with and without the Rad-Score."""
        found = performance_of(self.get_object())
        if found is None:
            raise Http404("No nomogram that was judged.")
        return Response(found)

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def calculate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A nomogram's points and survival for values given as parameters (``?age_years=61``).

        Each variable once, in people's units; nothing is kept.
        """
        return Response(version_calculate(self.get_object(), request.query_params.dict()))

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


@extend_schema(parameters=[OpenApiParameter("study_uid", str, OpenApiParameter.PATH),
                           OpenApiParameter("digest", str, OpenApiParameter.PATH)])  # fmt: skip
class LineageViewSet(KnownNames, viewsets.ViewSet):
    """A digest with what it was made of, what it went into, and every model and report beyond."""

    lookup_field = "digest"

    @extend_schema(responses={200: dict})
    def retrieve(self, request: Request, study_uid: Any, digest: str) -> Response:
        study = study_for(request.user, study_uid)
        self.refuse_unknown_names(request)
        step = lineage_step(study, digest, request.user)
        if step is None:
            raise Http404("No such digest in the study.")
        return Response(step.as_dict())
