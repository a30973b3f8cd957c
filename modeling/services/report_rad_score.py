"""The part of a report on the Rad-Score: classifiers, ROC, metrics, calibration, decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from modeling.figures.calibration import CalibrationPoint, draw_calibration
from modeling.figures.classifier_comparison import ClassifierAuc, draw_classifier_comparison
from modeling.figures.decision_curve import NetBenefit, draw_decision_curve
from modeling.figures.roc import RocBand, RocCurve, draw_roc, thresholds_told
from modeling.figures.violins import Violin, draw_violins
from modeling.methods.classifiers import CLASSIFIERS
from modeling.methods.decision_curve import estimate_decision_curve
from modeling.methods.roc_band import estimate_roc_band
from modeling.methods.roc_points import roc_points
from modeling.methods.threshold_metrics import estimate_proportion
from modeling.models import Basis, Evaluation, ModelVersion, Quantity
from modeling.selectors import label_notices, predicted
from modeling.services.report_content import (
    BASES,
    TARGETS,
    Cell,
    Draft,
    Section,
    cohort_order,
    cohort_title,
    counted,
    titled,
)
from modeling.services.report_notices import clinical_notices, material_notices
from modeling.services.report_sources import number_of
from modeling.services.snapshots import snapshot_read
from studies.figures.figure import p_text

SMALLEST_GROUP = 15
CLASSES = {"rna": ("Hot", "Cold"), "ihc": ("Hot", "Cold"),
           "response": ("Responder", "Non-responder")}  # fmt: skip
GROUPED = {"rna": "phenotype (RNA)", "ihc": "phenotype (IHC)", "response": "response"}
SHARES = {
    "accuracy": "Accuracy", "sensitivity": "Sensitivity", "specificity": "Specificity",
    "positive_predictive_value": "PPV", "negative_predictive_value": "NPV",
}  # fmt: skip


def rad_score_evaluations(version: ModelVersion) -> list[Evaluation]:
    """Against phenotype and response, the paper's order; survival is told elsewhere."""
    found = Evaluation.objects.filter(
        version=version, target__in=TARGETS, snapshot=version.fitting_snapshot
    )
    return sorted(
        found.select_related("cohort", "snapshot", "version"),
        key=lambda e: (cohort_order(e.cohort.name), e.basis == Basis.APPARENT, e.target),
    )


def rad_score_section(draft: Draft, version: ModelVersion) -> None:
    evaluations = rad_score_evaluations(version)
    section = draft.section("rad-score", "Rad-Score", _summary(version))
    if any(e.basis == Basis.APPLIED and e.cohort.role.startswith("external") for e in evaluations):
        draft.told.add("external")
    draft.notice("Rad-Score run", version.run.notices)
    draft.notice(
        f"frozen table {version.fitting_snapshot.number}", version.fitting_snapshot.notices
    )
    snapshot = version.fitting_snapshot
    found = [*material_notices(snapshot), *clinical_notices(snapshot), *label_notices(snapshot)]
    for where, notices in found:
        draft.notice(where, notices)
    section.table(
        "rad-score-metrics",
        "Rad-Score in every cohort",
        _columns(),
        [_row(draft, e) for e in evaluations],
        "AUC with DeLong's interval, shares with exact intervals at the threshold fixed "
        f"on training ({version.threshold:.3f}, Youden, out of fold; in training itself they are "
        "favourable, for the threshold was chosen on these very scores). The apparent AUC of "
        f"training is shown once and used nowhere.{_agreement(evaluations)}",
    )
    honest = [e for e in evaluations if e.basis != Basis.APPARENT]
    scored = _scored(version)
    _roc(draft, section, honest, scored)
    for evaluation in honest:
        _violin(draft, section, evaluation, scored)
    _calibration(draft, section, honest, scored)
    _decision(draft, section, honest, scored)
    _classifiers(draft, version)
    _ablations(draft, version)


def _summary(version: ModelVersion) -> str:
    reason = version.run.results.get("choice", {}).get("reason", "")
    for name, classifier in CLASSIFIERS.items():
        reason = reason.replace(name, classifier.title)
    return (
        "Probability of the immune-enhanced phenotype from PET and CT; a high Rad-Score stands for "
        f"low risk, and whether survival agrees is told below. {reason} In training every score is "
        "out of fold; elsewhere the frozen model is applied. Outside the folds stand encoders, "
        "centroids of hot and cold and Immunoscore cuts: frozen on training without an outcome."
    )


def _agreement(evaluations: list[Evaluation]) -> str:
    """Kappa of RNA and IHC where both labels exist."""
    told = ""
    for evaluation in evaluations:
        found = evaluation.metrics.get("kappa_with_ihc")
        if found and found["estimate"] is not None:
            known = found["lower"] < found["upper"]
            interval = f"{found['lower']:.2f} to {found['upper']:.2f}" if known else "no interval"
            told += (
                f" {cohort_title(evaluation.cohort.name)}: RNA and IHC agree with kappa "
                f"{found['estimate']:.2f} ({interval}, n {found['n']})."
            )
    return told


def _columns() -> tuple[str, ...]:
    return ("Cohort", "Target", "Basis", "n", "AUC (95 % CI)", *SHARES.values())


def _row(draft: Draft, evaluation: Evaluation) -> list[Cell]:
    source, metrics = draft.sources.of(evaluation), evaluation.metrics
    n = metrics["n"]
    return [
        cohort_title(evaluation.cohort.name), TARGETS[evaluation.target], BASES[evaluation.basis],
        n, number_of(metrics["auc"], source, n),
        *(number_of(metrics[share], source, n) for share in SHARES),
    ]  # fmt: skip


def _scored(version: ModelVersion) -> pd.DataFrame:
    """Frozen targets beside the stored scores, by cohort and pseudonym."""
    frozen = snapshot_read(version.fitting_snapshot)
    by_name = predicted(version, version.fitting_snapshot, quantity=Quantity.PROBABILITY)
    return frozen.assign(score=frozen["pseudonym"].map(by_name))


def _pairs(scored: pd.DataFrame, evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    rows = scored[scored["cohort"] == evaluation.cohort.name]
    rows = rows[rows[f"target_{evaluation.target}"].notna() & rows["score"].notna()]
    return rows[f"target_{evaluation.target}"].to_numpy(int), rows["score"].to_numpy(float)


def _violin(draft: Draft, section: Section, evaluation: Evaluation, scored: pd.DataFrame) -> None:
    """Scores of the two classes of a cohort's target, with the rank-sum test."""
    outcome, score = _pairs(scored, evaluation)
    if len(set(outcome.tolist())) < 2:
        return
    yes, no = CLASSES[evaluation.target]
    positive, negative = score[outcome == 1], score[outcome == 0]
    p_value = float(mannwhitneyu(positive, negative).pvalue)
    cohort = cohort_title(evaluation.cohort.name)
    figure = draw_violins(
        [Violin(yes, positive.tolist()), Violin(no, negative.tolist())],
        f"Rad-Score by {GROUPED[evaluation.target]}: {cohort.lower()}",
        f"{BASES[evaluation.basis].capitalize()}; density, quartiles, median (diamond), every "
        "patient a point; Wilcoxon's rank-sum test.",
        test=p_text(p_value),
        key=f"violin_{evaluation.cohort.name}_{evaluation.target}",
    )
    draft.figure(section, figure, draft.sources.of(evaluation))


def _roc(
    draft: Draft, section: Section, evaluations: list[Evaluation], scored: pd.DataFrame
) -> None:
    curves = []
    for evaluation in evaluations:
        outcome, score = _pairs(scored, evaluation)
        if len(set(outcome.tolist())) == 2:
            curves.append(_curve(evaluation, outcome, score))
    if curves:
        draft.figure(
            section,
            draw_roc(
                curves,
                caption="Rad-Score against each cohort's own "
                "target; AUC with DeLong's 95 % interval, pointwise 95 % bootstrap bands.",
            ),
            *(draft.sources.of(e) for e in evaluations),
        )


def _curve(evaluation: Evaluation, outcome: np.ndarray, score: np.ndarray) -> RocCurve:
    false, true = roc_points(outcome, score)
    auc = evaluation.metrics["auc"]
    name = f"{titled(evaluation)}, {TARGETS[evaluation.target]}"
    return RocCurve(
        name,
        false.tolist(),
        true.tolist(),
        auc["estimate"],
        auc["lower"],
        auc["upper"],
        evaluation.metrics["n"],
        _band(outcome, score),
        thresholds_told(score),
    )


def _band(outcome: np.ndarray, score: np.ndarray) -> RocBand | None:
    found = estimate_roc_band(outcome, score)
    if not np.isfinite(found.lower).all():
        return None
    return RocBand(found.false_positive, found.lower, found.upper)


def _calibration(
    draft: Draft, section: Section, evaluations: list[Evaluation], scored: pd.DataFrame
) -> None:
    leading = [e for e in evaluations if e.target == "rna"]
    points = [point for e in leading for point in _groups(e, *_pairs(scored, e))]
    if points:
        figure = draw_calibration(
            points,
            "Calibration of the Rad-Score",
            "Share of hot tumours (RNA) in groups of like score, exact 95 % intervals; the dotted "
            "diagonal is perfect.",
            "probability of hot",
            "rad_score_calibration",
            {titled(e): _pairs(scored, e)[1].tolist() for e in leading},
        )
        draft.figure(section, figure, *(draft.sources.of(e) for e in leading))


def _groups(
    evaluation: Evaluation, outcome: np.ndarray, score: np.ndarray
) -> Iterator[CalibrationPoint]:
    """Equal counts, fifteen patients or more in each, five groups at most."""
    order = np.argsort(score, kind="stable")
    for rows in np.array_split(order, int(np.clip(score.size // SMALLEST_GROUP, 1, 5))):
        found = estimate_proportion(int(outcome[rows].sum()), rows.size)
        yield CalibrationPoint(
            titled(evaluation), float(score[rows].mean()), found.estimate,
            found.lower, found.upper, rows.size,
        )  # fmt: skip


def _decision(
    draft: Draft, section: Section, evaluations: list[Evaluation], scored: pd.DataFrame
) -> None:
    validating = [e for e in evaluations if e.basis == Basis.APPLIED and e.target == "rna"][:1]
    for evaluation in validating:
        outcome, score = _pairs(scored, evaluation)
        curve = estimate_decision_curve(outcome, score)
        model = NetBenefit(
            "Rad-Score",
            curve.thresholds,
            curve.net_benefit,
            curve.lower,
            curve.upper,
            curve.treat_all,
        )
        title = f"Decision curve of the Rad-Score, {cohort_title(evaluation.cohort.name).lower()}"
        figure = draw_decision_curve(
            model,
            title,
            "Net benefit of acting as if the tumour were hot, with a 95 % band.",
            "rad_score_decision_curve",
        )
        draft.figure(section, figure, draft.sources.of(evaluation))


def _classifiers(draft: Draft, version: ModelVersion) -> None:
    found: list[dict[str, Any]] = version.run.results.get("classifiers", [])
    if not found:
        return
    source = draft.sources.add(version, version.run.snapshot)
    section = draft.section(
        "classifiers",
        "Classifiers",
        f"{counted(len(found))} classifiers on the same folds of training, tuned inside them.",
    )
    bars = [
        ClassifierAuc(
            row["title"],
            "Training, out of fold",
            row["auc"]["estimate"],
            row["auc"]["lower"],
            row["auc"]["upper"],
            row["n"],
        )
        for row in found
    ]
    draft.figure(
        section,
        draw_classifier_comparison(
            sorted(bars, key=lambda bar: -bar.auc),
            caption="Out-of-fold AUC in training with DeLong's 95 % interval; the dotted line is "
            "chance.",
        ),
        source,
    )
    section.table(
        "classifier-metrics",
        "Classifiers, out of fold in training",
        ("Classifier", "AUC (95 % CI)", "Brier (95 % CI)", "Accuracy", "Difference to the chosen"),
        [
            [
                row["title"] + (" (chosen)" if row["chosen"] else ""),
                number_of(row["auc"], source, row["n"]),
                number_of(row["calibration"]["brier"], source, row["n"], 3),
                number_of(row["accuracy"], source, row["n"]),
                None if row["chosen"] else number_of(row["difference"], source, row["n"]),
            ]
            for row in found
        ],
    )


def _ablations(draft: Draft, version: ModelVersion) -> None:
    found: list[dict[str, Any]] = version.run.results.get("ablations", [])
    source = draft.sources.add(version, version.run.snapshot)
    rows = [
        [
            part["title"],
            cohort_title(row["cohort"]),
            TARGETS[row["target"]],
            row["n"],
            number_of(row["auc"], source, row["n"]),
            number_of(row["rad_score_gains"], source, row["n"]),
        ]
        for part in found
        for row in sorted(part["cohorts"], key=lambda row: cohort_order(row["cohort"]))
    ]
    if rows:
        draft.sections[-1].table(
            "ablations",
            "What the Rad-Score adds to less",
            ("Columns", "Cohort", "Target", "n", "AUC (95 % CI)", "Rad-Score gains"),
            rows,
        )
