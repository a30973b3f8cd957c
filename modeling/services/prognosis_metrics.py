"""Results of survival methods as JSON: numbers unrounded, what cannot be estimated is null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modeling.methods.cox_fit import CoxFit
from modeling.methods.kaplan_meier import KaplanMeier
from modeling.methods.lasso_choice import CrossValidatedLasso
from modeling.methods.nomogram import nomogram_as_dict
from modeling.methods.prognosis import PrognosisFit
from modeling.methods.prognosis_evaluation import PrognosisEvaluation
from modeling.methods.support import support_as_dict

FORMAT = 1  # of metrics, of a nomogram and of a run's results: another shape, another number


def json_ready(value: Any) -> Any:
    """Plain numbers, lists and dicts; NaN and infinity become null."""
    if isinstance(value, dict):
        return {str(key): json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(part) for part in value]
    if isinstance(value, np.ndarray):
        return json_ready(value.tolist())
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def estimate(value: float, interval: tuple[float, float]) -> dict[str, float]:
    return {"value": value, "lower": interval[0], "upper": interval[1]}


def discrimination(value: float, interval: tuple[float, float]) -> dict[str, Any]:
    """As ``estimate``; a value without an interval says why."""
    known = np.isfinite(interval[0]) or not np.isfinite(value)
    reason = "" if known else "no variation between patients to estimate it from"
    return {**estimate(value, interval), "reason": reason}


def evaluation_metrics(judged: PrognosisEvaluation) -> dict[str, Any]:
    """Everything an evaluation of a nomogram stores."""
    c, calibration, curve = judged.concordance, judged.calibration, judged.decision_curve
    return json_ready({
        "format": FORMAT,
        "n": judged.n,
        "events": judged.events,
        "concordance": None if c is None else discrimination(c.c, c.interval()),
        "auc": [
            {"horizon_months": auc.horizon, **discrimination(auc.auc, auc.interval()),
             "cases": auc.cases, "controls": auc.controls, "censored": auc.censored,
             "estimable": auc.estimable}
            for auc in judged.auc
        ],
        "brier": [
            {"horizon_months": b.horizon, **estimate(b.brier, b.interval()), "null": b.null}
            for b in judged.brier
        ],
        "headline_months": judged.headline,
        "auc_curve": [
            {"months": auc.horizon, **estimate(auc.auc, auc.interval()), "cases": auc.cases,
             "controls": auc.controls}
            for auc in judged.auc_curve if auc.estimable
        ],
        "predicted": np.sort(judged.predicted).round(4),
        "roc": {"false_positive": judged.roc.false_positive,
                "true_positive": judged.roc.true_positive,
                "band": judged.roc_band.__dict__},
        "calibration": {
            "groups": [group.__dict__ for group in calibration.groups],
            "slope": estimate(calibration.slope, calibration.slope_interval),
            "observed_risk": calibration.observed_risk,
            "expected_risk": calibration.expected_risk,
            "observed_expected": calibration.observed_expected,
            "smooth": judged.smooth and {
                "ici": judged.smooth.ici, "e90": judged.smooth.e90,
                "predicted_risk": judged.smooth.grid, "observed_risk": judged.smooth.observed,
                "lower": judged.smooth.lower, "upper": judged.smooth.upper,
            },
        },
        "decision_curve": {
            key: getattr(curve, key)
            for key in ("threshold", "net_benefit", "lower", "upper", "treat_all")
        },
    })  # fmt: skip


def nomogram_content(
    fit: PrognosisFit, endpoint: str, own: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A nomogram's version as data: all that is needed to apply it, and to draw it.

    ``own`` tells titles and units of columns of the study's own, by name.
    """
    cox = fit.cox
    return json_ready({
        "format": FORMAT,
        "endpoint": endpoint,
        "unit": "months",
        "terms": [
            {"name": term.name, "levels": term.levels}
            | ({"knots": term.knots} if term.knots else {})
            | {key: text for key, text in own.get(term.name, {}).items() if key != "levels"}
            for term in fit.terms
        ],
        **({"penalty": fit.plan.penalty} if fit.plan.penalty != "none" else {}),
        "joined_levels": {name: dict(levels) for name, levels in fit.joined.items()},
        "columns": list(cox.names),
        "coefficients": cox.coefficients,
        "covariance": cox.covariance,
        "center": cox.center,
        "ties": cox.ties,
        "baseline": {"months": cox.time, "cumulative_hazard": cox.cumulative_hazard,
                     "variance": cox.baselines[0].variance, "mean": cox.baselines[0].mean},
        "last_follow_up_months": cox.last_follow_up,
        "times_months": list(fit.nomogram.times),
        "table": cox_table(cox),
        "n": cox.n,
        "events": cox.n_events,
        "nomogram": nomogram_as_dict(fit.nomogram),
        "support": support_as_dict(fit.support),
    })  # fmt: skip


def cox_table(cox: CoxFit) -> list[dict[str, Any]]:
    """A line per column; of a penalised fit with the interval and p of its profile."""
    low, high, p_values = cox.interval_and_p()
    return [
        {"column": name, "coefficient": b, "std_error": se, "hazard_ratio": np.exp(b),
         "lower": np.exp(lo), "upper": np.exp(hi), "z": z, "p_value": p}
        for name, b, se, lo, hi, z, p in zip(cox.names, cox.coefficients, cox.std_error, low, high,
                                             cox.z, p_values, strict=True)
    ]  # fmt: skip


def lasso_results(fit: PrognosisFit) -> dict[str, Any]:
    """The path, its cross-validation, and what either penalty keeps."""
    chosen = {"kept": list(fit.kept), "kept_one_std_error": list(fit.kept_one_std_error)}
    return json_ready({**chosen, **(_path(fit.lasso) if fit.lasso else {})})


def _path(lasso: CrossValidatedLasso) -> dict[str, Any]:
    return {
        "columns": list(lasso.path.names),
        "penalty": lasso.path.penalty,
        "coefficients": lasso.path.coefficients,
        "deviance": lasso.deviance,
        "deviance_std_error": lasso.std_error,
        "lambda_min": lasso.minimum.penalty,
        "lambda_1se": lasso.one_std_error.penalty,
        "selected_min": list(lasso.minimum.selected),
        "selected_1se": list(lasso.one_std_error.selected),
    }


def curve_from(stored: dict[str, Any]) -> KaplanMeier:
    """A stored curve; null bounds are NaN again."""
    arrays = {key: np.array([np.nan if v is None else v for v in part], dtype=float)
              for key, part in stored.items() if isinstance(part, Sequence)
              and not isinstance(part, str)}  # fmt: skip
    return KaplanMeier(**{**stored, **arrays})
