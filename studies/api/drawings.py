"""Figures that a job draws, over the API: which there are, how they stand, and what is in them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import access, registry, services
from studies.figures.figure import Figure
from studies.figures.letters import POLICY, with_letters
from studies.figures.render import figure_csv
from studies.languages import spoken
from studies.methods.wording import from_stored
from studies.models import Drawing
from studies.services import Drawn
from studies.tables import attachment

from .explored import KEY, OF_A_FIGURE, HasExploredFigures
from .records import StudyScopedViewSet

PAGE = OpenApiParameter(
    "page", OpenApiTypes.STR, OpenApiParameter.QUERY, required=True,
    description="A name that `pages` lists.",
)  # fmt: skip
SUBJECT = OpenApiParameter(
    "subject", OpenApiTypes.STR, OpenApiParameter.QUERY,
    description="uid of the matrix or correction that the page is about, where it is about one.",
)  # fmt: skip
# Answers to real requests: tests/genomics/test_genomics_pages.py asks again and compares.
STANDING_EXAMPLE: dict[str, Any] = {
    "page": "genomics:phenotype",
    "title": "Immune phenotype",
    "subject": "",
    "state": "drawn",
    "drawing": "019a0000-0000-7000-8000-000000000001",
    "job": None,
}
LISTED_EXAMPLE: dict[str, Any] = {
    "key": "distributions",
    "title": "Cell types by label",
    "caption": "Boxes: quartiles and median; whiskers to the farthest value within 1.5 "
    "interquartile ranges; dots beyond. The labels were found from these abundances, so no test "
    "is shown.",
    "wide": False,
    "notes": [],
    "rows": 22,
}
DATA_EXAMPLE: dict[str, Any] = {
    "key": "distributions",
    "columns": ["cell type", "label", "n", "mean", "lower quartile", "median", "upper quartile"],
    "rows": [["T cells", "hot", 19, 0.921052, 0.810253, 0.956553, 1.00299]],
    "rows_left_out": "",
}


class FigureSerializer(serializers.Serializer):
    """A figure without its picture; ``rows`` counts the lines of its table."""

    key = serializers.CharField()
    title = serializers.CharField()
    caption = serializers.CharField()
    wide = serializers.BooleanField()
    notes = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField()

    def to_representation(self, figure: dict[str, Any]) -> dict[str, Any]:
        kept = ("key", "title", "caption", "wide")
        notes, rows = list(figure.get("notes", ())), len(figure["rows"])
        return {name: figure[name] for name in kept} | {"notes": notes, "rows": rows}


class DrawingSerializer(serializers.ModelSerializer):
    figures = FigureSerializer(many=True, read_only=True)
    said = serializers.SerializerMethodField()

    class Meta:
        model = Drawing
        fields = ("uid", "page", "subject", "inputs_digest", "created_at", "said", "figures")

    def get_said(self, drawing: Drawing) -> dict[str, Any]:
        """What stands beside the figures, as sentences."""
        return from_stored(drawing.said)


class DrawnPageSerializer(serializers.Serializer):
    page = serializers.CharField(source="name")
    title = serializers.SerializerMethodField()

    def get_title(self, page: registry.DrawnPage) -> str:
        return spoken(page.title)


class AskedSerializer(serializers.Serializer):
    page = serializers.CharField()
    subject = serializers.CharField(default="", allow_blank=True)


class StandingSerializer(serializers.Serializer):
    """Whether a page is drawn of the rows as you see them now."""

    page = serializers.CharField()
    title = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(
        ["drawn", "under way", "failed", "not drawn", "nothing to draw"]
    )
    drawing = serializers.UUIDField(allow_null=True)
    job = serializers.UUIDField(allow_null=True)


class SpecificationSerializer(serializers.Serializer):
    """Vega-Lite with its data, as every drawer of it takes it."""

    key = serializers.CharField()
    title = serializers.CharField()
    caption = serializers.CharField()
    specification = serializers.DictField()


class FigureDataSerializer(serializers.Serializer):
    """The table behind a figure."""

    key = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())
    rows_left_out = serializers.CharField(
        allow_blank=True, help_text="Why lines of patients are missing; empty: none is."
    )


class DrawingViewSet(HasExploredFigures, mixins.CreateModelMixin, StudyScopedViewSet):
    """Figures kept under the digest of the rows they were drawn from; yours are those of the sites
    you read. POST draws a page of the rows as you see them now, or gives the drawing there is.
    """

    right = "rows"
    serializer_class = DrawingSerializer
    queryset = Drawing.objects.defer("specs", "pictures").order_by("-id")
    filterset_fields = ("page", "subject")

    @extend_schema(responses={200: DrawnPageSerializer(many=True)}, filters=False)
    @action(detail=False, pagination_class=None)
    def pages(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What can be drawn."""
        return Response(DrawnPageSerializer(registry.drawn_pages(), many=True).data)

    @extend_schema(
        parameters=[PAGE, SUBJECT], responses={200: StandingSerializer}, filters=False,
        examples=[OpenApiExample("drawn", STANDING_EXAMPLE, response_only=True)],
    )  # fmt: skip
    @action(detail=False)
    def state(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How a page stands; nothing is started."""
        return Response(self._standing(_asked(request.query_params)))

    @extend_schema(request=AskedSerializer, responses={200: StandingSerializer,
                                                       202: StandingSerializer})  # fmt: skip
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = _asked(request.data)
        self._standing(asked)  # 404 for what is no page of this study
        services.page_draw_start(self.study, request.user, *asked, again=True)
        told = self._standing(asked)
        is_there = told["state"] in ("drawn", "nothing to draw")
        code = status.HTTP_200_OK if is_there else status.HTTP_202_ACCEPTED
        return Response(told, status=code)

    def _standing(self, asked: tuple[str, str]) -> dict[str, Any]:
        name, subject = asked
        try:
            page = registry.drawn_page(name)
            found = services.drawing_standing(self.study, self.request.user, name, subject)
        except (KeyError, ValueError, ObjectDoesNotExist) as error:
            raise Http404("No such page.") from error
        return {
            "page": name,
            "title": spoken(page.title),
            "subject": subject,
            "state": _state(found),
            "drawing": found.drawing.uid if found and found.drawing else None,
            "job": found.job.uid if found and found.job else None,
        }

    @extend_schema(parameters=[KEY], responses={200: SpecificationSerializer}, filters=False)
    @action(detail=True, url_path=f"{OF_A_FIGURE}/specification")
    def specification(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The figure as Vega-Lite; 403 where its marks are patients whose rows are not yours."""
        figure, _ = self._figure(kwargs)
        if not figure.spec:
            raise PermissionDenied(access.why_without_rows(self.study))
        told = {name: getattr(figure, name) for name in ("key", "title", "caption")}
        return Response(told | {"specification": figure.spec})

    @extend_schema(
        parameters=[KEY], responses={(200, "image/svg+xml"): OpenApiTypes.BINARY}, filters=False
    )
    @action(detail=True, url_path=f"{OF_A_FIGURE}/svg")
    def svg(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """The picture as it was drawn."""
        _, picture = self._figure(kwargs)
        headers = {"Content-Security-Policy": POLICY}
        return HttpResponse(with_letters(picture), content_type="image/svg+xml", headers=headers)

    @extend_schema(
        parameters=[KEY], responses={200: FigureDataSerializer}, filters=False,
        examples=[OpenApiExample("first line", DATA_EXAMPLE, response_only=True)],
    )  # fmt: skip
    @action(detail=True, url_path=f"{OF_A_FIGURE}/data")
    def data(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The table behind the figure."""
        figure, _ = self._figure(kwargs)
        told = {"key": figure.key, "columns": figure.columns, "rows": figure.rows}
        why = "" if figure.spec else access.why_without_rows(self.study)
        return Response(told | {"rows_left_out": why})

    @extend_schema(
        parameters=[KEY], responses={(200, "text/csv"): OpenApiTypes.BINARY}, filters=False
    )
    @action(detail=True, url_path=f"{OF_A_FIGURE}/csv")
    def csv(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The table as a file, for those who may take files away."""
        drawing = self.get_object()
        figure, _ = self._whole(kwargs, drawing)
        services.figure_take(request.user, self.study, drawing, figure)
        return attachment(figure_csv(figure).encode(), f"{figure.key}.csv")

    def figure_named(self, key: str) -> Figure | None:
        figure, _ = self._figure({"key": key})
        if not figure.spec:
            raise PermissionDenied(access.why_without_rows(self.study))
        return figure

    def _figure(self, names: dict[str, Any]) -> tuple[Figure, str]:
        drawing = self.get_object()
        found = self._whole(names, drawing)
        return services.figure_readable(self.request.user, self.study, drawing, *found)

    def _whole(self, names: dict[str, Any], drawing: Drawing) -> tuple[Figure, str]:
        found = services.figure_of(self.get_queryset(), drawing.uid, names["key"])
        if found is None:
            raise Http404("No such figure.")
        return found


def _asked(given: Any) -> tuple[str, str]:
    asked = AskedSerializer(data=given)
    asked.is_valid(raise_exception=True)
    return asked.validated_data["page"], asked.validated_data["subject"]


def _state(found: Drawn | None) -> str:
    if found is None:
        return "nothing to draw"
    if found.drawing is not None:
        return "drawn"
    if found.job is None or found.job.state == "done":
        return "not drawn"
    return "under way" if found.busy else "failed"


ROUTES = [("drawings", DrawingViewSet, "drawing")]
