"""The lineage, a step at a time, as a page and as JSON."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from modeling.lineage import KINDS, Step, lineage_step
from studies.languages import spoken
from studies.models import Study
from studies.views.doors import study_page

SHOWN = 60


@study_page()
def step(request: HttpRequest, study: Study, digest: str) -> HttpResponse:
    found = _step(request, study, digest)
    context: dict[str, Any] = {
        "study": study,
        "node": found.node,
        "title": spoken(KINDS[found.node.kind][0]),
        "made_of": _groups(found.made_of),
        "went_into": _groups(found.went_into),
        "reports": found.reports,
    }
    return render(request, "modeling/lineage.html", context)


@study_page()
def step_json(request: HttpRequest, study: Study, digest: str) -> HttpResponse:
    """Node, neighbours, and every version and report further on."""
    return JsonResponse(_step(request, study, digest).as_dict())


def _step(request: HttpRequest, study: Study, digest: str) -> Step:
    found = lineage_step(study, digest, request.user)
    if found is None:
        raise Http404(_("No such digest in the study."))
    return found


def _groups(nodes: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "title": spoken(KINDS[kind][0]),
            "nodes": found[:SHOWN],
            "more": max(0, len(found) - SHOWN),
            "count": len(found),
        }
        for kind, found in nodes.items()
    ]
