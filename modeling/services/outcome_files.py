"""The files of `manage.py prognosis --outcome`: JSON and CSV at full precision, figures, R."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.special import expit

from modeling.figures.outcome import draw_outcome_analysis
from modeling.methods.calibration import Interval
from modeling.methods.logistic_validation import LogisticValidation, ProbabilityGroups
from modeling.methods.nomogram import PROBABILITIES, logistic_nomogram_as_dict
from modeling.methods.outcome_analysis import OutcomeAnalysis
from modeling.methods.roc_points import roc_points
from modeling.methods.threshold_metrics import estimate_proportion
from modeling.services.analysis_writing import (
    as_csv,
    as_json,
    lasso_json,
    null_and_model,
    table_json,
    test_json,
)
from modeling.services.outcome_script import write_outcome_script
from modeling.services.prognosis_files import STEPS
from studies.figures.render import render_svg


def outcome_files(
    found: OutcomeAnalysis, source: str, outcome: str, resamples: int
) -> dict[str, bytes]:
    """File name and content of everything the analysis wrote."""
    texts = {
        "logistic.json": as_json(logistic_json(found)),
        "probability.csv": probability_csv(found),
        "nomogram.json": as_json(nomogram_json(found)),
        "nomogram_patients.csv": nomogram_patients_csv(found),
        "validation.json": as_json(validation_json(found)),
        "calibration.json": as_json(calibration_json(found)),
        "decision_curve.csv": decision_curve_csv(found),
        "lasso.json": as_json(lasso_json(found.lasso)),
        "analysis.R": write_outcome_script(found, source, outcome, resamples),
    }
    drawn = draw_outcome_analysis(found, outcome)
    figures = {f"{figure.key}.svg": render_svg(figure) for figure in drawn}
    return {name: text.encode() for name, text in {**texts, **figures}.items()}


@np.errstate(over="ignore")  # a ratio beyond numbers is null
def logistic_json(found: OutcomeAnalysis) -> dict[str, Any]:
    fit, firth = found.logistic, found.penalty == "firth"
    plain = null_and_model(fit.plain_log_likelihood)
    penalised = {"penalised_log_likelihood": null_and_model(fit.log_likelihood)} if firth else {}
    return {
        "penalty": found.penalty,
        "n": fit.n,
        "events": fit.n_events,
        "excluded": [asdict(row) for row in found.table.excluded],
        "factors": {t.name: list(t.levels) for t in found.table.terms if t.levels},
        "splines": {t.name: list(t.knots) for t in found.table.terms if t.knots},
        "terms": _terms(found),
        "covariance": fit.covariance,
        "log_likelihood": plain,
        **penalised,
        "tests": {
            "likelihood_ratio": test_json(fit.likelihood_ratio),
            "wald": test_json(fit.wald),
        },
        **({} if firth else {"aic": fit.aic}),
        "term_tests": [
            {"variable": name, "alone": test_json(alone), "together": test_json(together)}
            for name, (alone, together) in found.tabulated.term_tests.items()
        ],
        "table": table_json(found.tabulated, "or"),
        "auc": _auc(found),
        "roc": _roc(found),
        "sample_size": {**asdict(found.sample_size), "required": found.sample_size.required},
        "notices": [notice.as_dict() for notice in found.notices],
    }


def _terms(found: OutcomeAnalysis) -> list[dict[str, Any]]:
    """The intercept first; intervals and p by Wald, of Firth's by its profile."""
    fit = found.logistic
    low, high, p_values = fit.interval_and_p()
    profile = (low, high) if found.penalty == "firth" else fit.profile_interval()
    of: dict[str, tuple[str | None, str | None]] = {fit.names[0]: (None, None)} | {
        column: (term.name, term.levels[k + 1] if term.levels else None)
        for term in found.table.terms
        for k, column in enumerate(term.columns)
    }
    return [
        {
            "term": name, "variable": of[name][0], "level": of[name][1],
            "coef": fit.coefficients[j], "se": fit.std_error[j],
            "or": np.exp(fit.coefficients[j]), "ci": [np.exp(low[j]), np.exp(high[j])],
            "ci_lower": np.exp(low[j]), "ci_upper": np.exp(high[j]),
            "profile_ci": [np.exp(profile[0][j]), np.exp(profile[1][j])],
            "p": p_values[j], **({} if found.penalty == "firth" else {"z": fit.z[j]}),
        }
        for j, name in enumerate(fit.names)
    ]  # fmt: skip


def _auc(found: OutcomeAnalysis) -> dict[str, Any]:
    auc = found.auc
    return {
        "apparent": True, "auc": auc.auc, "se": auc.standard_error, "ci": [auc.lower, auc.upper],
        "method": auc.method, "cases": auc.positives, "controls": auc.negatives,
        "reason": auc.reason or None, "corrected": found.validation.c.corrected,
    }  # fmt: skip


def _roc(found: OutcomeAnalysis) -> dict[str, Any]:
    false, true = roc_points(found.table.outcome, found.score)
    band = found.roc_band
    return {
        "threshold": [None, *expit(np.unique(found.score)[::-1]).tolist()],
        "false_positive": false, "true_positive": true,
        "band": {"false_positive": band.false_positive, "lower": band.lower, "upper": band.upper},
    }  # fmt: skip


def probability_csv(found: OutcomeAnalysis) -> str:
    header = ["row", "probability", "probability_lower", "probability_upper", "linear_predictor"]
    columns = (*found.probability, found.linear_predictor)
    rows = zip(found.table.row.tolist(), *columns, strict=True)
    return as_csv(header, rows)


def nomogram_json(found: OutcomeAnalysis) -> dict[str, Any]:
    nomogram = found.nomogram
    top = int(np.ceil(nomogram.largest_total))
    totals = np.arange(0, top + 1, max(1, top // STEPS))
    inverse = zip(PROBABILITIES, nomogram.total_for(PROBABILITIES), strict=True)
    return {
        "variables": {
            axis.name: {
                "values": list(axis.values), "points": axis.points, "xbeta": axis.linear,
                "factor": bool(axis.term.levels),
            }
            for axis in nomogram.axes
        },
        "total_to_probability": [
            {"total_points": total, "linear_predictor": lp, "probability": p}
            for total, lp, p in zip(
                totals.tolist(), nomogram.linear_predictor(totals), nomogram.probability(totals),
                strict=True,
            )
        ],
        "probability_to_total": [
            {"probability": p, "total_points": float(total)}
            for p, total in inverse if 0 <= total <= nomogram.largest_total
        ],
        **logistic_nomogram_as_dict(nomogram),
    }  # fmt: skip


def nomogram_patients_csv(found: OutcomeAnalysis) -> str:
    points = found.nomogram.points(found.table.covariates)
    rows = (
        [int(row), *values, probability]
        for row, values, probability in zip(
            found.table.row, points.to_numpy(float), found.probability[0], strict=True
        )
    )
    return as_csv(["row", *points.columns, "probability"], rows)


def validation_json(found: OutcomeAnalysis) -> dict[str, Any]:
    main = found.validation
    instability = main.instability
    spread = instability.mean_absolute_error if instability else np.empty(0)
    return {
        **(_validation(main) or {}),
        "seed": found.seed,
        "632plus": _validation(found.validation_632),
        "cross_validation": _validation(found.cross_validation),
        "instability": {
            "resamples": len(instability.resampled) if instability else 0,
            "mean_absolute_error": float(spread.mean()) if spread.size else None,
            "per_patient": [
                {"row": int(row), "mean_absolute_error": value}
                for row, value in zip(found.table.row, spread, strict=True)
            ] if spread.size else [],
        },
        "notices": [notice.as_dict() for notice in main.notices],
    }  # fmt: skip


def _validation(told: LogisticValidation | None) -> dict[str, Any] | None:
    """``auc`` and ``c`` are one number under both of its names; None where not estimable."""
    if told is None:
        return None
    c = {**asdict(told.c), "ci": list(told.c_interval)}
    return {
        "method": told.method,
        "resamples": told.resamples,
        "usable": told.usable,
        "auc": c,
        "c": c,
        **{
            name: {**asdict(index), **_interval_of(told, name)}
            for name, index in told.indexes.items()
        },
    }


def _interval_of(told: LogisticValidation, name: str) -> dict[str, Any]:
    return {"ci": list(told.intervals[name])} if name in told.intervals else {}


def calibration_json(found: OutcomeAnalysis) -> dict[str, Any]:
    told, smooth, main = found.calibration, found.smooth, found.validation
    expected = float(found.probability[0].sum())
    return {
        "groups": _groups(main.groups),
        "cuts": main.groups.cuts if main.groups else [],
        "events": told.events,
        "expected_events": expected,
        "expected_observed": expected / told.events,
        "observed_expected": told.events / expected,
        "expected_observed_ci": [told.expected_over_observed.lower,
                                 told.expected_over_observed.upper],
        "calibration_in_the_large": _interval(told.calibration_in_the_large),
        "slope": _interval(told.slope),
        "intercept_with_slope": _interval(told.intercept_with_slope),
        "slope_corrected": main.indexes["slope"].corrected,
        "intercept_corrected": main.indexes["intercept"].corrected,
        "brier": _interval(told.brier),
        "brier_corrected": main.indexes["brier"].corrected,
        "expected_calibration_error": _interval(told.expected_calibration_error),
        "smooth": smooth and {
            **asdict(smooth.distances), "predicted": smooth.grid, "observed": smooth.observed,
            "lower": smooth.lower, "upper": smooth.upper,
        },
        "lowess": {"note": "as R's rms::val.prob: Eavg, E90, Emax", **asdict(found.lowess)},
    }  # fmt: skip


def _interval(told: Interval) -> dict[str, Any]:
    return {"estimate": told.estimate, "lower": told.lower, "upper": told.upper}


def _groups(groups: ProbabilityGroups | None) -> Sequence[dict[str, Any]]:
    """Shares with exact intervals; ``corrected`` less the optimism."""
    if groups is None:
        return []
    told = []
    for k, (n, events) in enumerate(zip(groups.n, groups.events, strict=True)):
        share = estimate_proportion(events, n)
        told.append({
            "n": n, "events": events, "predicted": groups.predicted[k],
            "observed": groups.observed[k], "lower": share.lower, "upper": share.upper,
            "training": groups.training[k], "test": groups.test[k],
            "optimism": groups.optimism[k], "corrected": groups.corrected[k],
            "usable": groups.usable[k],
        })  # fmt: skip
    return told


def decision_curve_csv(found: OutcomeAnalysis) -> str:
    curve = found.decision_curve
    header = ["threshold", "net_benefit", "lower", "upper", "treat_all", "treat_none",
              "true_positive_rate", "false_positive_rate"]  # fmt: skip
    rows = zip(
        curve.thresholds, curve.net_benefit, curve.lower, curve.upper, curve.treat_all,
        curve.treat_none, curve.true_positive_rate, curve.false_positive_rate, strict=True,
    )  # fmt: skip
    return as_csv(header, rows)
