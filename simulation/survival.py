"""Progression, death, follow-up and the response that agrees with them."""

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import log_ndtr

from simulation.plan import DAYS_PER_MONTH, SIX_MONTHS, CohortPlan, StudyPlan, apportion
from simulation.randomness import stream

SHAPE_OS, SHAPE_PFS = 1.4, 1.2
FRAILTY = 0.5  # share of the residual that progression and death have in common
RESPONSE_LOADING = 0.76
RESPONSE_FRAILTY = 0.9  # correlation of the response's residual with that of progression
FOLLOW_UP_MONTHS = (48, 110)
NOT_EVALUABLE = 0.03


def draw_survival(plan: StudyPlan, covariates: pd.DataFrame) -> pd.DataFrame:
    """Uncensored PFS and OS (months), follow-up, linear predictor, response score and response.

    `covariates` has cohort, z, male, three_metastases, cea_ng_ml and diameter_mm. Both scales are
    solved so that each cohort's own median is the planned one, PFS after min(PFS, OS).
    """
    rng = stream(plan.seed, "survival")
    table = pd.DataFrame(index=covariates.index)
    table["linear_predictor"] = linear_predictor(plan, covariates)
    common, own_os, own_pfs, own_response = rng.standard_normal((4, len(table)))
    death = np.sqrt(FRAILTY) * common + np.sqrt(1 - FRAILTY) * own_os
    progression = np.sqrt(FRAILTY) * common + np.sqrt(1 - FRAILTY) * own_pfs
    table["raw_os"] = _weibull(death, table["linear_predictor"], SHAPE_OS)
    table["raw_pfs"] = _weibull(progression, table["linear_predictor"], SHAPE_PFS)
    residual = RESPONSE_FRAILTY * progression + np.sqrt(1 - RESPONSE_FRAILTY**2) * own_response
    loading = min(RESPONSE_LOADING * plan.signal, 0.99)
    table["response_score"] = loading * covariates["z"] + np.sqrt(1 - loading**2) * residual
    table["follow_up_months"] = rng.uniform(*FOLLOW_UP_MONTHS, len(table))
    unassessed = rng.random(len(table))
    parts = []
    for cohort in plan.cohorts:
        rows = table[covariates["cohort"] == cohort.name]
        parts.append(_follow(cohort, rows, unassessed[rows.index]))
    return pd.concat(parts).drop(columns=["raw_os", "raw_pfs"])


def linear_predictor(plan: StudyPlan, covariates: pd.DataFrame) -> pd.Series:
    """Log hazard: higher is worse."""
    return (
        -plan.b_z * covariates["z"]
        - 0.40 * covariates["male"]
        + 0.35 * covariates["three_metastases"]
        + 0.15 * (covariates["cea_ng_ml"] > 200)
        + 0.14 * (covariates["diameter_mm"] >= 50)
    )


def _weibull(residual: np.ndarray, lp: pd.Series, shape: float) -> np.ndarray:
    """Proportional hazards of unit scale; a higher residual lives longer."""
    return (-log_ndtr(-residual) * np.exp(-lp)) ** (1 / shape)


def _follow(cohort: CohortPlan, rows: pd.DataFrame, unassessed: np.ndarray) -> pd.DataFrame:
    os_months = rows["raw_os"] * cohort.median_os_months / rows["raw_os"].median()
    raw = rows["raw_pfs"]

    def excess(log_scale: float) -> float:
        together = np.minimum(raw * np.exp(log_scale), os_months)
        return float(together.median() - cohort.median_pfs_months)

    scale = np.exp(brentq(excess, -8, 12))
    table = rows.assign(
        os_months=os_months,
        pfs_months=np.minimum(raw * scale, os_months),
        progressed=raw * scale < os_months,
    )
    return table.assign(response=_respond(cohort, table, unassessed))


def _respond(cohort: CohortPlan, table: pd.DataFrame, unassessed: np.ndarray) -> pd.Series:
    """Six-month response with the cohort's counts: the shortest PFS are PD, the others follow
    the response score; not evaluable are some of those without progression."""
    pfs_days = table["pfs_months"] * DAYS_PER_MONTH
    missing = pd.Series(np.where(pfs_days > 240, unassessed, 2.0), index=table.index)
    missing = missing.nsmallest(round(NOT_EVALUABLE * len(table))).index
    assessed = table.drop(index=missing)
    counts = apportion(len(assessed), cohort.responses)
    order = assessed.sort_values("pfs_months").index
    progressive, others = order[: counts[3]], assessed.loc[order[counts[3] :]]
    lasting = pfs_days[others.index] >= SIX_MONTHS + 1  # who progresses before is no responder
    ranked = others.assign(lasting=lasting)
    ranked = ranked.sort_values(["lasting", "response_score"], ascending=False).index
    response = pd.Series("NE", index=table.index)
    response[progressive] = "PD"
    response[ranked] = np.repeat(["CR", "PR", "SD"], counts[:3])
    return response
