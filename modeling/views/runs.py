"""Runs, versions and snapshots."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from modeling import overviews
from modeling.earlier_runs import beside_earlier
from modeling.filters import RunFilter
from modeling.listings import RUNS, recipe_title
from modeling.methods.scanner_plan import GROUPED_BY, RULES
from modeling.models import ModelRun, ModelVersion
from modeling.services.nomogram_performance import performance_of
from modeling.services.plans import departures_of
from modeling.services.report_content import notices_in_words
from studies import access
from studies.kept_pictures import picture_kept
from studies.lists import list_response
from studies.models import Study
from studies.views.doors import study_page
from studies.views.pictures import explored_answer


@study_page()
def runs(request: HttpRequest, study: Study) -> HttpResponse:
    rows = ModelRun.objects.filter(study=study).select_related("snapshot").defer("results")
    narrowed = RunFilter(request.GET, rows)
    context = {
        "jobs": overviews.jobs_under_way(study),
        "active": overviews.active_versions(study),
        "may_run": "run" in access.rights_of(request.user, study),
    }
    return list_response(
        request,
        study,
        RUNS,
        narrowed.qs.prefetch_related("versions"),
        "modeling/runs.html",
        context,
        narrowed=narrowed,
    )


@study_page()
def run(request: HttpRequest, study: Study, run_uid: UUID) -> HttpResponse:
    rows = ModelRun.objects.select_related("snapshot", "produced_by")
    found = get_object_or_404(rows, study=study, uid=run_uid)
    heads, ablations = overviews.ablation_rows(found)
    context: dict[str, Any] = {
        "study": study,
        "run": found,
        "classifiers": overviews.classifier_rows(found),
        "versions": [
            (v, overviews.evaluation_rows(v), performance_of(v)) for v in _versions(found)
        ],
        "plan": departures_of(found),
        "beside": beside_earlier(found),
        "notices": notices_in_words(found.notices),
        "recipe_title": recipe_title(found.recipe),
        "ablation_heads": heads,
        "ablations": ablations,
    }
    if figure := overviews.classifier_figure(found):
        context["figure"] = figure
        context["svg"] = picture_kept(figure)
    if scanners := overviews.scanners_figure(found):
        context["harmonised"] = found.results["harmonise"]
        context["harmonise_by"] = GROUPED_BY[found.recipe["harmonise"]["by"]]
        context["harmonise_rule"] = RULES[found.recipe["harmonise"]["unseen"]]
        context["scanners_svg"] = picture_kept(scanners)
        context["scanners_figure"] = scanners
    return render(request, "modeling/run.html", context)


@study_page()
def run_figure(request: HttpRequest, study: Study, run_uid: UUID, key: str) -> HttpResponse:
    """A figure of the run, to be explored."""
    rows = ModelRun.objects.select_related("snapshot")
    found = get_object_or_404(rows, study=study, uid=run_uid)
    return explored_answer(overviews.run_figure(found, key))


def _versions(run: ModelRun) -> list[ModelVersion]:
    """With the run that was read: its results are large."""
    rows = list(run.versions.select_related("study"))
    for version in rows:
        version.run = run
    return rows
