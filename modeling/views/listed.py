"""Lists of versions, frozen tables and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from modeling.filters import VersionFilter
from modeling.listings import REPORTS, SNAPSHOTS, VERSIONS
from modeling.models import DatasetSnapshot, ModelVersion, Report
from modeling.selectors import states_of
from modeling.services.nomogram_performance import headline_numbers
from studies.lists import list_response
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def versions(request: HttpRequest, study: Study) -> HttpResponse:
    rows = ModelVersion.objects.filter(study=study).select_related("fitting_snapshot")
    narrowed = VersionFilter(request.GET, rows)

    def with_states(found: Sequence[ModelVersion]) -> list[Any]:
        now, numbers = states_of(study), headline_numbers(found)
        for version in found:
            version.now = now.get(version.pk, "draft")  # type: ignore[attr-defined]
            version.headline = numbers.get(version.pk)  # type: ignore[attr-defined]
        return list(found)

    says = _(
        "A version is what a run learned: draft, validated, released by a second person, retired."
    )
    return list_response(
        request,
        study,
        VERSIONS,
        narrowed.qs.defer("content"),
        "modeling/listed.html",
        {"says": says},
        narrowed=narrowed,
        rows_of=with_states,
    )


@study_page()
def snapshots(request: HttpRequest, study: Study) -> HttpResponse:
    says = _("The frozen, hashed tables that runs used: who was in, who was out and why.")
    rows = DatasetSnapshot.objects.filter(study=study)
    return list_response(request, study, SNAPSHOTS, rows, "modeling/listed.html", {"says": says})


@study_page()
def reports(request: HttpRequest, study: Study) -> HttpResponse:
    says = _(
        "Every report that was built, as it was built. The newest one opens by the tab Report."
    )
    rows = Report.objects.filter(study=study).defer("content")
    return list_response(request, study, REPORTS, rows, "modeling/listed.html", {"says": says})
