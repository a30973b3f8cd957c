"""What the page of an examined Rad-Score shows: figures, and tables by cohort."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import mark_safe

from modeling.models import Examination, ModelVersion
from modeling.overviews import TARGETS, evaluation_rows
from modeling.selectors.patient_rows import EXAMINED, without_patients
from modeling.services.examination_figures import figures_of
from modeling.services.version_card import not_beaten
from studies.figures.figure import Figure
from studies.figures.render import render_inline_svg


def examination_context(
    version: ModelVersion, found: Examination | None, takes_rows: bool
) -> dict[str, Any]:
    """Everything the template needs, with figures drawn from the stored numbers.

    Without ``takes_rows`` nothing is told of groups of too few.
    """
    context: dict[str, Any] = {
        "rows": evaluation_rows(version),
        "not_beaten": not_beaten(version),
        "examination": found,
        "figures": {},
        "targets": TARGETS,
    }
    if found is None:
        return context
    results = found.results
    if not takes_rows:
        results, context["withheld"] = without_patients(results, EXAMINED)
    context["results"] = results
    context["cut_heads"] = _cut_heads(results["cuts"])
    context["figures"] = {
        name: {"svg": mark_safe(render_inline_svg(figure)), "figure": figure}  # from numbers
        for name, figure in figures_of(results).items()
    }
    return context


def _cut_heads(cuts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["cohort"], row["target"]) for row in cuts[0]["cohorts"]] if cuts else []


def examination_figure(found: Examination, key: str) -> Figure | None:
    figures = figures_of(found.results).values()
    return next((figure for figure in figures if figure.key == key), None)
