"""The study at a glance over the API: the same counts, comparisons and saved selections."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import access, services
from studies.languages import spoken
from studies.methods.selection import Count, counted
from studies.methods.selection_comparison import Described, Difference
from studies.models import SavedSelection
from studies.selection_comparisons import differences, groups_of
from studies.selections import Selection, selection_of

from .records import StudyScopedViewSet

CONDITIONS = OpenApiParameter(
    "conditions", OpenApiTypes.STR, OpenApiParameter.QUERY,
    description="Any number of conditions, each named by its column: `clinical.sex=male` (again "
    "for another level), `clinical.age_years:from=60`, `clinical.age_years:below=70`, "
    "`clinical.cea_ng_ml:limit=<`, `clinical.sex:missing=1`.",
)  # fmt: skip
WITH = OpenApiParameter(
    "with", OpenApiTypes.STR, OpenApiParameter.QUERY,
    description="Conditions of the other group as one encoded text; everybody else without it.",
)  # fmt: skip
# Answers to real requests: tests/studies/test_glance_api.py asks again and compares.
GLANCE_EXAMPLE: dict[str, Any] = {
    "selected": 2,
    "patients": 3,
    "conditions": "clinical.sex=male",
    "words": ["Sex: male"],
    "left_out": {"withdrawn from the study": 1},
    "as_of": "2026-01-01T00:00:00Z",
    "columns": [
        {
            "key": "clinical.sex",
            "title": "Sex",
            "kind": "category",
            "group": "Clinical: Patient",
            "unit": "",
            "note": "",
            "n": 2,
            "missing": 0,
            "bars": [
                {"key": "male", "label": "male", "count": 2, "total": 2, "low": None,
                 "high": None, "chosen": True},
                {"key": "female", "label": "female", "count": 1, "total": 1, "low": None,
                 "high": None, "chosen": False},
            ],
            "not_known": {"count": 0, "total": 0, "chosen": False},
            "quartiles": None,
        }
    ],
}  # fmt: skip


class SavedSelectionSerializer(serializers.ModelSerializer):
    class Meta:
        model = SavedSelection
        fields = ("uid", "name", "address", "created_at")
        read_only_fields = ("uid", "created_at")


class SavedSelectionViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Selections under a name, shared in the study; POST saves one, ``retire`` takes it away."""

    serializer_class = SavedSelectionSerializer
    queryset = SavedSelection.objects.filter(retired_at=None).select_related("study")

    @extend_schema(
        examples=[OpenApiExample("men over 60", {"name": "men over 60", "address":
                  "clinical.age_years%3Afrom=60&clinical.sex=male"}, request_only=True)]
    )  # fmt: skip
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = services.selection_save(self.study, request.user, **asked.validated_data)
        return Response(self.get_serializer(saved).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: SavedSelectionSerializer})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        saved = services.selection_retire(self.get_object(), request.user)
        return Response(self.get_serializer(saved).data)


class GlanceViewSet(StudyScopedViewSet):
    """Every column counted under conditions; one ``key`` alone by its address."""

    queryset = SavedSelection.objects.all()
    serializer_class = SavedSelectionSerializer
    lookup_field = "key"
    lookup_value_regex = r"[a-z0-9_.]+"
    pagination_class = None
    by_column = ("list", "retrieve", "compare")

    def _selection(self, request: Request) -> Selection:
        access.require(request.user, self.study, "rows")
        asked = request.query_params
        return selection_of(
            request.user, self.study, [(n, str(v)) for n, vs in asked.lists() for v in vs]
        )

    @extend_schema(
        operation_id="studies_glance_counts", parameters=[CONDITIONS], responses={200: dict},
        examples=[OpenApiExample("men", GLANCE_EXAMPLE, response_only=True)],
    )  # fmt: skip
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        selection = self._selection(request)
        table = selection.table
        _, counts = counted(table.columns, selection.conditions, table.size)
        return Response(
            {
                "selected": selection.size,
                "patients": table.size,
                "conditions": selection.address,
                "words": selection.words,
                "left_out": table.left_out,
                "as_of": table.as_of,
                "columns": [_count(count) for count in counts.values()],
            }
        )

    @extend_schema(
        parameters=[CONDITIONS, OpenApiParameter("key", OpenApiTypes.STR, OpenApiParameter.PATH)],
        responses={200: dict},
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        selection = self._selection(request)
        table = selection.table
        _, counts = counted(table.columns, selection.conditions, table.size)
        if kwargs["key"] not in counts:
            raise serializers.ValidationError({"key": "no column of the study"})
        return Response(_count(counts[kwargs["key"]]))

    @extend_schema(parameters=[CONDITIONS, WITH], responses={200: dict})
    @action(detail=False)
    def compare(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The selection beside everybody else, or beside the conditions of ``with``."""
        selection = self._selection(request)
        other = request.query_params.get("with", "")
        groups = groups_of(request.user, self.study, selection, other)
        return Response(
            {
                "selected": int(groups.one.sum()),
                "other": int(groups.other.sum()),
                "other_is": groups.other_name,
                "in_both": groups.shared,
                "columns": [_difference(row) for row in differences(selection, groups)],
            }
        )


def _count(count: Count) -> dict[str, Any]:
    column = count.column
    shown = {
        name: getattr(column, name) for name in ("key", "title", "kind", "group", "unit", "note")
    }
    return {
        **shown,
        "n": count.n,
        "missing": count.missing,
        "bars": [asdict(bar) for bar in count.bars],
        "not_known": {name: getattr(count.absent, name) for name in ("count", "total", "chosen")},
        "quartiles": count.quartiles,
    }


def _difference(row: Difference) -> dict[str, Any]:
    test = row.test
    return {
        "key": row.column.key,
        "title": spoken(row.column.title),
        "selected": _described(row.one),
        "other": _described(row.other),
        "standardised_difference": row.standardised,
        "test": test.name if test else None,
        "p_value": test.p_value if test else None,
        "adjusted_p_value": row.adjusted,
        "not_tested_because": row.reason,
    }


def _described(part: Described) -> dict[str, Any]:
    return {**asdict(part), "median": None if np.isnan(part.median) else part.median}


ROUTES = [
    ("selections", SavedSelectionViewSet, "selection"),
    ("glance", GlanceViewSet, "glance"),
]
