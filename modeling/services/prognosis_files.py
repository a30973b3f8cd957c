"""The files of `manage.py prognosis`: JSON and CSV at full precision, figures, and the R script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from modeling.figures.prognosis import draw_analysis
from modeling.methods.concordance import Concordance
from modeling.methods.corrected_indexes import CorrectedGroups, CorrectedIndex
from modeling.methods.cox_validation import CoxValidation
from modeling.methods.nomogram import PROBABILITIES, nomogram_as_dict
from modeling.methods.prognosis_analysis import PrognosisAnalysis
from modeling.methods.proportional_hazards import ProportionalHazards
from modeling.methods.survival_groups import SurvivalGroups
from modeling.services.analysis_writing import (
    as_csv,
    as_json,
    lasso_json,
    null_and_model,
    table_json,
    test_json,
)
from modeling.services.prognosis_more_files import (
    elimination_json,
    residual_rows,
    restricted_json,
)
from modeling.services.prognosis_script import write_script
from studies.figures.render import render_svg
from studies.methods.problems import Problem

STEPS = 500  # most rows of the table from total points to survival


def analysis_files(
    found: PrognosisAnalysis,
    source: str,
    duration: str,
    event: str,
    resamples: int,
    unit: str = "days",
) -> dict[str, bytes]:
    """File name and content of everything the analysis wrote."""
    texts = {
        "cox.json": as_json(cox_json(found)),
        "survival.csv": survival_csv(found),
        "nomogram.json": as_json(nomogram_json(found)),
        "nomogram_patients.csv": nomogram_patients_csv(found),
        "validation.json": as_json(validation_json(found)),
        "calibration.json": as_json(calibration_json(found)),
        "auc.json": as_json(auc_json(found)),
        "decision_curve.csv": decision_curve_csv(found),
        "km.csv": km_csv(found),
        "km.json": as_json(km_json(found)),
        **_of_the_plain_likelihood(found),
        "lasso.json": as_json(lasso_json(found.lasso)),
        "analysis.R": write_script(found, source, duration, event, resamples),
    }
    figures = {f"{figure.key}.svg": render_svg(figure) for figure in draw_analysis(found, unit)}
    return {name: text.encode() for name, text in {**texts, **figures}.items()}


def _of_the_plain_likelihood(found: PrognosisAnalysis) -> dict[str, str]:
    """What Firth's has no form of."""
    if found.residuals is None:
        return {}
    residuals = residual_rows(found.table.row, found.cox.names, found.residuals)
    return {
        "residuals.csv": as_csv(next(residuals), residuals),
        "backward_elimination.json": as_json(elimination_json(found)),
    }


def problems_json(problems: Sequence[Problem]) -> bytes:
    return as_json({"problems": [problem.as_dict() for problem in problems]}).encode()


def time_name(prefix: str, time: float) -> str:
    return f"{prefix}_{int(time)}" if time == int(time) else f"{prefix}_{time!r}"


@np.errstate(over="ignore")  # a ratio beyond numbers is null, and a notice says so
def cox_json(found: PrognosisAnalysis) -> dict[str, Any]:
    cox = found.cox
    low, high, p_values = cox.interval_and_p()
    levels = {
        column: (term.name, term.levels[k + 1] if term.levels else None)
        for term in found.table.terms
        for k, column in enumerate(term.columns)
    }
    return {
        "penalty": found.penalty,
        "n": cox.n,
        "events": cox.n_events,
        "excluded": [asdict(row) for row in found.table.excluded],
        "ties": cox.ties,
        "factors": {t.name: list(t.levels) for t in found.table.terms if t.levels},
        "splines": {t.name: list(t.knots) for t in found.table.terms if t.knots},
        "terms": [
            {
                "term": name, "variable": levels[name][0], "level": levels[name][1],
                "coef": b, "se": se, "hr": np.exp(b), "ci": [np.exp(lo), np.exp(hi)],
                "ci_lower": np.exp(lo), "ci_upper": np.exp(hi), "p": p,
                **({} if found.penalty == "firth" else {"z": b / se}),
            }
            for name, b, se, lo, hi, p in zip(
                cox.names, cox.coefficients, cox.std_error, low, high, p_values, strict=True
            )
        ],
        "covariance": cox.covariance,
        "log_likelihood": null_and_model(cox.plain_log_likelihood),
        **({"penalised_log_likelihood": null_and_model(cox.log_likelihood)}
           if found.penalty == "firth" else {}),
        "tests": {
            "likelihood_ratio": test_json(cox.likelihood_ratio),
            "wald": test_json(cox.wald),
            "score": test_json(cox.score),
        },
        **({} if found.penalty == "firth" else {"aic": cox.aic, "bic": cox.bic}),
        "term_tests": [
            {"variable": name, "alone": test_json(alone), "together": test_json(together)}
            for name, (alone, together) in found.tabulated.term_tests.items()
        ],
        "table": table_json(found.tabulated, "hr"),
        "ph": {name: _hazards(test) for name, test in found.hazards.items()},
        "center": dict(zip(cox.names, cox.center.tolist(), strict=True)),
        "baseline": {"time": cox.time, "cumulative_hazard": cox.cumulative_hazard},
        "sample_size": {**asdict(found.sample_size), "required": found.sample_size.required},
        "notices": [notice.as_dict() for notice in found.notices],
    }  # fmt: skip


def survival_csv(found: PrognosisAnalysis) -> str:
    times, told = found.times, found.survival
    header = ["row", *(time_name("survival", t) for t in times)]
    header += [time_name("survival", t) + end for t in times for end in ("_lower", "_upper")]
    header += [time_name("survival", t) for t in found.not_estimable]
    bounds = np.stack([told.lower, told.upper], axis=2).reshape(len(found.table.row), -1)
    empty = [None] * len(found.not_estimable)
    rows = (
        [int(row), *s, *b, *empty]
        for row, s, b in zip(found.table.row, told.survival, bounds, strict=True)
    )
    return as_csv(header, rows)


def nomogram_json(found: PrognosisAnalysis) -> dict[str, Any]:
    nomogram = found.nomogram
    stored = nomogram_as_dict(nomogram)
    top = int(np.ceil(nomogram.largest_total))
    totals = np.arange(0, top + 1, max(1, top // STEPS))
    survival = nomogram.survival(totals)
    inverse = {
        time_name("survival", t): [
            {"survival": p, "total_points": float(total)}
            for p, total in zip(PROBABILITIES, nomogram.total_for(PROBABILITIES, t), strict=True)
            if 0 <= total <= nomogram.largest_total
        ]
        for t in nomogram.times
    }
    return {
        "variables": {
            axis.name: {
                "values": list(axis.values), "points": axis.points, "xbeta": axis.linear,
                "factor": bool(axis.term.levels),
            }
            for axis in nomogram.axes
        },
        "total_to_survival": [
            {"total_points": total, "linear_predictor": lp,
             **{time_name("survival", t): s for t, s in zip(nomogram.times, row, strict=True)}}
            for total, lp, row in zip(
                totals.tolist(), nomogram.linear_predictor(totals), survival, strict=True
            )
        ],
        "survival_to_total": inverse,
        **stored,
    }  # fmt: skip


def nomogram_patients_csv(found: PrognosisAnalysis) -> str:
    points = found.nomogram.points(found.table.covariates)
    rows = (
        [int(row), *values]
        for row, values in zip(found.table.row, points.to_numpy(float), strict=True)
    )
    return as_csv(["row", *points.columns], rows)


def validation_json(found: PrognosisAnalysis) -> dict[str, Any]:
    main = found.validation
    instability = main.instability
    spread = instability.mean_absolute_error if instability else np.empty(0)
    return {
        **_validation(main),
        "seed": found.seed,
        **({"rms_stop": {
            "note": "fits ended as R's rms does by default (relative change 1e-4)",
            **_validation(found.validation_rms),
        }} if found.validation_rms else {}),
        "632plus": _validation(found.validation_632),
        "cross_validation": _validation(found.cross_validation),
        "instability": {
            "horizon": found.horizon,
            "resamples": len(instability.resampled) if instability else 0,
            "mean_absolute_error": float(spread.mean()) if spread.size else None,
            "per_patient": [
                {"row": int(row), "mean_absolute_error": value}
                for row, value in zip(found.table.row, spread, strict=True)
            ] if spread.size else [],
        },
        "notices": [notice.as_dict() for notice in main.notices],
    }  # fmt: skip


def calibration_json(found: PrognosisAnalysis) -> dict[str, Any]:
    smooth, large, slope = found.smooth, found.in_the_large, found.validation.indexes["slope"]
    at = found.calibration
    rms = found.validation_rms.groups if found.validation_rms else None
    return {
        "horizon": found.horizon,
        "groups": _groups(found.validation.groups, at.groups),
        "rms_stop": {"groups": _groups(rms, None) if rms else []},
        "cuts": at.cuts,
        "observed_expected": large.observed_expected,
        "expected_observed": 1 / large.observed_expected if large.observed_expected else None,
        "events": large.events,
        "expected_events": large.expected,
        "calibration_in_the_large": _interval(large.intercept),
        "slope": _interval(large.slope),
        "intercept_with_slope": _interval(large.intercept_with_slope),
        "slope_corrected": slope.corrected,
        "smooth": smooth and {
            "ici": smooth.ici, "e50": smooth.e50, "e90": smooth.e90, "e_max": smooth.e_max,
            "predicted_risk": smooth.grid, "observed_risk": smooth.observed,
            "lower": smooth.lower, "upper": smooth.upper,
        },
    }  # fmt: skip


def auc_json(found: PrognosisAnalysis) -> dict[str, Any]:
    return {
        "apparent": True,
        "times": [
            {
                "time": auc.horizon, "auc": auc.auc, "se": auc.std_error,
                "ci": list(auc.interval()), "cases": auc.cases, "controls": auc.controls,
                "censored": auc.censored, "brier": brier.brier, "brier_se": brier.std_error,
                "brier_null": brier.null, "brier_scaled": brier.scaled,
            }
            for auc, brier in zip(found.auc, found.brier, strict=True)
        ] + [{"time": t, "auc": None, "not_estimable": True} for t in found.not_estimable],
        "roc": {
            "time": found.horizon, "threshold": found.roc.threshold,
            "false_positive": found.roc.false_positive, "true_positive": found.roc.true_positive,
        },
        "curve": [
            {"time": auc.horizon, "auc": auc.auc, "ci": list(auc.interval())}
            for auc in found.auc_curve
        ],
        "harrell": _concordance(found.harrell),
        "uno": _concordance(found.uno),
        "harrell_corrected": found.validation.c.corrected,
        "integrated_brier": {
            "horizon": found.horizon, "model": found.integrated_brier[0],
            "null": found.integrated_brier[1],
        },
    }  # fmt: skip


def decision_curve_csv(found: PrognosisAnalysis) -> str:
    header = ["time", "threshold", "net_benefit", "lower", "upper", "treat_all", "treat_none",
              "true_positive_rate", "false_positive_rate"]  # fmt: skip
    rows = (
        [_short(curve.horizon), *values[:5], 0.0, *values[5:]]
        for curve in found.decision_curves
        for values in zip(
            curve.threshold, curve.net_benefit,
            np.full(curve.threshold.size, np.nan) if curve.lower is None else curve.lower,
            np.full(curve.threshold.size, np.nan) if curve.upper is None else curve.upper,
            curve.treat_all, curve.true_positive, curve.false_positive, strict=True,
        )
    )  # fmt: skip
    return as_csv(header, rows)


def km_csv(found: PrognosisAnalysis) -> str:
    header = ["variable", "group", "time", "at_risk", "events", "censored", "survival",
              "std_error", "lower", "upper"]  # fmt: skip
    rows = (
        [part.variable, level, _short(t), int(n), int(d), int(c), s, se, lo, hi]
        for part in found.groups
        for level, curve in part.curves.items()
        for t, n, d, c, s, se, lo, hi in zip(
            curve.time, curve.at_risk, curve.events, curve.censored, curve.survival,
            curve.std_error, curve.lower, curve.upper, strict=True,
        )
    )  # fmt: skip
    return as_csv(header, rows)


def km_json(found: PrognosisAnalysis) -> list[dict[str, Any]]:
    return [
        {**_km(part), "restricted_mean": restricted_json(part, found.horizon)}
        for part in found.groups
    ]


def _km(part: SurvivalGroups) -> dict[str, Any]:
    return {
        "variable": part.variable,
        "groups": [
            {
                "group": level, "n": int(curve.at_risk[0]), "events": int(curve.events.sum()),
                "median": curve.median[0], "median_ci": list(curve.median[1:]),
                "median_reached": bool(np.isfinite(curve.median[0])),
            }
            for level, curve in part.curves.items()
        ],
        "log_rank": part.test and {
            "statistic": part.test.statistic, "df": part.test.degrees_of_freedom,
            "p": part.test.p_value, "observed": list(part.test.observed),
            "expected": list(part.test.expected),
        },
        "pairwise": part.pairwise and [
            {"groups": list(pair), "statistic": s, "p": p, "bonferroni": b, "holm": h,
             "benjamini_hochberg": bh}
            for pair, s, p, b, h, bh in zip(
                part.pairwise.pairs, part.pairwise.statistic, part.pairwise.p_value,
                part.pairwise.bonferroni, part.pairwise.holm, part.pairwise.benjamini_hochberg,
                strict=True,
            )
        ],
    }  # fmt: skip


def _validation(found: CoxValidation) -> dict[str, Any]:
    return {
        "method": found.method,
        "resamples": found.resamples,
        "usable": found.usable,
        "c": {**_index(found.c), "ci": list(found.c_interval)},
        **{name: _index(index) for name, index in found.indexes.items()},
    }


def _index(index: CorrectedIndex) -> dict[str, Any]:
    return asdict(index)


def _groups(corrected: CorrectedGroups | None, apparent: Any) -> list[dict[str, Any]]:
    if corrected is None:
        return []
    bounds = (
        [{"lower": g.lower, "upper": g.upper, "events": g.events} for g in apparent]
        if apparent and len(apparent) == len(corrected.n)
        else [{} for _ in corrected.n]
    )
    return [
        {
            "n": n, "predicted": p, "observed": o, "training": tr, "test": te, "optimism": opt,
            "corrected": c, "usable": u, **more,
        }
        for n, p, o, tr, te, opt, c, u, more in zip(
            corrected.n, corrected.predicted, corrected.observed, corrected.training,
            corrected.test, corrected.optimism, corrected.corrected, corrected.usable, bounds,
            strict=True,
        )
    ]  # fmt: skip


def _interval(parts: tuple[float, float, float]) -> dict[str, float]:
    return {"estimate": parts[0], "lower": parts[1], "upper": parts[2]}


def _concordance(found: Concordance) -> dict[str, Any]:
    return {**asdict(found), "ci": list(found.interval())}


def _hazards(test: ProportionalHazards) -> list[dict[str, Any]]:
    return [
        {"term": term, "chisq": s, "df": df, "p": p}
        for term, s, df, p in zip(
            test.terms, test.statistic, test.degrees_of_freedom, test.p_value, strict=True
        )
    ]


def _short(time: float) -> float | int:
    return int(time) if time == int(time) else float(time)
