"""/api/v1/studies/…/uploads/: a file in parts. Begin, ask where it stands, send the next part."""

from __future__ import annotations

import base64
import binascii
import tempfile
from contextlib import nullcontext
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from studies import services
from studies.api.records import StudyScopedViewSet
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import PART_BYTES, ResumableUpload

PIECE = 2**18


class PartParser(BaseParser):
    """A part as it is, in a temporary file: many senders at once take no memory."""

    media_type = "application/offset+octet-stream"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it is forgotten)
        while file.tell() <= PART_BYTES and (data := stream.read(PIECE)):
            file.write(data)
        return file


def _sha256_said(header: str) -> str:
    """The sha256 of a Content-Digest in hex; nothing where it says none."""
    for item in header.split(","):
        name, _, value = item.strip().partition("=")
        if name == "sha-256":
            try:
                return base64.b64decode(value.strip(":"), validate=True).hex()
            except binascii.Error as error:
                raise refuse(
                    "Content-Digest", header, "sha-256=:base64:", "See /api/v1/docs/.",
                    column="Content-Digest",
                ) from error  # fmt: skip
    return ""


class ResumableUploadSerializer(serializers.ModelSerializer):
    filename = serializers.CharField(max_length=255)
    fingerprint = serializers.CharField(max_length=200, default="", allow_blank=True)
    size = serializers.IntegerField(min_value=0)
    options = serializers.DictField(default=dict)
    batch = serializers.UUIDField(source="batch.uid", read_only=True, default=None)
    page = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()

    class Meta:
        model = ResumableUpload
        fields = ("uid", "kind", "filename", "size", "fingerprint", "options", "part_bytes",
                  "received", "parts", "state", "problems", "batch", "page", "created_at",
                  "touched_at")  # fmt: skip
        read_only_fields = ("part_bytes", "received", "state", "problems", "touched_at")

    def get_parts(self, upload: ResumableUpload) -> list[dict[str, Any]]:
        """First and last byte of each part that is here, and its sha256; empty after a PATCH."""
        return [] if self.context["view"].action == "partial_update" else upload.ranges()

    def get_page(self, upload: ResumableUpload) -> str | None:
        """Where a person follows what becomes of the file, once it was handed in."""
        if upload.batch is None:
            return None
        job, batch = services.batch_job(upload.batch), upload.batch
        if job and job.kind == "studies.table_look":  # leads to the batch while it is looked at
            return reverse("studies:table_columns", args=[upload.study.uid, batch.uid])
        if job and not job.has_ended:
            return reverse("studies:job", args=[upload.study.uid, job.uid])
        return reverse("studies:batch", args=[upload.study.uid, batch.uid])


class ResumableUploadViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Your uploads in parts. PATCH sends the part that begins at the header ``Upload-Offset``."""

    serializer_class = ResumableUploadSerializer
    queryset = ResumableUpload.objects.select_related("study", "batch__study")
    filterset_fields = ("kind", "state")
    parser_classes = (JSONParser, PartParser)

    def get_queryset(self) -> QuerySet:
        """One's own only."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return super().get_queryset().filter(uploaded_by=self.request.user)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = services.upload_begin(self.study, request.user, **asked.validated_data)
        return self._answer(upload, status.HTTP_201_CREATED)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(
        request={PartParser.media_type: OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Content-Digest",
                str,
                OpenApiParameter.HEADER,
                description="sha-256=:…: of the part (RFC 9530); another one is not taken.",
            ),
        ],
        responses={200: ResumableUploadSerializer},
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        offset, sent = request.headers.get("Upload-Offset", ""), request.data
        with sent if hasattr(sent, "seek") else nullcontext() as part:
            if part is None or not offset.isdigit():
                raise refuse(
                    "Upload-Offset",
                    offset or "nothing",
                    say(
                        "a byte position, with a part as {media_type}",
                        media_type=PartParser.media_type,
                    ),
                    "See /api/v1/docs/.",
                    column="offset",
                )
            sha256 = _sha256_said(request.headers.get("Content-Digest", ""))
            return self._answer(services.upload_part(self.get_object(), int(offset), part, sha256))

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        services.upload_discard(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, upload: ResumableUpload, code: int = status.HTTP_200_OK) -> Response:
        headers = {"Upload-Offset": str(upload.received)}
        return Response(self.get_serializer(upload).data, status=code, headers=headers)


ROUTES = [("uploads", ResumableUploadViewSet, "resumable-upload")]
