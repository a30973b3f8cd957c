"""The whole prognostic analysis of one table: model, nomogram, validation, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeling.methods.analysis_table import AnalysisTable
from modeling.methods.backward_elimination import BackwardElimination, eliminate_backward
from modeling.methods.brier_score import BrierScore, estimate_brier_score, integrate_brier_score
from modeling.methods.concordance import Concordance, estimate_concordance
from modeling.methods.cox import fit_cox
from modeling.methods.cox_fit import CoxFit, SurvivalEstimate
from modeling.methods.cox_resampling import RMS_STOP
from modeling.methods.cox_residuals import (
    CoxResiduals,
    SchoenfeldResiduals,
    estimate_cox_residuals,
    estimate_schoenfeld,
)
from modeling.methods.cox_validation import CoxValidation, Penalty, validate_cox
from modeling.methods.design_matrix import Design, apply_design
from modeling.methods.firth_cox import FirthCoxFit, fit_firth_cox
from modeling.methods.folds import stratified_folds
from modeling.methods.horizons import about_beyond, choose_horizons
from modeling.methods.lasso_choice import CrossValidatedLasso, cross_validate_lasso_cox
from modeling.methods.nomogram import Nomogram, build_nomogram
from modeling.methods.proportional_hazards import (
    ProportionalHazards,
    Transform,
    check_proportional_hazards,
)
from modeling.methods.regression_table import RegressionTable, tabulate_cox
from modeling.methods.sample_size import SampleSize, estimate_sample_size
from modeling.methods.smooth_calibration import (
    CalibrationInTheLarge,
    SmoothCalibration,
    estimate_calibration_in_the_large,
    estimate_smooth_calibration,
)
from modeling.methods.survival_calibration import (
    SurvivalCalibration,
    estimate_survival_calibration,
)
from modeling.methods.survival_decision_curve import (
    SurvivalDecisionCurve,
    estimate_survival_decision_curve,
)
from modeling.methods.survival_groups import SurvivalGroups, group_survival, none_if_refused
from modeling.methods.survival_table import Floats
from modeling.methods.time_dependent_auc import (
    TimeDependentAuc,
    TimeDependentRoc,
    estimate_time_dependent_auc,
    estimate_time_dependent_roc,
)
from studies.methods.problems import DataProblem, Notice
from studies.methods.wording import say

TRANSFORMS: tuple[Transform, ...] = ("km", "rank", "identity", "log")
LARGEST_LOG = 700.0  # of a hazard ratio that can be written
GROUPS, FOLDS = 5, 10
TIED = 10  # decimals of the linear predictor that order patients: like rows are tied
GRID = 60  # times of the integrated Brier score, at most
BAND = 300  # resamples of the decision curve's band
Progress = Callable[[str], None]


@dataclass(frozen=True)
class PrognosisAnalysis:
    """Everything that `manage.py prognosis` writes. Measures are apparent unless ``validation``'s.

    ``times`` lie within follow-up; those asked for beyond it are ``not_estimable``. With Firth's
    penalty there is no score test of proportional hazards, no residual, no elimination by AIC and
    no early stop of rms: ``hazards`` is empty, the others are None.
    """

    table: AnalysisTable
    design: Design
    times: tuple[float, ...]
    not_estimable: tuple[float, ...]
    horizon: float
    seed: int
    cox: CoxFit
    tabulated: RegressionTable
    hazards: dict[str, ProportionalHazards]
    schoenfeld: SchoenfeldResiduals | None
    residuals: CoxResiduals | None
    eliminated: BackwardElimination | None
    survival: SurvivalEstimate
    nomogram: Nomogram
    validation: CoxValidation
    validation_rms: CoxValidation | None
    validation_632: CoxValidation
    cross_validation: CoxValidation
    calibration: SurvivalCalibration
    smooth: SmoothCalibration | None
    in_the_large: CalibrationInTheLarge
    harrell: Concordance
    uno: Concordance
    auc: tuple[TimeDependentAuc, ...]
    roc: TimeDependentRoc
    rocs: tuple[TimeDependentRoc, ...]
    auc_curve: tuple[TimeDependentAuc, ...]
    brier: tuple[BrierScore, ...]
    integrated_brier: tuple[float, float]
    decision_curves: tuple[SurvivalDecisionCurve, ...]
    groups: tuple[SurvivalGroups, ...]
    lasso: CrossValidatedLasso | None
    sample_size: SampleSize
    notices: tuple[Notice, ...]

    @property
    def penalty(self) -> Penalty:
        return "firth" if isinstance(self.cox, FirthCoxFit) else "none"

    @property
    def linear_predictor(self) -> Floats:
        return self.cox.linear_predictor(self.design.matrix)


def analyse_prognosis(
    table: AnalysisTable,
    times: Sequence[float],
    horizon: float | None = None,
    resamples: int = 1000,
    seed: int = 1,
    threads: int = 2,
    progress: Progress = lambda stage: None,
    penalty: Penalty = "none",
) -> PrognosisAnalysis:
    """Cox model, nomogram, optimism-corrected validation, calibration, AUC(t), decision curves.

    Parameters
    ----------
    table : AnalysisTable
    times : sequence of float
        Horizons in the unit of follow-up; those beyond it are not estimable, and said so.
    horizon : float or None
        For calibration, ROC and the smooth curve; the last of ``times`` within follow-up if None.
    resamples, seed, threads
        Of the bootstrap.
    progress : callable (stage)
    penalty : {"none", "firth"}
        Firth's where a column separates: every refit of the validation maximises it, too.

    Raises
    ------
    DataProblem
        A horizon beyond follow-up, collinear columns, separation: named.

    References
    ----------
    TRIPOD+AI, BMJ 2024;385:e078378. Heinze, Schemper, Biometrics 2001;57:114.
    """
    inside, beyond, at = choose_horizons(times, horizon, table)
    design = apply_design(table.covariates, table.terms)
    time, event, x, names = table.duration, table.event, design.matrix, design.names
    plain = penalty == "none"
    progress("Cox model" if plain else "Cox model, Firth's penalised likelihood")
    cox = (fit_cox if plain else fit_firth_cox)(time, event, x, names)
    tabulated = tabulate_cox(time, event, table.covariates, table.terms, penalty)
    hazards, unknown = _hazards(cox, table, design) if plain else ({}, [_about_firth()])
    predicted = cox.survival_interval(x, inside)
    every = cox.survival(x, [*inside, at])
    risk_at = 1 - every[:, -1]
    progress(f"validation, {resamples} resamples")

    def validated(**how: Any) -> CoxValidation:
        return validate_cox(time, event, x, names, resamples=resamples, seed=seed, groups=GROUPS,
                            folds=FOLDS, threads=threads, penalty=penalty, **how)  # fmt: skip

    validation = validated(horizon=at)
    as_rms = validated(horizon=at, stop=RMS_STOP, instability=0) if plain else None
    outside, folded = validated(method=".632+"), validated(method="cross-validation")
    progress("calibration, AUC(t), decision curves")
    lp = cox.linear_predictor(x)
    score = np.round(lp, TIED)
    smooth, rough = _smooth(table, risk_at, at)
    until = np.minimum(time, at)
    lasso = _lasso(table, design, seed)
    brier = tuple(estimate_brier_score(time, event, 1 - every[:, k], t)
                  for k, t in enumerate(inside))  # fmt: skip
    return PrognosisAnalysis(
        table=table,
        design=design,
        times=inside,
        not_estimable=beyond,
        horizon=at,
        seed=seed,
        cox=cox,
        tabulated=tabulated,
        hazards=hazards,
        schoenfeld=estimate_schoenfeld(cox, time, event, x) if plain else None,
        residuals=estimate_cox_residuals(cox, time, event, x) if plain else None,
        eliminated=none_if_refused(
            lambda: eliminate_backward(time, event, table.covariates, table.terms)
        ) if plain else None,
        survival=predicted,
        nomogram=build_nomogram(cox, design, table.covariates, inside),
        validation=validation,
        validation_rms=as_rms,
        validation_632=outside,
        cross_validation=folded,
        calibration=estimate_survival_calibration(
            time, event, every[:, -1], at,
            cuts=validation.groups.cuts if validation.groups else None,
        ),
        smooth=smooth,
        in_the_large=estimate_calibration_in_the_large(
            time, event, lp, cox.baseline_at(until) * np.exp(lp), risk_at, at
        ),
        harrell=estimate_concordance(time, event, score),
        uno=estimate_concordance(time, event, score, weighting="uno"),
        auc=tuple(estimate_time_dependent_auc(time, event, score, t) for t in inside),
        roc=estimate_time_dependent_roc(time, event, score, at),
        rocs=tuple(estimate_time_dependent_roc(time, event, score, t) for t in inside),
        auc_curve=_auc_curve(table, score),
        brier=brier,
        integrated_brier=_integrated(table, cox, x, at),
        decision_curves=tuple(
            estimate_survival_decision_curve(time, event, 1 - every[:, k], t, resamples=BAND,
                                             seed=seed)
            for k, t in enumerate(inside)
        ),
        groups=group_survival(table, score, at),
        lasso=lasso,
        sample_size=estimate_sample_size(
            time.size, int(event.sum()), len(names), cox.plain_log_likelihood, time, at
        ),
        notices=(
            *table.notices, *about_beyond(beyond), *cox.notices, *_about_units(cox),
            *unknown, *rough,
            *validation.notices, *(lasso.notices if lasso else ()),
        ),
    )  # fmt: skip


def _hazards(
    cox: CoxFit, table: AnalysisTable, design: Design
) -> tuple[dict[str, ProportionalHazards], list[Notice]]:
    found: dict[str, ProportionalHazards] = {}
    notices = []
    for transform in TRANSFORMS:
        try:
            found[transform] = check_proportional_hazards(
                cox, table.duration, table.event, design.matrix, transform, design.groups
            )
        except DataProblem as refusal:  # log of an event at time 0
            notices.append(Notice("hazards_not_tested", f"{transform}: {refusal.problems[0]}"))
    drifting = [term for term, p in zip(found["km"].terms, found["km"].p_value, strict=True)
                if p < 0.05 and term != "GLOBAL"]  # fmt: skip
    if drifting:
        text = f"the effect of {', '.join(drifting)} changes over time (score test, p < 0.05)"
        notices.append(Notice("hazards_not_proportional", text))
    return found, notices


def _about_firth() -> Notice:
    text = say("Firth's penalised likelihood: intervals and p of the coefficients by its profile; "
               "every resample maximises it anew, and one that holds nobody of a level is not "
               "usable; there is no test of proportional hazards, residual or "
               "elimination")  # fmt: skip
    return Notice("firth", text)


def _about_units(cox: CoxFit) -> list[Notice]:
    """Hazard ratios per unit that are beyond numbers."""
    tall = np.abs(np.array([*cox.interval(), cox.coefficients])).max(axis=0) > LARGEST_LOG
    names = [name for name, beyond in zip(cox.names, tall, strict=True) if beyond]
    if not names:
        return []
    text = say("the hazard ratio per unit of {names} is beyond numbers: take a larger unit",
               names=", ".join(names))  # fmt: skip
    return [Notice("unit_too_small", text)]


def _smooth(
    table: AnalysisTable, risk: Floats, at: float
) -> tuple[SmoothCalibration | None, list[Notice]]:
    try:
        return estimate_smooth_calibration(table.duration, table.event, risk, at), []
    except DataProblem as refusal:  # few distinct predictions
        text = f"smooth calibration is not estimable: {refusal.problems[0].found}"
        return None, [Notice("smooth_calibration", text)]


def _integrated(table: AnalysisTable, cox: CoxFit, x: Floats, at: float) -> tuple[float, float]:
    """On at most sixty of the event times up to the horizon."""
    moments = np.unique(table.duration[table.event & (table.duration < at) & (table.duration > 0)])
    if moments.size == 0:
        return float("nan"), float("nan")
    chosen = moments[np.unique(np.linspace(0, moments.size - 1, GRID).astype(int))]
    return integrate_brier_score(table.duration, table.event, cox.survival(x, chosen), chosen)


def _auc_curve(table: AnalysisTable, score: Floats) -> tuple[TimeDependentAuc, ...]:
    """AUC at thirty times between the fifth and the ninetieth percentile of event times."""
    low, high = np.quantile(table.duration[table.event], [0.05, 0.9])
    return tuple(
        estimate_time_dependent_auc(table.duration, table.event, score, float(t))
        for t in np.linspace(low, high, 30)
    )


def _lasso(table: AnalysisTable, design: Design, seed: int) -> CrossValidatedLasso | None:
    fold = stratified_folds(table.event, FOLDS, seed)
    rows = (table.duration, table.event, design.matrix, fold, design.names)
    return none_if_refused(lambda: cross_validate_lasso_cox(*rows))
