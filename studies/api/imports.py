"""Files handed in, and a table's way from its columns to its result: as the pages do it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from studies import services
from studies.access import reads_names
from studies.models import ImportBatch, Job
from studies.upload_limits import refusal_of

from .records import NamesPatients, StudyScopedViewSet


class ImportBatchSerializer(NamesPatients):
    names = ("problems", "notices", "look", "difference", "mapping")
    owner = "uploaded_by_id"
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True)
    job = serializers.SerializerMethodField()

    class Meta:
        model = ImportBatch
        fields = (
            "uid",
            "kind",
            "filename",
            "sha256",
            "size",
            "state",
            "options",
            "mapping",
            "look",
            "difference",
            "problem_count",
            "problems",
            "notices",
            "summary",
            "created_at",
            "job",
        )

    def get_job(self, batch: ImportBatch) -> str | None:
        job = services.batch_job(batch)
        return str(job.uid) if job else None


class UploadSerializer(serializers.Serializer):
    kind = serializers.CharField()
    file = serializers.FileField(allow_empty_file=True)
    options = serializers.JSONField(default=dict)
    confirm = serializers.BooleanField(
        default=False, help_text="A table halts to be described, checked and committed."
    )

    def validate_file(self, file: Any) -> Any:
        if file.size > settings.UPLOAD_MAX_BYTES:
            largest = settings.UPLOAD_MAX_BYTES / 2**30
            raise serializers.ValidationError(
                _("The file is larger than {largest:g} GB: split it.").format(largest=largest)
            )
        return file

    def validate_options(self, options: Any) -> dict[str, Any]:
        if not isinstance(options, dict):
            raise serializers.ValidationError(_("Options are an object of names and values."))
        return options


class MappingSerializer(serializers.Serializer):
    columns = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="Column of the file: patient_id, site, cohort, a variable, or empty (left out).",
    )
    site = serializers.CharField(default="", allow_blank=True, help_text="One for all lines.")
    cohort = serializers.CharField(default="", allow_blank=True, help_text="One for all lines.")


class DescribeSerializer(serializers.Serializer):
    options = serializers.DictField(child=serializers.CharField(), default=dict)
    mapping = MappingSerializer(required=False)
    new_sites = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="Sites that the study does not have yet and that are meant: a line of any other "
        "new site is refused. A file handed in without confirm takes them as options.new_sites.",
    )


class CommitSerializer(serializers.Serializer):
    skip_bad = serializers.BooleanField(default=False)


class StartedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = ("uid", "kind", "state")


class ImportViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Files handed in; POST hands one in (multipart: kind, file).

    A table handed in with ``confirm`` halts twice: ``describe`` says how it is read and which
    column is which, and starts the check; ``commit`` stores what was checked; ``revert`` takes it
    back while nothing depends on it.
    """

    serializer_class = ImportBatchSerializer
    queryset = ImportBatch.objects.select_related("file", "study")
    filterset_fields = ("kind", "state")

    @extend_schema(
        request={"multipart/form-data": UploadSerializer}, responses={201: ImportBatchSerializer}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = UploadSerializer(data=request.data)
        if refused := refusal_of(request._request):
            raise refused
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        file = given["file"]
        batch = services.batch_receive(
            self.study, request.user, given["kind"], file, file.name, given["options"],
            confirm=given["confirm"],
        )  # fmt: skip
        return Response(self.get_serializer(batch).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: MappingSerializer})
    @action(detail=True, methods=["get"])
    def suggestion(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What each column may be: as the study's last file was read, or by name."""
        batch = self._readable()
        columns = {found.column: found.target for found in services.table_suggestions(batch)}
        return Response({"columns": columns, "site": "", "cohort": ""})

    @extend_schema(request=DescribeSerializer, responses={202: StartedSerializer})
    @action(detail=True, methods=["post"])
    def describe(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = DescribeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        mapping = given.get("mapping")
        options = {name: given[name] for name in ("new_sites",) if name in given}
        return _started(
            services.table_describe(
                self._readable(),
                request.user,
                given["options"] | options,
                dict(mapping) if mapping else None,
            )
        )

    @extend_schema(request=CommitSerializer, responses={202: StartedSerializer})
    @action(detail=True, methods=["post"])
    def commit(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = CommitSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        skip_bad = asked.validated_data["skip_bad"]
        return _started(services.table_confirm(self._readable(), request.user, skip_bad))

    @extend_schema(request=None, responses={202: StartedSerializer})
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return _started(services.batch_revert_start(self._readable(), request.user))

    def _readable(self) -> ImportBatch:
        batch = self.get_object()
        user = self.request.user
        if not reads_names(user, self.study, batch.uploaded_by_id, batch.site_ids):
            raise PermissionDenied(_("The file holds patients of other sites."))
        return batch


def _started(job: Job) -> Response:
    return Response(StartedSerializer(job).data, status=status.HTTP_202_ACCEPTED)


ROUTES = [("imports", ImportViewSet, "import")]
