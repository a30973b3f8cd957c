"""Figures of a nomogram's run, drawn from its stored numbers: for its page and for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modeling.figures.auc_over_time import AucOverTime, draw_auc_over_time
from modeling.figures.cumulative_incidence import IncidenceCurve, draw_cumulative_incidence
from modeling.figures.estimates import Estimate, draw_estimates
from modeling.figures.forest import ForestLine, draw_forest
from modeling.figures.hazards import draw_hazards
from modeling.figures.instability import draw_instability
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.figures.lasso_path import draw_lasso_path
from modeling.figures.net_benefit_gain import draw_net_benefit_gain
from modeling.figures.spline_effects import draw_spline_effects
from modeling.methods.corrected_indexes import Instability
from modeling.methods.cox_residuals import SchoenfeldResiduals
from modeling.methods.lasso_choice import CrossValidatedLasso, LassoChoice
from modeling.methods.lasso_solver import LassoPath
from modeling.methods.time_dependent_auc import TimeDependentAuc
from modeling.models import Evaluation, ModelVersion
from modeling.services.prognosis_columns import titles_of, titles_of_run
from modeling.services.prognosis_endpoints import endpoint_of, landmark_of, months_from
from modeling.services.prognosis_metrics import curve_from
from modeling.services.prognosis_rows import SHORT_TITLES, TITLES
from modeling.services.rad_score_survival import DID_NOT, RESPONDED
from modeling.services.report_content import cohort_order, cohort_title, titled
from studies.figures.figure import Figure, p_text
from studies.methods.wording import marked, say

Z = 1.959963984540054
LONG = {RESPONDED: marked("Responder"), DID_NOT: marked("Non-responder")}
SHORT = {RESPONDED: marked("resp."), DID_NOT: marked("non-r.")}


def nomogram_figures(version: ModelVersion, judged: Sequence[Evaluation]) -> list[Figure]:
    """What there is of: LASSO path, forest, ΔC, gain, AUC(t), stability, residuals, splines.

    ``judged`` are the nomogram's own evaluations; a run from before a part was kept lacks it.
    """
    results, suffix, titles = version.run.results, version.endpoint, titles_of_run(version.run)
    drawn = (
        _lasso(results["lasso"], suffix, titles),
        _forest(version),
        _added(results.get("added_value"), suffix),
        _gain(results.get("added_value"), suffix),
        _auc(version, judged),
        _instability(results.get("fixed_columns"), suffix),
        _hazards(version),
        _splines(results.get("splines"), suffix, titles),
    )
    return [figure for figure in drawn if figure is not None]


def short_name(column: str, terms: Sequence[Mapping[str, Any]]) -> str:
    """A column without its unit; a level after its variable."""
    titles = titles_of({"terms": terms})
    for term in terms:
        for level in term["levels"][1:]:
            if column == f"{term['name']}{level}":
                return _level(term["name"], level, titles)
    return bend_title(column, titles) or _short(column, titles)


def bend_title(column: str, titles: Mapping[str, str] = TITLES) -> str:
    """A spline's further columns by variable; nothing for any other column."""
    name = column.rstrip("'")
    if name == column:
        return ""
    title = say(titles.get(name, name))
    return say("{variable}, bend {number}", variable=title, number=len(column) - len(name))


def _short(column: str, titles: Mapping[str, str]) -> str:
    return say(SHORT_TITLES.get(column, titles.get(column, column)))


def _level(name: str, level: str, titles: Mapping[str, str]) -> str:
    title = say(titles.get(name, name))
    return say("{variable}: {level}", variable=title, level=say(level.replace("_", " ")))


def _lasso(stored: Mapping[str, Any], suffix: str, known: Mapping[str, str]) -> Figure | None:
    if "penalty" not in stored:
        return None
    names = tuple(stored["columns"])
    penalty, beta = np.array(stored["penalty"]), np.array(stored["coefficients"], dtype=float)
    path = LassoPath(names, penalty, np.zeros(penalty.size), beta, np.zeros(penalty.size))
    empty = np.zeros(len(names))
    choices = [
        LassoChoice(stored[key], 0.0, empty, tuple(stored[kept]))
        for key, kept in (("lambda_min", "selected_min"), ("lambda_1se", "selected_1se"))
    ]
    lasso = CrossValidatedLasso(
        path, np.array(stored["deviance"]), np.array(stored["deviance_std_error"]), *choices
    )
    titles = {name: _level_title(name, known) for name in names}
    return draw_lasso_path(
        lasso, say("LASSO path over the clinical columns"),
        say("Coefficients as the penalty falls, and the cross-validated deviance; lines at the "
        "penalty of least deviance (λ.min) and the largest within one standard error of it "
        "(λ.1se)."),
        titles, key=f"lasso_path_{suffix}",
    )  # fmt: skip


def _level_title(column: str, titles: Mapping[str, str]) -> str:
    """A factor's column is named by variable and level together."""
    if column in titles:
        return _short(column, titles)
    if bent := bend_title(column, titles):
        return bent
    for name in sorted(titles, key=len, reverse=True):
        if column.startswith(name):
            return _level(name, column.removeprefix(name), titles)
    return _short(column, titles)


def _forest(version: ModelVersion) -> Figure:
    content = version.content
    lines = [
        ForestLine(short_name(row["column"], content["terms"]), content["events"], content["n"],
                   row["hazard_ratio"], row["lower"], row["upper"], row["p_value"])
        for row in content["table"]
    ]  # fmt: skip
    return draw_forest(
        lines, say("Hazard ratios in the nomogram"),
        say("Per unit (markers and MTV: per doubling; Rad-Score: from 0 to 1), 95 % profile "
             "intervals of Firth's likelihood.") if content.get("penalty") == "firth" else
        say("Per unit (markers and MTV: per doubling; Rad-Score: from 0 to 1), 95 % Wald "
             "intervals."),
        key=f"forest_{version.endpoint}",
    )  # fmt: skip


def added_rows(stored: Mapping[str, Any] | None) -> list[tuple[str, dict[str, Any]]]:
    """What the Rad-Score adds, per cohort by title; training first, less its optimism."""
    if not stored:
        return []
    rows = [(say("Training, optimism-corrected"), stored["training"])] if stored["training"] else []
    names = sorted(stored.get("cohorts", {}), key=cohort_order)
    return [*rows, *((say(cohort_title(name)), stored["cohorts"][name]) for name in names)]


def _added(stored: Mapping[str, Any] | None, suffix: str) -> Figure | None:
    rows = [
        Estimate(label, name, part["value"], part["lower"], part["upper"], found["n"])
        for name, found in added_rows(stored)
        for label, part in [
            ("ΔC", found["c"]),
            *((say("ΔAUC, {n:g} months", n=a["horizon_months"]), a) for a in found["auc"]),
        ]
        if part["value"] is not None
    ]
    if not rows:
        return None
    return draw_estimates(
        rows, say("With minus without the Rad-Score"),
        say("Paired differences with 95 % bootstrap intervals; right of the dotted line the "
        "Rad-Score helps."),
        marked("difference"), f"added_value_{suffix}", 0.0,
    )  # fmt: skip


def _gain(stored: Mapping[str, Any] | None, suffix: str) -> Figure | None:
    gains = [(name, found["net_benefit"]) for name, found in added_rows(stored)
             if any(v is not None for v in found["net_benefit"]["value"])]  # fmt: skip
    if not gains:
        return None
    at = gains[0][1]["horizon_months"]
    return draw_net_benefit_gain(
        gains, say("Gain of net benefit by the Rad-Score at {at:g} months", at=at),
        say("Net benefit with less without it, paired 95 % bootstrap band; above the dotted line "
        "the Rad-Score helps."),
        f"net_benefit_gain_{suffix}",
    )  # fmt: skip


def _auc(version: ModelVersion, judged: Sequence[Evaluation]) -> Figure | None:
    curves = [
        AucOverTime(titled(e), [_auc_point(point) for point in e.metrics["auc_curve"]])
        for e in judged
        if e.metrics.get("auc_curve")
    ]
    if not curves:
        return None
    endpoint = endpoint_of(version).sentence
    return draw_auc_over_time(
        curves, say("AUC(t) of the nomogram, {endpoint}", endpoint=endpoint),
        say("Cumulative/dynamic, weighted for censoring, 95 % bands; training is apparent."),
        unit=months_from(landmark_of(version.content)),
        key=f"auc_over_time_{version.endpoint}",
    )  # fmt: skip


def _auc_point(point: Mapping[str, Any]) -> TimeDependentAuc:
    low, high = point["lower"], point["upper"]
    known = low is not None and high is not None
    error = max(point["value"] - low, high - point["value"]) / Z if known else np.nan
    return TimeDependentAuc(
        point["months"], point["value"], error, point["cases"], point["controls"], 0
    )


def _instability(stored: Mapping[str, Any] | None, suffix: str) -> Figure | None:
    moving = (stored or {}).get("instability")
    if not moving:
        return None
    found = Instability(
        moving["horizon"],
        np.array(moving["predicted"], dtype=float),
        np.array(moving["resampled"], dtype=float),
    )
    return draw_instability(
        found, say("Instability of predictions at {at:g} months", at=moving["horizon"]),
        say("Each patient of training as the models of resamples predict; lines: the middle "
             "95 %. Mean distance {distance:.3f}. The columns are fixed; choosing them anew moves "
             "predictions further.", distance=moving["mean_absolute_error"]),
        f"instability_{suffix}",
    )  # fmt: skip


def _hazards(version: ModelVersion) -> Figure | None:
    stored = version.run.results.get("schoenfeld")
    if not stored:
        return None
    terms = version.content["terms"]
    names = tuple(short_name(name, terms) for name in stored["names"])
    time, transformed, scaled = (np.array(stored[key], dtype=float)
                                 for key in ("time", "transformed", "scaled"))  # fmt: skip
    residuals = SchoenfeldResiduals(names, time, transformed, scaled, scaled)
    tests = {row["term"]: row["p_value"] for row in version.run.results["proportional_hazards"]}
    p_values = {short_name(name, terms): tests[name] for name in stored["names"] if name in tests}
    return draw_hazards(
        residuals, np.array(version.content["coefficients"]), p_values,
        say("Are the hazards proportional?"),
        say("Scaled Schoenfeld residuals about β(t), a smooth curve, and dashed the constant "
        "effect of the model; p of the score test against Kaplan-Meier time."),
        key=f"proportional_hazards_{version.endpoint}",
        unit=months_from(landmark_of(version.content)),
    )  # fmt: skip


def _splines(
    stored: Sequence[Mapping[str, Any]] | None, suffix: str, known: Mapping[str, str]
) -> Figure | None:
    if not stored:
        return None
    titles = {name: say(title.replace(", log scale", ", log2")) for name, title in known.items()}
    return draw_spline_effects(
        stored, titles, say("Are the effects straight?"),
        say("Each numeric variable as a restricted cubic spline (3 knots) in the model of all, "
        "log hazard ratio against its median, 95 % band; p of the bend by likelihood ratio."),
        f"splines_{suffix}",
    )  # fmt: skip


def score_figures(evaluation: Evaluation) -> list[Figure]:
    """Competing risks and the landmark of response of one cohort's Rad-Score evaluation."""
    drawn = (_competing(evaluation), _landmark(evaluation))
    return [figure for figure in drawn if figure is not None]


def _competing(evaluation: Evaluation) -> Figure | None:
    found = evaluation.metrics.get("competing")
    if not found:
        return None
    cohort = say(cohort_title(evaluation.cohort.name))
    curves = [
        IncidenceCurve(part["name"], part["months"], *(_numbers(part[key]) for key in
                       ("incidence", "lower", "upper")), part["last_follow_up"], part["n"],
                       part["progressed"], part["died_first"])
        for part in found["groups"]
    ]  # fmt: skip
    test = say("Gray {p}", p=p_text(found["gray"]["p_value"])) if found["gray"] else ""
    return draw_cumulative_incidence(
        curves, say("Progression, death as competitor: {cohort}", cohort=cohort),
        say("Aalen-Johansen with 95 % bands; death without progression, or on its day, competes. "
        "Taking such deaths as censored would overstate progression."),
        test, f"incidence_{evaluation.cohort.name}",
        months_from(landmark_of(evaluation.snapshot.question)),
    )  # fmt: skip


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _landmark(evaluation: Evaluation) -> Figure | None:
    found = evaluation.metrics.get("landmark")
    if not found or len(found["groups"]) < 2:
        return None
    groups = [SurvivalGroup(LONG[g["name"]], SHORT[g["name"]],
                            curve_from(g["curve"])) for g in found["groups"]]  # fmt: skip
    test = say("log-rank {p}", p=p_text(found["log_rank"]["p_value"])) if found["log_rank"] else ""
    return draw_kaplan_meier(
        groups, say("Survival by response: {cohort}",
             cohort=say(cohort_title(evaluation.cohort.name))),
        say("From the landmark of {at:g} months on, for response is known only then: {n} of "
             "{known} assessed patients were alive and followed beyond it ({died} had died, {lost} "
             "were not followed).", at=found["landmark_months"], n=found["n"],
             known=found["known"], died=found["lost_to_event"], lost=found["lost_to_censoring"]),
        marked("Overall survival"), test, f"landmark_{evaluation.cohort.name}",
    )  # fmt: skip
