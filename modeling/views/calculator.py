"""The calculator of a nomogram: a page that answers again as values are moved."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers

from modeling.calculator_page import calculator_context
from modeling.models import ModelVersion, VersionKind
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def calculator(request: HttpRequest, study: Study, version_uid: UUID) -> HttpResponse:
    """The address holds the values and nobody's name; the answer alone when values move."""
    rows = ModelVersion.objects.filter(kind=VersionKind.NOMOGRAM).select_related("study")
    version = get_object_or_404(rows, study=study, uid=version_uid)
    context = {"study": study, "version": version, **calculator_context(version, request.GET)}
    context["link"] = f"{request.build_absolute_uri(request.path)}?{context['link']}"
    part = context["part"] = request.headers.get("HX-Request") == "true"
    name = "modeling/_calculator_answer.html" if part else "modeling/calculator.html"
    answer = render(request, name, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer
