"""All figures of one analysis of a binary outcome."""

from __future__ import annotations

import numpy as np

from modeling.figures.decision_curve import NetBenefit, draw_decision_curve
from modeling.figures.forest import draw_forest, forest_line
from modeling.figures.grouped_calibration import (
    CalibrationCurve,
    CalibrationGroup,
    CorrectedPoints,
    draw_grouped_calibration,
)
from modeling.figures.instability import draw_instability
from modeling.figures.lasso_path import draw_lasso_path
from modeling.figures.nomogram import draw_nomogram
from modeling.figures.roc import RocCurve, draw_roc
from modeling.methods.logistic_validation import ProbabilityGroups
from modeling.methods.outcome_analysis import OutcomeAnalysis
from modeling.methods.roc_points import roc_points
from modeling.methods.threshold_metrics import estimate_proportion
from studies.figures.figure import Figure, number
from studies.methods.wording import marked, say

PROBABILITY = marked("probability")


def draw_outcome_analysis(found: OutcomeAnalysis, outcome: str) -> list[Figure]:
    """Forest, nomogram, calibration, ROC, decision curve, LASSO path, instability.

    ``outcome`` is what the probability is of.
    """
    figures = [
        _forest(found),
        draw_nomogram(found.nomogram, marked("Nomogram"), endpoint=outcome),
        _calibration(found, outcome),
        _roc(found, outcome),
        _decision(found, outcome),
    ]
    if found.lasso:
        figures.append(draw_lasso_path(found.lasso, scale=found.design.matrix.std(axis=0)))
    if found.validation.instability:
        figures.append(draw_instability(found.validation.instability, quantity=PROBABILITY))
    return figures


def _forest(found: OutcomeAnalysis) -> Figure:
    title = marked("Odds ratios, multivariable logistic model")
    if found.penalty == "firth":
        title = marked("Odds ratios, multivariable logistic model, Firth's penalised likelihood")
    lines = [forest_line(line) for line in found.tabulated.lines]
    return draw_forest(lines, title, ratio=marked("Odds ratio"))


def _calibration(found: OutcomeAnalysis, outcome: str) -> Figure:
    groups, smooth = found.validation.groups, found.smooth
    caption, curve = "", None
    if smooth:
        told = smooth.distances
        caption = say("ICI {ici}, E90 {e90}.", ici=number(told.ici, 3), e90=number(told.e90, 3))
        curve = CalibrationCurve(smooth.grid, smooth.observed, smooth.lower, smooth.upper)
    return draw_grouped_calibration(
        _groups(groups), groups and CorrectedPoints(groups.predicted, groups.corrected), curve,
        found.probability[0], PROBABILITY,
        say("Calibration: {outcome}", outcome=say(outcome)), caption,
    )  # fmt: skip


def _groups(groups: ProbabilityGroups | None) -> list[CalibrationGroup]:
    if groups is None:
        return []
    shares = [estimate_proportion(k, n) for k, n in zip(groups.events, groups.n, strict=True)]
    return [
        CalibrationGroup(n, float(p), share.estimate, share.lower, share.upper)
        for n, p, share in zip(groups.n, np.asarray(groups.predicted), shares, strict=True)
    ]


def _roc(found: OutcomeAnalysis, outcome: str) -> Figure:
    auc = found.auc
    false, true = roc_points(found.table.outcome, found.score)
    curve = RocCurve(say("model"), false, true, auc.auc, auc.lower, auc.upper, found.logistic.n,
                     found.roc_band)  # fmt: skip
    return draw_roc(
        [curve], say("ROC: {outcome}", outcome=say(outcome)),
        marked("Apparent, on the fitting patients; DeLong's interval."),
    )  # fmt: skip


def _decision(found: OutcomeAnalysis, outcome: str) -> Figure:
    curve = found.decision_curve
    model = NetBenefit(say("Model"), curve.thresholds, curve.net_benefit, curve.lower,
                       curve.upper, curve.treat_all)  # fmt: skip
    return draw_decision_curve(model, say("Decision curve: {outcome}", outcome=say(outcome)))
