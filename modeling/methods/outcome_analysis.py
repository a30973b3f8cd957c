"""The whole analysis of one table for a binary outcome: logistic model, nomogram, validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeling.methods.auc import AucEstimate, estimate_auc
from modeling.methods.calibration import Calibration, estimate_calibration
from modeling.methods.decision_curve import DecisionCurve, estimate_decision_curve
from modeling.methods.design_matrix import Design, apply_design
from modeling.methods.folds import stratified_folds
from modeling.methods.lasso_choice import CrossValidatedLasso, cross_validate_lasso_logistic
from modeling.methods.logistic import LogisticFit, Penalty, fit_logistic
from modeling.methods.logistic_validation import LogisticValidation, validate_logistic
from modeling.methods.nomogram import LogisticNomogram, build_logistic_nomogram
from modeling.methods.outcome_table import OutcomeTable
from modeling.methods.regression_table import RegressionTable, tabulate_logistic
from modeling.methods.roc_band import RocInterval, estimate_roc_band
from modeling.methods.sample_size import SampleSize
from modeling.methods.sample_size_binary import estimate_sample_size_binary
from modeling.methods.smooth_probability_calibration import (
    Distances,
    SmoothProbability,
    estimate_lowess_distances,
    estimate_smooth_probability,
)
from modeling.methods.survival_groups import none_if_refused
from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem, Notice
from studies.methods.wording import say

GROUPS, FOLDS = 5, 10
TIED = 10  # decimals that order patients; Firth's 0.75 of one alone at a level meets a threshold
INSTABILITY = 200  # resamples whose predictions are kept
Progress = Callable[[str], None]


@dataclass(frozen=True)
class OutcomeAnalysis:
    """Everything that `manage.py prognosis --outcome` writes; apparent unless ``validation``'s."""

    table: OutcomeTable
    design: Design
    seed: int
    logistic: LogisticFit
    tabulated: RegressionTable
    nomogram: LogisticNomogram
    probability: tuple[Floats, Floats, Floats]
    auc: AucEstimate
    roc_band: RocInterval
    validation: LogisticValidation
    validation_632: LogisticValidation | None
    cross_validation: LogisticValidation | None
    calibration: Calibration
    smooth: SmoothProbability | None
    lowess: Distances
    decision_curve: DecisionCurve
    lasso: CrossValidatedLasso | None
    sample_size: SampleSize
    notices: tuple[Notice, ...]

    @property
    def penalty(self) -> Penalty:
        return self.logistic.penalty

    @property
    def linear_predictor(self) -> Floats:
        return self.logistic.linear_predictor(self.design.matrix)

    @property
    def score(self) -> Floats:
        """The linear predictor without its last digits: like rows are tied."""
        return np.round(self.linear_predictor, TIED)


def analyse_outcome(
    table: OutcomeTable,
    resamples: int = 1000,
    seed: int = 1,
    progress: Progress = lambda stage: None,
    penalty: Penalty = "none",
) -> OutcomeAnalysis:
    """Logistic model, nomogram, optimism-corrected validation, calibration, decision curve.

    Parameters
    ----------
    table : OutcomeTable
    resamples, seed : int
        Of the bootstrap.
    progress : callable (stage)
    penalty : {"none", "firth"}
        Firth's where a column separates: every refit of the validation maximises it, too.

    Raises
    ------
    DataProblem
        Collinear columns, separation: named.

    References
    ----------
    TRIPOD+AI, BMJ 2024;385:e078378. Heinze, Schemper, Stat Med 2002;21:2409.
    """
    design = apply_design(table.covariates, table.terms)
    y, x, names = table.outcome, design.matrix, design.names
    progress("logistic model" if penalty == "none" else
             "logistic model, Firth's penalised likelihood")  # fmt: skip
    fit = fit_logistic(y, x, names, penalty)
    predicted = fit.probability_interval(x)
    score = np.round(fit.linear_predictor(x), TIED)
    nomogram = build_logistic_nomogram(fit, design, table.covariates)
    progress(f"validation, {resamples} resamples")

    def validated(**how: Any) -> LogisticValidation:
        return validate_logistic(y, x, names, resamples, seed, penalty=penalty, folds=FOLDS, **how)

    validation = validated(groups=GROUPS, instability=INSTABILITY)
    others, untold = _others(validated)
    progress("calibration, ROC, decision curve")
    smooth, rough = _smooth(table, predicted[0])
    lasso = _lasso(table, design, seed)
    calibration = estimate_calibration(y, predicted[0], resamples=resamples, seed=seed)
    return OutcomeAnalysis(
        table=table,
        design=design,
        seed=seed,
        logistic=fit,
        tabulated=tabulate_logistic(y, table.covariates, table.terms, penalty),
        nomogram=nomogram,
        probability=predicted,
        auc=estimate_auc(y, score),
        roc_band=estimate_roc_band(y, score, seed=seed),
        validation=validation,
        validation_632=others[".632+"],
        cross_validation=others["cross-validation"],
        calibration=calibration,
        smooth=smooth,
        lowess=estimate_lowess_distances(y, predicted[0]),
        decision_curve=estimate_decision_curve(y, np.round(predicted[0], TIED)),
        lasso=lasso,
        sample_size=estimate_sample_size_binary(
            y.size, int(y.sum()), len(names), fit.plain_log_likelihood
        ),
        notices=(
            *table.notices, *_about_firth(penalty), *calibration.notices, *rough,
            *validation.notices, *untold, *(lasso.notices if lasso else ()),
        ),
    )  # fmt: skip


def _others(
    validated: Callable[..., LogisticValidation]
) -> tuple[dict[str, LogisticValidation | None], list[Notice]]:  # fmt: skip
    """The validations beside the bootstrap's, None where one cannot be: a level of few patients
    may lie in one fold alone."""
    found: dict[str, LogisticValidation | None] = {}
    notices = []
    for method in (".632+", "cross-validation"):
        try:
            found[method] = validated(method=method)
        except DataProblem as refusal:
            found[method] = None
            text = say("{method} is not estimable: {found}",
                       method=method, found=say(refusal.problems[0].found))  # fmt: skip
            notices.append(Notice("not_validated", text))
    return found, notices


def _about_firth(penalty: Penalty) -> list[Notice]:
    if penalty == "none":
        return []
    text = say("Firth's penalised likelihood: intervals and p of the coefficients by its profile; "
               "every resample maximises it anew; probabilities are drawn towards one half, so "
               "that their mean is not the observed share")  # fmt: skip
    return [Notice("firth", text)]


def _smooth(
    table: OutcomeTable, probability: Floats
) -> tuple[SmoothProbability | None, list[Notice]]:
    try:
        return estimate_smooth_probability(table.outcome, probability), []
    except DataProblem as refusal:  # few distinct predictions
        text = say("smooth calibration is not estimable: {found}",
                   found=say(refusal.problems[0].found))  # fmt: skip
        return None, [Notice("smooth_calibration", text)]


def _lasso(table: OutcomeTable, design: Design, seed: int) -> CrossValidatedLasso | None:
    fold = stratified_folds(table.outcome, FOLDS, seed)
    rows = (table.outcome, design.matrix, fold, design.names)
    return none_if_refused(lambda: cross_validate_lasso_logistic(*rows))
