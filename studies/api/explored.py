"""Figures over the API as a page draws them again to be explored."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies.figures.explored import explored, is_explorable
from studies.figures.figure import Figure

OF_A_FIGURE = r"figures/(?P<key>[-\w]+)"
KEY = OpenApiParameter("key", OpenApiTypes.STR, OpenApiParameter.PATH)


class HasExploredFigures:
    """Gives figures of a record; ``figure_named`` finds one, None when there is none."""

    def figure_named(self, key: str) -> Figure | None:
        raise NotImplementedError

    @extend_schema(parameters=[KEY], responses={200: dict}, filters=False)
    @action(detail=True, url_path=f"{OF_A_FIGURE}/vega")
    def vega(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A figure as Vega, with its data and what each mark says; 404 where none says anything."""
        figure = self.figure_named(kwargs["key"])
        if figure is None or not is_explorable(figure.spec):
            raise Http404("No such figure.")
        return Response(explored(figure))
