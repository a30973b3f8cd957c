"""The parts of a report on survival: Rad-Score groups, and the nomograms with their validation."""

from __future__ import annotations

from typing import Any

from modeling.figures.calibration import CalibrationPoint, draw_calibration
from modeling.figures.decision_curve import NetBenefit, draw_decision_curve
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.figures.nomogram import draw_nomogram
from modeling.figures.roc import RocBand, RocCurve, draw_roc
from modeling.methods.nomogram import nomogram_from_dict
from modeling.models import Basis, Evaluation, ModelVersion
from modeling.services.nomogram_figures import bend_title, nomogram_figures, score_figures
from modeling.services.prognosis_columns import titles_of
from modeling.services.prognosis_endpoints import (
    endpoint_of,
    from_landmark,
    landmark_of,
    months_from,
)
from modeling.services.prognosis_metrics import curve_from
from modeling.services.prognosis_rows import LOGARITHMS
from modeling.services.report_content import (
    BASES,
    Cell,
    Draft,
    Section,
    cohort_order,
    cohort_title,
    in_sentence,
    in_words,
    plain_title,
    spelled,
    titled,
)
from modeling.services.report_endpoints import endpoints_told
from modeling.services.report_notices import clinical_notices
from modeling.services.report_sources import number, number_of
from modeling.services.report_table2 import added_table
from studies.figures.figure import p_text, with_interval
from studies.methods.wording import english, marked, say


def evaluations_of(
    version: ModelVersion, endpoint: str, landmark_days: int | None = None
) -> list[Evaluation]:
    """The newest evaluation of each cohort and basis against an endpoint, in the paper's order.

    Of a Rad-Score one from the start of treatment speaks before one from a landmark, unless those
    of a landmark are asked for (0: from the start of treatment alone).
    """
    found = Evaluation.objects.filter(version=version, target=endpoint)
    rows = list(found.select_related("cohort", "snapshot", "version").order_by("id"))
    if landmark_days is not None:
        rows = [e for e in rows if landmark_of(e.snapshot.question) == landmark_days]
    rows.sort(key=lambda e: -landmark_of(e.snapshot.question))
    newest = {(e.cohort_id, e.basis): e for e in rows}
    return sorted(newest.values(), key=lambda e: cohort_order(e.cohort.name))


def survival_by_rad_score(
    draft: Draft, version: ModelVersion, nomograms: list[ModelVersion]
) -> None:
    """Kaplan-Meier above and below the frozen cut, per endpoint and cohort, and beyond it."""
    section: Section | None = None
    rows: list[list[Cell]] = []
    means: list[list[Cell]] = []
    for endpoint, one in endpoints_told(version.study, nomograms).items():
        for evaluation in evaluations_of(version, endpoint):
            asked = from_landmark(one, landmark_of(evaluation.snapshot.question))
            title = english(asked.title)
            section = section or draft.section(
                "survival",
                "Survival by Rad-Score",
                "Groups by the median of the training out-of-fold Rad-Score: a number of training "
                "alone, frozen for every other cohort. Intervals are log-log; a median is not "
                "reached where more than half outlive the follow-up.",
            )
            _kaplan_meier(draft, section, evaluation, title)
            rows.append(_survival_row(draft, evaluation, title))
            means += _mean_rows(draft, evaluation, title)
            for figure in score_figures(evaluation):
                draft.figure(section, figure, draft.sources.of(evaluation))
    if section is not None:
        section.table(
            "survival-groups",
            "Median survival by Rad-Score, months",
            (
                "Endpoint",
                "Cohort",
                "Basis",
                "n",
                "Median, Rad-Score high",
                "Median, Rad-Score low",
                "HR, low against high",
                "Log-rank p",
                "p at cut 0.5",
                "p at own median",
            ),
            rows,
            "The frozen cut counts; the other cuts are shown for comparison only. Each median with "
            "its log-log 95 % interval; a hazard ratio is not estimable where one group has no "
            "event.",
        )
        _means_table(section, means)


def _kaplan_meier(draft: Draft, section: Section, evaluation: Evaluation, title: str) -> None:
    metrics = evaluation.metrics
    groups = [
        SurvivalGroup(g["name"], g["name"].split()[-1], curve_from(g["curve"]))
        for g in metrics["groups"]
    ]
    test, ratio = metrics["log_rank"], metrics.get("hazard_ratio")
    hazard = (
        f" Hazard ratio, low against high: "
        f"{with_interval(ratio['value'], ratio['lower'], ratio['upper'])}."
        if ratio
        else ""
    )
    cohort = cohort_title(evaluation.cohort.name)
    figure = draw_kaplan_meier(
        groups,
        f"{title}: {cohort}",
        f"Rad-Score {BASES[evaluation.basis]}, cut {metrics['cut']:.3f} (frozen); n "
        f"{metrics['n']}, {metrics['events']} events. Bands: log-log 95 % intervals; ticks: "
        f"censored patients.{hazard}",
        title,
        _inside(test, ratio),
        f"km_{evaluation.target}_{evaluation.cohort.name}",
        months_from(landmark_of(evaluation.snapshot.question)),
    )
    draft.figure(section, figure, draft.sources.of(evaluation))


def _inside(test: dict[str, Any] | None, ratio: dict[str, Any] | None) -> str:
    """What stands inside the curves: the test, and the ratio of the hazards."""
    parts = [f"log-rank {p_text(test['p_value'])}"] if test else []
    if ratio:
        parts.append(f"HR {with_interval(ratio['value'], ratio['lower'], ratio['upper'])}")
    return ", ".join(parts)


def _survival_row(draft: Draft, evaluation: Evaluation, title: str) -> list[Cell]:
    source, metrics = draft.sources.of(evaluation), evaluation.metrics
    medians = {
        g["name"].split()[-1]: "not reached"
        if g["median_months"]["value"] is None
        else number_of(g["median_months"], source, g["n"], 1, is_median=True)
        for g in metrics["groups"]
    }
    tests = [metrics["log_rank"], *(cut["log_rank"] for cut in metrics["other_cuts"])]
    return [
        title, cohort_title(evaluation.cohort.name), BASES[evaluation.basis], metrics["n"],
        medians.get("high", "nobody"), medians.get("low", "nobody"),
        number_of(metrics["hazard_ratio"], source, metrics["n"])
        if metrics.get("hazard_ratio") else "not estimable",
        *(number(t["p_value"], source, metrics["n"], digits=4) if t else "one group only"
          for t in tests),
    ]  # fmt: skip


def mean_rows_table(draft: Draft, section: Section, found: list[Evaluation], title: str) -> None:
    """Restricted means of the given evaluations of a Rad-Score."""
    _means_table(section, [row for e in found for row in _mean_rows(draft, e, title)])


def _means_table(section: Section, rows: list[list[Cell]]) -> None:
    section.table(
        "restricted-means",
        marked("Restricted mean survival by Rad-Score, months"),
        (
            marked("Endpoint"),
            marked("Cohort"),
            marked("Up to, months"),
            marked("Rad-Score high"),
            marked("Rad-Score low"),
            marked("Difference (95 % CI)"),
            "p",
        ),
        rows,
        marked(
            "Area under the Kaplan-Meier curve up to the headline time: needs no proportional "
            "hazards."
        ),
    )


def _mean_rows(draft: Draft, evaluation: Evaluation, title: str) -> list[list[Cell]]:
    found = evaluation.metrics.get("restricted_mean")
    if not found:
        return []
    source, n = draft.sources.of(evaluation), evaluation.metrics["n"]
    return [[
        title, cohort_title(evaluation.cohort.name), f"{found['horizon_months']:g}",
        *(number_of(found[key], source, n, 1) for key in ("high", "low", "difference")),
        number(found["p_value"], source, n, digits=4),
    ]]  # fmt: skip


def nomogram_section(draft: Draft, version: ModelVersion) -> None:
    """A nomogram: how it came to be, what it holds, how it does in every cohort."""
    endpoint, content = version.endpoint, version.content
    one = endpoint_of(version)
    title = english(one.sentence)
    section = draft.section(endpoint.replace("_", "-"), f"Nomogram: {title}", _how(version))
    source = draft.sources.add(version, version.fitting_snapshot)
    draft.notice(f"nomogram, {title}", version.run.notices)
    draft.notice(
        f"frozen table {version.fitting_snapshot.number}", version.fitting_snapshot.notices
    )
    for where, notices in clinical_notices(version.fitting_snapshot):
        draft.notice(where, notices)
    figure = draw_nomogram(
        nomogram_from_dict(content["nomogram"]),
        f"Nomogram for {title}",
        "Read the points of each variable upwards, add them, and read survival below the total.",
        titles_of(content),
        unit="months",
        endpoint=one.short,
        key=f"nomogram_{endpoint}",
        log2=LOGARITHMS,
    )
    draft.figure(section, figure, source)
    section.table(
        f"cox-{endpoint}",
        "Cox model",
        ("Variable", "Hazard ratio (95 % CI)", "p"),
        [_hazard_row(row, content["terms"], source, content["n"]) for row in content["table"]],
        _about_ratios(version),
    )
    optimism_table(draft, section, version, source)
    added_table(draft, section, version)
    _validation(draft, section, version)
    found = evaluations_of(version, endpoint)
    for drawn in nomogram_figures(version, found):
        draft.figure(section, drawn, source, *(draft.sources.of(e) for e in found[:1]))


def _about_ratios(version: ModelVersion) -> str:
    plan = version.run.recipe.get("plan", {})
    said = "Per unit of the variable (log scale: per doubling; Rad-Score: from 0 to 1)."
    if plan.get("selection", "lasso") == "lasso" and version.run.results["lasso"]["kept"]:
        said += " Columns the LASSO chose have p-values that are too small."
    if plan.get("penalty") == "firth":
        said += " Intervals and p of the penalised profile likelihood."
    return said


# How a model was refitted as a whole, by its selection: C, slope, and what the table notes.
WHOLE_REFITTED = {
    "lasso": (
        marked("Harrell's C, LASSO and Cox refitted"),
        marked("Calibration slope, LASSO and Cox refitted"),
        marked(
            "Bootstrap; the Rad-Score is frozen. Columns fixed ignores that the LASSO chose them "
            "on these patients, and is too good."
        ),
    ),
    "fixed": (
        marked("Harrell's C, levels and knots found anew"),
        marked("Calibration slope, levels and knots found anew"),
        marked(
            "Bootstrap; the Rad-Score is frozen. The columns were fixed before the fit; rare "
            "levels and knots of splines are found in each resample, or fixed, too."
        ),
    ),
}


def optimism_table(
    draft: Draft, section: Section, version: ModelVersion, source: dict[str, Any]
) -> None:
    """Of the whole pipeline, and of the Cox model with its columns fixed."""
    found, fixed = (version.run.results.get(key) for key in ("optimism", "fixed_columns"))
    n = version.content["n"]
    selection = version.run.recipe.get("plan", {}).get("selection", "lasso")
    parts = []
    if found:
        c, slope, _ = WHOLE_REFITTED[selection]
        parts += [
            (c, found["c"], found["c"]["ci"], found),
            (slope, found["indexes"]["slope"], None, found),
        ]
    if fixed:
        parts += [
            (marked("Harrell's C, columns fixed"), fixed["c"], fixed["c"]["ci"], fixed),
            (marked("Calibration slope, columns fixed"), fixed["slope"], None, fixed),
        ]
    rows: list[list[Cell]] = [
        [
            name, number(part["apparent"], source, n),
            number(part["optimism"], source, n, digits=3),
            number(part["corrected"], source, n, *(ci or ())),
            say("{n} of {total}", n=of["usable"], total=of["resamples"]),
        ]
        for name, part, ci, of in parts
    ]  # fmt: skip
    section.table(
        f"optimism-{version.endpoint}",
        marked("Optimism in training"),
        (
            marked("Measure"),
            marked("Apparent"),
            marked("Optimism"),
            marked("Corrected (95 % CI)"),
            marked("Usable resamples"),
        ),
        rows,
        WHOLE_REFITTED[selection][2],
    )


def _how(version: ModelVersion) -> str:
    lasso, content = version.run.results["lasso"], version.content
    kept, simpler = (
        ", ".join(in_sentence(plain_title(name)) for name in lasso[key]) or "none"
        for key in ("kept", "kept_one_std_error")
    )
    plan = version.run.recipe.get("plan", {})
    both = "immunoscore" in plan.get("always", ("immunoscore",))
    entered = "Rad-Score and the Immunoscore" if both else "Rad-Score"
    chosen = (
        f"Clinical columns, fixed before the fit: {kept}."
        if plan.get("selection") == "fixed"
        else f"Of the clinical columns the LASSO kept {kept} (at lambda.1se: {simpler})."
        f"{given_way(version)}"
    )
    return (
        f"Fitted on training ({content['n']} patients, {content['events']} events) with the "
        f"out-of-fold {entered} unpenalised. {chosen}{departed(plan)}"
    )


def given_way(version: ModelVersion) -> str:
    """Where the choice at lambda.min was more than the events carry."""
    code = "too_few_events_for_choice"
    texts = [notice["text"] for notice in version.run.notices if notice["code"] == code]
    return f" {in_words(spelled(texts[0])).rstrip('.')}." if texts else ""


def departed(plan: dict[str, Any]) -> str:
    """What is unlike a plain Cox model of straight effects, in a sentence each."""
    bent = ", ".join(map(plain_title, plan.get("splines", ())))
    said = f" Restricted cubic splines (three knots) of {bent}." if bent else ""
    if plan.get("penalty") == "firth":
        said += " Firth's penalised likelihood; intervals and p of the coefficients by its profile."
    return said


def _hazard_row(
    row: dict[str, Any], terms: list[dict[str, Any]], source: dict[str, Any], n: int
) -> list[Cell]:
    ratio = number(row["hazard_ratio"], source, n, row["lower"], row["upper"])
    return [column_title(row["column"], terms), ratio, number(row["p_value"], source, n, digits=4)]


def column_title(column: str, terms: list[dict[str, Any]]) -> str:
    """A column of the model as people name it; one of the study's own as its term tells."""
    titles = titles_of({"terms": terms})
    for term in terms:
        for level in term["levels"][1:]:
            if column == f"{term['name']}{level}":
                return say(
                    "{variable}: {level} (against {reference})",
                    variable=say(titles.get(term["name"], term["name"])),
                    level=say(level.replace("_", " ")),
                    reference=say(term["levels"][0].replace("_", " ")),
                )
    return bend_title(column, titles) or say(titles.get(column, column))


def _validation(draft: Draft, section: Section, version: ModelVersion) -> None:
    """At the headline time of the run, which need not be the usual one."""
    found = evaluations_of(version, version.endpoint)
    if not found:
        return
    headline = found[0].metrics["headline_months"]
    times = [auc["horizon_months"] for auc in found[0].metrics["auc"]]
    section.table(
        f"validation-{version.endpoint}",
        "Performance in every cohort",
        (
            "Cohort",
            "Basis",
            "n",
            "Events",
            "Harrell's C (95 % CI)",
            *(f"AUC at {t:g} months" for t in times),
            f"Brier at {headline:g} months",
            "Calibration slope",
            "O/E",
            "ICI",
        ),
        [_validation_row(draft, e, headline) for e in found],
        "AUC(t): cumulative/dynamic, weighted for censoring. O/E: observed over expected risk at "
        "the headline time; ICI: mean distance of the smooth calibration curve; both are point "
        "estimates, the slope's interval tells how well calibration is known. "
        "Training is the fitting cohort: its numbers are apparent, not validation.",
    )
    sources = [draft.sources.of(e) for e in found]
    draft.figure(section, _roc(version, found, headline), *sources)
    draft.figure(section, _calibration(version, found, headline), *sources)
    for evaluation in found:
        known = evaluation.metrics["decision_curve"]["net_benefit"]
        if evaluation.basis == Basis.APPLIED and any(v is not None for v in known):
            draft.figure(
                section, _decision(version, evaluation, headline), draft.sources.of(evaluation)
            )


def _validation_row(draft: Draft, evaluation: Evaluation, headline: float) -> list[Cell]:
    source, metrics = draft.sources.of(evaluation), evaluation.metrics
    n, calibration = metrics["n"], metrics["calibration"]
    brier = next((b for b in metrics["brier"] if b["horizon_months"] == headline), None)
    return [
        cohort_title(evaluation.cohort.name), BASES[evaluation.basis], n, metrics["events"],
        number_of(metrics["concordance"], source, n),
        *(number_of(auc, source, n) for auc in metrics["auc"]),
        number_of(brier, source, n, 3), number_of(calibration["slope"], source, n),
        number(calibration["observed_expected"], source, n),
        number((calibration.get("smooth") or {}).get("ici"), source, n, digits=3),
    ]  # fmt: skip


def _roc(version: ModelVersion, found: list[Evaluation], headline: float) -> Any:
    curves = []
    for evaluation in found:
        metrics = evaluation.metrics
        auc = next(a for a in metrics["auc"] if a["horizon_months"] == headline)
        if auc["value"] is not None:
            name = f"{cohort_title(evaluation.cohort.name)}, {BASES[evaluation.basis]}"
            curves.append(
                RocCurve(
                    name,
                    metrics["roc"]["false_positive"],
                    metrics["roc"]["true_positive"],
                    auc["value"],
                    auc["lower"],
                    auc["upper"],
                    metrics["n"],
                    _band(metrics["roc"].get("band")),
                )
            )
    return draw_roc(
        curves,
        f"ROC of the nomogram: {endpoint_of(version).sentence} at {headline:g} months",
        "Cases have the event by then, controls are followed beyond it; weighted for censoring; "
        "pointwise 95 % bootstrap bands.",
        f"roc_{version.endpoint}",
    )


def _band(stored: dict[str, Any] | None) -> RocBand | None:
    if not stored or None in stored["lower"]:
        return None
    return RocBand(stored["false_positive"], stored["lower"], stored["upper"])


def _calibration(version: ModelVersion, found: list[Evaluation], headline: float) -> Any:
    points = [
        CalibrationPoint(
            titled(e),
            g["predicted"],
            g["observed"],
            g["lower"],
            g["upper"],
            g["n"],
        )
        for e in found
        for g in e.metrics["calibration"]["groups"]
        if g["observed"] is not None
    ]
    return draw_calibration(
        points,
        f"Calibration: {endpoint_of(version).sentence} at {headline:g} months",
        "Kaplan-Meier survival in groups of like prediction, log-log 95 % intervals; the dotted "
        "diagonal is perfect.",
        "survival",
        f"calibration_{version.endpoint}",
        {titled(e): e.metrics["predicted"] for e in found if e.metrics.get("predicted")},
    )


def _decision(version: ModelVersion, evaluation: Evaluation, headline: float) -> Any:
    curve = {
        key: [float("nan") if v is None else v for v in values]
        for key, values in evaluation.metrics["decision_curve"].items()
    }
    cohort = cohort_title(evaluation.cohort.name)
    return draw_decision_curve(
        NetBenefit(
            "Nomogram",
            curve["threshold"],
            curve["net_benefit"],
            curve["lower"],
            curve["upper"],
            curve["treat_all"],
        ),
        f"Decision curve, {endpoint_of(version).short}: {cohort.lower()}",
        f"Net benefit at {headline:g} months by Kaplan-Meier, bootstrap 95 % band; it ends where "
        "nobody above the threshold is followed that far.",
        f"decision_curve_{version.endpoint}_{evaluation.cohort.name}",
    )
