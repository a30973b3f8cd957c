"""All figures of one prognostic analysis."""

from __future__ import annotations

from modeling.figures.auc_over_time import AucOverTime, draw_auc_over_time
from modeling.figures.decision_curve import NetBenefit, draw_decision_curve
from modeling.figures.forest import draw_forest, forest_line
from modeling.figures.hazards import draw_hazards
from modeling.figures.instability import draw_instability
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.figures.lasso_path import draw_lasso_path
from modeling.figures.nomogram import draw_nomogram
from modeling.figures.roc import RocCurve, draw_roc
from modeling.figures.survival_calibration import draw_survival_calibration
from modeling.methods.prognosis_analysis import PrognosisAnalysis
from modeling.methods.survival_groups import SurvivalGroups
from studies.figures.figure import Figure, number, p_text
from studies.methods.wording import marked, say


def draw_analysis(found: PrognosisAnalysis, unit: str = "days") -> list[Figure]:
    """Forest, nomogram, calibration, AUC(t), ROC, decision curve, survival, PH, LASSO, instability.

    ``unit`` is that of follow-up, for the axes.
    """
    figures = [
        _forest(found),
        draw_nomogram(found.nomogram, marked("Nomogram"), unit=unit),
        _calibration(found, unit),
        _auc(found, unit),
        _roc(found, unit),
        _decision(found, unit),
        *(_survival(part, found, unit) for part in found.groups),
    ]
    if found.schoenfeld:
        figures.append(draw_hazards(
            found.schoenfeld, found.cox.coefficients, unit=unit,
            caption=marked("Scaled Schoenfeld residuals; dashed: the model's constant effect."),
        ))  # fmt: skip
    if found.lasso:
        figures.append(draw_lasso_path(found.lasso, scale=found.design.matrix.std(axis=0)))
    if found.validation.instability:
        figures.append(draw_instability(found.validation.instability))
    return figures


def _forest(found: PrognosisAnalysis) -> Figure:
    lines = [forest_line(line) for line in found.tabulated.lines]
    title = marked("Hazard ratios, multivariable Cox model")
    if found.penalty == "firth":
        title = marked("Hazard ratios, multivariable Cox model, Firth's penalised likelihood")
    return draw_forest(lines, title)


def _calibration(found: PrognosisAnalysis, unit: str) -> Figure:
    at = found.horizon
    predicted = found.cox.survival(found.design.matrix, [at])[:, 0]
    smooth = found.smooth
    caption = ""
    if smooth:
        caption = say("ICI {ici}, E90 {e90}.", ici=number(smooth.ici, 3), e90=number(smooth.e90, 3))
    return draw_survival_calibration(
        found.calibration, found.validation.groups, smooth, predicted,
        say("Calibration at {at:g} {unit}", at=at, unit=say(unit)), caption,
    )  # fmt: skip


def _auc(found: PrognosisAnalysis, unit: str) -> Figure:
    return draw_auc_over_time([AucOverTime(say("model"), found.auc_curve)], unit=unit,
                              caption=marked("Apparent, on the fitting patients."))  # fmt: skip


def _roc(found: PrognosisAnalysis, unit: str) -> Figure:
    n = found.cox.n
    curves = [
        RocCurve(say("{at:g} {unit}", at=auc.horizon, unit=say(unit)), roc.false_positive,
                 roc.true_positive, auc.auc, *auc.interval(), n)
        for auc, roc in zip(found.auc, found.rocs, strict=True) if auc.estimable
    ]  # fmt: skip
    return draw_roc(
        curves, marked("Time-dependent ROC"), marked("Apparent, on the fitting patients.")
    )


def _decision(found: PrognosisAnalysis, unit: str) -> Figure:
    curve = next((c for c in found.decision_curves if c.horizon == found.horizon),
                 found.decision_curves[-1])  # fmt: skip
    model = NetBenefit(say("Model"), curve.threshold, curve.net_benefit, curve.lower, curve.upper,
                       curve.treat_all)  # fmt: skip
    return draw_decision_curve(
        model, say("Decision curve at {at:g} {unit}", at=curve.horizon, unit=say(unit))
    )


def _survival(part: SurvivalGroups, found: PrognosisAnalysis, unit: str) -> Figure:
    groups = [
        SurvivalGroup(level, level, curve, unit, _hazard_ratio(part.variable, level, found))
        for level, curve in part.curves.items()
    ]
    test = say("log-rank {p}", p=p_text(part.test.p_value)) if part.test else ""
    key = "km" if part.variable == "overall" else f"km_{_file_name(part.variable)}"
    title = marked("Survival")
    if part.variable != "overall":
        title = say("Survival by {variable}", variable=say(part.variable))
    return draw_kaplan_meier(
        groups, title, endpoint=marked("Survival"), test=test, key=key, unit=unit
    )


def _hazard_ratio(variable: str, level: str, found: PrognosisAnalysis) -> str:
    """Against the reference level, nothing else in the model."""
    lines = [line for line in found.tabulated.lines if (line.term, line.level) == (variable, level)]
    effect = lines[0].alone if lines else None
    if effect is None or effect.ratio is None:
        return ""
    return f", HR {number(effect.ratio)} ({number(effect.lower)}–{number(effect.upper)})"


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text)
