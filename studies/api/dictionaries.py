"""Data dictionaries: versions, what differs, and editing the draft."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import dictionaries, services
from studies.methods.dictionary import KNOWN_WHEN, MISSING_CODES, DerivedSpec, VariableSpec
from studies.models import DerivedVariable, DictionaryVersion, Variable, VariableType

from .records import StudyScopedViewSet


class VariableSerializer(serializers.Serializer):
    uid = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=64)
    label = serializers.CharField(max_length=200)
    type = serializers.ChoiceField(VariableType.choices)
    form = serializers.SlugField(max_length=40, default="baseline")
    section = serializers.CharField(max_length=80, default="", allow_blank=True)
    unit = serializers.CharField(max_length=40, default="", allow_blank=True)
    minimum = serializers.FloatField(default=None, allow_null=True)
    maximum = serializers.FloatField(default=None, allow_null=True)
    plausible_minimum = serializers.FloatField(default=None, allow_null=True)
    plausible_maximum = serializers.FloatField(default=None, allow_null=True)
    codes = serializers.DictField(child=serializers.CharField(), default=dict)
    missing_codes = serializers.ListField(
        child=serializers.CharField(max_length=40), default=list(MISSING_CODES)
    )
    required_for = serializers.ListField(child=serializers.CharField(max_length=40), default=list)
    known_when = serializers.ChoiceField(
        [(value, value) for value in KNOWN_WHEN],
        default="",
        allow_blank=True,
        help_text="When its value is known; blank (not said) is offered to no model.",
    )

    def spec(self) -> VariableSpec:
        given = dict(self.validated_data)
        given |= {name: tuple(given[name]) for name in ("missing_codes", "required_for")}
        return VariableSpec(**given)


class DerivedSerializer(serializers.Serializer):
    """It is known when the last of what it is made of is."""

    uid = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=64)
    label = serializers.CharField(max_length=200)
    expression = serializers.CharField(max_length=500)
    unit = serializers.CharField(max_length=40, default="", allow_blank=True)

    def spec(self) -> DerivedSpec:
        return DerivedSpec(**self.validated_data)


class DictionarySerializer(serializers.ModelSerializer):
    variables = VariableSerializer(many=True, read_only=True)
    derived = DerivedSerializer(many=True, read_only=True)

    class Meta:
        model = DictionaryVersion
        fields = ("uid", "number", "frozen_at", "note", "variables", "derived")


class NoteSerializer(serializers.Serializer):
    note = serializers.CharField()


class KnownSerializer(serializers.Serializer):
    known_when = serializers.DictField(
        child=serializers.ChoiceField([(value, value) for value in KNOWN_WHEN], allow_blank=True),
        help_text="By name of a variable when its value is known.",
    )


class DifferenceSerializer(serializers.Serializer):
    name = serializers.CharField()
    kind = serializers.CharField()
    changes = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class DictionaryViewSet(StudyScopedViewSet):
    """Versions of the data dictionary; POST starts the next draft (or returns the present one)."""

    serializer_class = DictionarySerializer
    queryset = DictionaryVersion.objects.prefetch_related("variables", "derived")
    filterset_fields = ("number",)

    @extend_schema(request=None, responses={201: DictionarySerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        draft = services.dictionary_draft(self.study, request.user)
        return Response(self.get_serializer(draft).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NoteSerializer, responses={200: DictionarySerializer})
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put the draft in force."""
        asked = NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = services.dictionary_freeze(
            self.get_object(), request.user, asked.validated_data["note"]
        )
        return Response(self.get_serializer(version).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Throw a draft away; a frozen version stays."""
        services.dictionary_discard(self.get_object(), request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=VariableSerializer, responses={201: VariableSerializer})
    @action(detail=True, methods=["post"], url_path="variables")
    def variables(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a variable to the draft."""
        return self._write(request, VariableSerializer, None, status.HTTP_201_CREATED)

    @extend_schema(request=KnownSerializer, responses={200: DictionarySerializer})
    @action(detail=True, methods=["put"], url_path="known-when")
    def known_when(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say of several variables of the draft when their values are known."""
        asked = KnownSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.dictionary_known_write(
            self.get_object(), request.user, asked.validated_data["known_when"]
        )
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=DerivedSerializer, responses={201: DerivedSerializer})
    @action(detail=True, methods=["post"], url_path="derived")
    def derived(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a derived variable to the draft."""
        return self._write(request, DerivedSerializer, None, status.HTTP_201_CREATED)

    @extend_schema(
        request=VariableSerializer,
        responses={200: VariableSerializer, 204: None},
        parameters=[OpenApiParameter("variable_uid", str, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["put", "delete"], url_path="variables/(?P<variable_uid>[^/.]+)")
    def variable(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a variable of the draft, or take it out."""
        row = get_object_or_404(self.get_object().variables, uid=_uid(kwargs["variable_uid"]))
        return self._change(request, VariableSerializer, row)

    @extend_schema(
        request=DerivedSerializer,
        responses={200: DerivedSerializer, 204: None},
        parameters=[OpenApiParameter("derived_uid", str, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["put", "delete"], url_path="derived/(?P<derived_uid>[^/.]+)")
    def derived_one(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a derived variable of the draft, or take it out."""
        row = get_object_or_404(self.get_object().derived, uid=_uid(kwargs["derived_uid"]))
        return self._change(request, DerivedSerializer, row)

    @extend_schema(
        responses={200: DifferenceSerializer(many=True)},
        parameters=[OpenApiParameter("other_uid", str, OpenApiParameter.PATH)],
        filters=False,
    )
    @action(detail=True, url_path="against/(?P<other_uid>[^/.]+)", pagination_class=None)
    def against(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What differs from this version to another."""
        other = get_object_or_404(self.get_queryset(), uid=_uid(kwargs["other_uid"]))
        found = dictionaries.differences(self.get_object(), other)
        return Response([asdict(one) for one in found])

    def _change(self, request: Request, shape: Any, row: Variable | DerivedVariable) -> Response:
        if request.method == "DELETE":
            services.variable_drop(row, request.user)
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self._write(request, shape, row, status.HTTP_200_OK)

    def _write(self, request: Request, shape: Any, row: Any, code: int) -> Response:
        asked = shape(data=request.data)
        asked.is_valid(raise_exception=True)
        write: Any = (
            services.derived_write if shape is DerivedSerializer else services.variable_write
        )
        written = write(self.get_object(), request.user, asked.spec(), row)
        return Response(shape(written).data, status=code)


def _uid(text: str) -> Any:
    return serializers.UUIDField().to_internal_value(text)


ROUTES = [("dictionaries", DictionaryViewSet, "dictionary")]
