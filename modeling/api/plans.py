"""Questions and plans, written before a run."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from modeling.models import (
    AnalysisPlan,
    SavedQuestion,
)
from modeling.services.plans import (
    plan_lock,
    plan_save,
    question_save,
)
from studies.api import StudyScopedViewSet


class DocumentSerializer(serializers.Serializer):
    document = serializers.JSONField()


def document_of(request: Request) -> Any:
    asked = DocumentSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return asked.validated_data["document"]


class SavedQuestionSerializer(serializers.ModelSerializer):
    class Meta:
        model = SavedQuestion
        fields = ("uid", "number", "name", "document", "created_at")


class SavedQuestionViewSet(StudyScopedViewSet):
    """Cohorts, features and filters that a table is frozen for; POST saves one."""

    serializer_class = SavedQuestionSerializer
    queryset = SavedQuestion.objects.all()

    @extend_schema(request=DocumentSerializer, responses={201: SavedQuestionSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        saved = question_save(self.study, request.user, document_of(request))
        return Response(self.get_serializer(saved).data, status=status.HTTP_201_CREATED)


class AnalysisPlanSerializer(serializers.ModelSerializer):
    class Meta:
        model = AnalysisPlan
        fields = ("uid", "number", "document", "sha256", "locked_at", "created_at")


class AnalysisPlanViewSet(StudyScopedViewSet):
    """What was announced before a run; POST writes, PATCH changes, ``lock`` ends all changes."""

    serializer_class = AnalysisPlanSerializer
    queryset = AnalysisPlan.objects.select_related("study")

    @extend_schema(request=DocumentSerializer, responses={201: AnalysisPlanSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        saved = plan_save(self.study, request.user, document_of(request))
        return Response(self.get_serializer(saved).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DocumentSerializer, responses={200: AnalysisPlanSerializer})
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Other words, as long as it is not locked."""
        saved = plan_save(self.study, request.user, document_of(request), self.get_object())
        return Response(self.get_serializer(saved).data)

    @extend_schema(request=None, responses={200: AnalysisPlanSerializer})
    @action(detail=True, methods=["post"])
    def lock(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(plan_lock(self.get_object(), request.user)).data)
