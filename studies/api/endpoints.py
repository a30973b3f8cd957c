"""Endpoints: values and rules by version; POST starts the job that changes or adds one."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import services
from studies.access import require
from studies.methods.endpoint_kinds import KINDS, SHIPPED
from studies.models import EndpointDefinition, EndpointStanding, EndpointValue, Job

from .records import JobSerializer, PatientScopedSerializer, StudyScopedViewSet


class EndpointValueSerializer(PatientScopedSerializer):
    endpoint = serializers.CharField(source="definition.name", read_only=True)
    version = serializers.IntegerField(source="definition.version", read_only=True)

    class Meta:
        model = EndpointValue
        fields = ("uid", "patient", "endpoint", "version", "duration_days", "event", "label",
                  "source", "notices", "inputs_digest", "method_version")  # fmt: skip


class EndpointValueViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = EndpointValueSerializer
    queryset = EndpointValue.objects.select_related("patient", "definition")
    filterset_fields = ("definition__name",)

    @extend_schema(request=None, responses={202: JobSerializer}, filters=False)
    @action(detail=False, methods=["post"], url_path="derive-again")
    def derive_again(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start the job that derives what an earlier version of the method gave."""
        return _started(services.endpoints_derive_start(self.study, request.user), self)


def _started(job: Job, view: StudyScopedViewSet) -> Response:
    shown = JobSerializer(job, context=view.get_serializer_context())
    return Response(shown.data, status=status.HTTP_202_ACCEPTED)


class EndpointDefinitionSerializer(serializers.ModelSerializer):
    class Meta:
        model = EndpointDefinition
        fields = ("uid", "name", "version", "rule", "created_at")


class EndpointChangeSerializer(serializers.Serializer):
    """``rule`` names the parts that change; the others keep what the version in force says.

    A name that is new in the study, with ``kind`` and ``title``, is an endpoint of its own.
    """

    name = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(sorted(KINDS), required=False)
    title = serializers.CharField(max_length=80, required=False)
    rule = serializers.DictField(default=dict)
    reason = serializers.CharField(max_length=500)


class EndpointDefinitionViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """How each endpoint is derived, by version; POST starts the job that puts another in force."""

    serializer_class = EndpointDefinitionSerializer
    queryset = EndpointDefinition.objects.all()
    filterset_fields = ("name", "version")

    @extend_schema(request=EndpointChangeSerializer, responses={202: JobSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = EndpointChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        require(request.user, self.study, "manage")
        return _started(self._start(request.user, **asked.validated_data), self)

    def _start(
        self, user: Any, name: str, rule: Any, reason: str, kind: str = "", title: str = ""
    ) -> Job:
        known = EndpointDefinition.objects.filter(study=self.study, name=name).exists()
        if (known or name in SHIPPED) and not (kind or title):
            return services.endpoint_change_start(self.study, user, name, rule, reason)
        return services.endpoint_create_start(self.study, user, name, kind, title, rule, reason)


class EndpointStandingSerializer(serializers.ModelSerializer):
    class Meta:
        model = EndpointStanding
        fields = ("uid", "name", "is_offered", "since", "reason", "created_at")


class EndpointStandingRequestSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=64, help_text="An endpoint that the study named.")
    is_offered = serializers.BooleanField(help_text="False retires it, true offers it again.")
    since = serializers.DateField(
        required=False, help_text="Of a retirement: today unless said. An offer is from today."
    )
    reason = serializers.CharField(max_length=500)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["is_offered"] and "since" in given:
            raise serializers.ValidationError({"since": _("An offer is from today.")})
        return given


class EndpointStandingViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Which endpoints of the study's own are retired; POST retires one, or offers it again."""

    serializer_class = EndpointStandingSerializer
    queryset = EndpointStanding.objects.order_by("-id")
    filterset_fields = ("name", "is_offered")

    @extend_schema(
        request=EndpointStandingRequestSerializer, responses={201: EndpointStandingSerializer}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = EndpointStandingRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        name, reason = given["name"], given["reason"]
        if given["is_offered"]:
            row = services.endpoint_offer(self.study, request.user, name, reason)
        else:
            since = given.get("since") or timezone.localdate()
            row = services.endpoint_retire(self.study, request.user, name, since, reason)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)


ROUTES = [
    ("endpoint-standings", EndpointStandingViewSet, "endpoint-standing"),
    ("endpoint-definitions", EndpointDefinitionViewSet, "endpoint-definition"),
    ("endpoint-values", EndpointValueViewSet, "endpoint-value"),
]
