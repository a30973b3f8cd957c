"""What can be told of one table by Firth's likelihood: the model, its rulers, survival by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modeling.methods.analysis_table import AnalysisTable
from modeling.methods.cox import SurvivalEstimate
from modeling.methods.design_matrix import apply_design
from modeling.methods.firth_cox import FirthCoxFit, fit_firth_cox
from modeling.methods.nomogram import Nomogram, build_nomogram
from modeling.methods.prognosis_analysis import (
    Progress,
    SurvivalGroups,
    about_beyond,
    choose_horizons,
    group_survival,
)
from modeling.methods.regression_table import RegressionTable, tabulate_cox
from studies.methods.problems import Notice
from studies.methods.wording import say


@dataclass(frozen=True)
class FirthAnalysis:
    """Of :class:`PrognosisAnalysis` what a penalised model has; it was validated nowhere."""

    table: AnalysisTable
    times: tuple[float, ...]
    not_estimable: tuple[float, ...]
    horizon: float
    cox: FirthCoxFit
    tabulated: RegressionTable
    survival: SurvivalEstimate
    nomogram: Nomogram
    groups: tuple[SurvivalGroups, ...]
    notices: tuple[Notice, ...]


def analyse_firth(
    table: AnalysisTable,
    times: Sequence[float],
    horizon: float | None = None,
    progress: Progress = lambda stage: None,
) -> FirthAnalysis:
    """Cox model by Firth's penalised likelihood, regression table, nomogram, survival by group.

    Parameters
    ----------
    table : AnalysisTable
    times, horizon
        As in :func:`modeling.methods.prognosis_analysis.analyse_prognosis`; restricted means go
        up to ``horizon``.
    progress : callable (stage)

    Raises
    ------
    DataProblem
        A horizon beyond follow-up, collinear columns: named.

    References
    ----------
    Heinze, Schemper, Biometrics 2001;57:114.
    """
    inside, beyond, at = choose_horizons(times, horizon, table)
    design = apply_design(table.covariates, table.terms)
    time, event, x = table.duration, table.event, design.matrix
    progress("Cox model, Firth's penalised likelihood")
    cox = fit_firth_cox(time, event, x, design.names)
    return FirthAnalysis(
        table=table,
        times=inside,
        not_estimable=beyond,
        horizon=at,
        cox=cox,
        tabulated=tabulate_cox(time, event, table.covariates, table.terms, "firth"),
        survival=cox.survival_interval(x, inside),
        nomogram=build_nomogram(cox, design, table.covariates, inside),
        groups=group_survival(table, cox.linear_predictor(x), at),
        notices=(*table.notices, *about_beyond(beyond), *cox.notices, _not_validated()),
    )


def _not_validated() -> Notice:
    text = say("Firth's penalised likelihood: intervals and p of the coefficients by its profile; "
               "no test of proportional hazards, validation, calibration or decision curve is "
               "written")  # fmt: skip
    return Notice("firth", text)
