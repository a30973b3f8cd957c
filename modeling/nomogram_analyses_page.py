"""What the page of a nomogram's analyses shows: every figure with its twin, every table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from modeling.models import Evaluation, ModelVersion, VersionKind
from modeling.services.nomogram_figures import nomogram_figures, score_figures
from modeling.services.prognosis_endpoints import endpoint_of, landmark_of
from modeling.services.report_content import Draft, marked_simulated
from modeling.services.report_methods import size_table
from modeling.services.report_survival import (
    evaluations_of,
    mean_rows_table,
    optimism_table,
)
from modeling.services.report_table2 import added_table
from studies.figures.figure import Figure
from studies.models import Study
from studies.registry import PageInputs

PAGE = "modeling:analyses"


def analyses_context(version: ModelVersion) -> dict[str, Any]:
    """Tables as the report prints them, and figures drawn from the stored numbers."""
    draft = Draft(version.study.is_simulated)
    title = endpoint_of(version).title
    section = draft.section("analyses", title)
    source = draft.sources.add(version, version.fitting_snapshot)
    optimism_table(draft, section, version, source)
    added_table(draft, section, version)
    size_table(draft, section, [version])
    mean_rows_table(draft, section, _of_scores(version), title)
    return {
        "title": title,
        "section": section,
        "content": {"sources": draft.sources.as_list(), "runs": []},
        "page": PAGE,
        "is_old": "optimism" not in version.run.results,
    }


def read_analyses(study: Study, user: Any, subject: str) -> PageInputs | None:
    """What the figures are drawn from stands: the version's results, and every look at a cohort."""
    version = _version(study, subject)
    looks = [row.pk for row in evaluations_of(version, version.endpoint)]
    looks += [row.pk for row in _of_scores(version)]
    return PageInputs((version.sha256, version.run.results_sha256, sorted(looks)), {})


def draw_analyses(study: Study, user: Any, subject: str) -> tuple[list[Figure], dict[str, Any]]:
    return analyses_figures(_version(study, subject)), {}


def _version(study: Study, uid: str) -> ModelVersion:
    rows = ModelVersion.objects.select_related("run", "study", "fitting_snapshot")
    return rows.get(study=study, kind=VersionKind.NOMOGRAM, uid=UUID(uid))


def analyses_figures(version: ModelVersion) -> list[Figure]:
    """Of the model, then of the Rad-Score behind it in every cohort."""
    found = nomogram_figures(version, evaluations_of(version, version.endpoint))
    for evaluation in _of_scores(version):
        found += score_figures(evaluation)
    return [marked_simulated(f) for f in found] if version.study.is_simulated else found


def _of_scores(version: ModelVersion) -> list[Evaluation]:
    parent = version.parents.filter(kind=VersionKind.RAD_SCORE).first()
    landmark = landmark_of(version.content)
    return evaluations_of(parent, version.endpoint, landmark) if parent else []
