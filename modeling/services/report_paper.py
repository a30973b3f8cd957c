"""What the published study reports, beside what was measured here, and why they may differ."""

from __future__ import annotations

from typing import Any

from modeling.models import Basis, Evaluation, ModelVersion
from modeling.services.prognosis_endpoints import endpoint_of, landmark_of
from modeling.services.report_content import BASES, TARGETS, Cell, Draft, cohort_title
from modeling.services.report_rad_score import rad_score_evaluations
from modeling.services.report_sources import number_of
from modeling.services.report_survival import evaluations_of
from studies.models import Study

RAD_SCORE = {
    ("training", "rna"): 0.855,
    ("internal_validation", "rna"): 0.844,
    ("external_phenotype", "ihc"): 0.814,
    ("external_response", "response"): 0.784,
}
NOMOGRAM = {"overall_survival": 0.860, "progression_free_survival": 0.875}
ONE_STUDY = (
    "This is one simulated study: the intervals show how far chance alone reaches at this size."
)
NO_HORIZON = (
    "The published AUCs of the nomograms name no time and do not follow from the published Table "
    "2: all its hazard ratios taken as independent effects give .71 to .78 at 12 to 36 months; "
    ".86 needs a linear predictor with a standard deviation of 1.3. Nothing here was tuned to it."
)


def paper_section(
    draft: Draft, study: Study, rad_score: ModelVersion, nomograms: list[ModelVersion]
) -> None:
    """The headline table: one line per published AUC."""
    words = ["The AUCs of the published study beside those measured here."]
    if study.is_simulated:
        words.append("This study is SIMULATED: its patients were made by a program, with effects "
                     "like those the published tables imply. It shows that the chain works, and "
                     "says nothing about patients.")  # fmt: skip
    section = draft.section("paper", "Against the published study", *words)
    rows = _rad_score_rows(draft, rad_score)
    for version in nomograms:
        rows += _nomogram_rows(draft, version)
    section.table(
        "paper",
        "AUC, published and measured",
        ("What", "Published", "Here (95 % CI)", "n"),
        rows,
        " ".join(
            [*([ONE_STUDY] if study.is_simulated else []), *([NO_HORIZON] if nomograms else [])]
        ),
    )


def _rad_score_rows(draft: Draft, version: ModelVersion) -> list[list[Cell]]:
    rows = []
    for evaluation in rad_score_evaluations(version):
        key = (evaluation.cohort.name, evaluation.target)
        if key not in RAD_SCORE or evaluation.basis == Basis.APPARENT:
            continue
        what = (
            f"Rad-Score, {cohort_title(key[0]).lower()}: {TARGETS[key[1]]}, "
            f"{BASES[evaluation.basis]}"
        )
        source, n = draft.sources.of(evaluation), evaluation.metrics["n"]
        rows.append(
            [
                what,
                f"{RAD_SCORE[key]:.3f}",
                number_of(evaluation.metrics["auc"], source, n),
                n,
            ]
        )
    return rows


def _nomogram_rows(draft: Draft, version: ModelVersion) -> list[list[Cell]]:
    """Apparent in training, and in the cohort the published nomograms were drawn from."""
    if version.endpoint not in NOMOGRAM or landmark_of(version.content):
        return []  # one of the study's own, or of other patients and another time than published
    one = endpoint_of(version)
    rows = []
    for evaluation in evaluations_of(version, version.endpoint):
        if evaluation.cohort.name not in ("training", "external_response"):
            continue
        source, n = draft.sources.of(evaluation), evaluation.metrics["n"]
        what = (
            f"Nomogram, {one.sentence} at {one.headline:g} months, "
            f"{cohort_title(evaluation.cohort.name).lower()}, {BASES[evaluation.basis]}"
        )
        rows.append(
            [
                what,
                f"{NOMOGRAM[version.endpoint]:.3f}",
                number_of(_at(evaluation, one.headline), source, n),
                n,
            ]
        )
    return rows


def _at(evaluation: Evaluation, headline: float) -> dict[str, Any] | None:
    return next((a for a in evaluation.metrics["auc"] if a["horizon_months"] == headline), None)
