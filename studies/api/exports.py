"""Files to take away, and the record of who read what: as the pages do it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import services
from studies.models import Export, ExportContent, ExportFormat, ReadRecord
from studies.tables import attachment

from .records import StudyScopedViewSet


class ExportSerializer(serializers.ModelSerializer):
    name = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="file.sha256", read_only=True, default=None)

    class Meta:
        model = Export
        fields = ("uid", "content", "format", "name", "sha256", "filters", "columns", "row_count",
                  "left_out", "created_at", "expires_at", "is_there")  # fmt: skip

    def get_name(self, export: Export) -> str:
        return services.export_name(export)


class ExportRequestSerializer(serializers.Serializer):
    content = serializers.ChoiceField(ExportContent.choices, default=ExportContent.PATIENTS)
    format = serializers.ChoiceField(ExportFormat.choices, default=ExportFormat.CSV)
    filters = serializers.DictField(child=serializers.CharField(), default=dict)


class ExportStartedSerializer(serializers.Serializer):
    uid = serializers.UUIDField()
    job = serializers.UUIDField()


class ExportViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Your files; POST starts the making of one, ``file`` hands it out until it expires."""

    serializer_class = ExportSerializer
    queryset = Export.objects.select_related("file", "study")
    filterset_fields = ("content", "format")

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(made_by_id=self.request.user.pk)

    @extend_schema(request=ExportRequestSerializer, responses={202: ExportStartedSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = ExportRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        export, job = services.export_start(
            self.study, request.user, given["content"], given["format"], given["filters"]
        )
        return Response({"uid": export.uid, "job": job.uid}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={(200, "text/csv"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        export = services.export_download(self.get_object(), request.user)
        assert export.file is not None
        return attachment(services.file_open(export.file), services.export_name(export))


class ReadRecordSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = ReadRecord
        fields = ("uid", "created_at", "user", "action", "page", "subject", "row_count", "columns")


class ReadRecordViewSet(StudyScopedViewSet):
    """Who read what of patients, for administrators."""

    right = "manage"
    serializer_class = ReadRecordSerializer
    queryset = ReadRecord.objects.select_related("user")
    filterset_fields = ("action", "page")


ROUTES = [
    ("exports", ExportViewSet, "export"),
    ("read-records", ReadRecordViewSet, "read-record"),
]
