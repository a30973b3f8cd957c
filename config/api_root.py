"""The door of the API: what is there, for whoever is signed in or has a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView


class ApiRoot(APIView):
    """Where the studies, the documents and the collections of every study are.

    No record stands here: which studies you have, the list of studies says.
    """

    collections: Sequence[str] = ()

    @extend_schema(responses={200: dict})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        studies = reverse("api:study-list", request=request)
        return Response({
            "version": settings.VERSION,
            "docs": reverse("api:docs", request=request),
            "schema": reverse("api:schema", request=request),
            "studies": studies,
            "of_each_study": {name: f"{studies}{{uid}}/{name}/" for name in self.collections},
        })  # fmt: skip
