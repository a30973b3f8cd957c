"""The cohort table: clinical columns, dates that agree with the simulated times, and its gaps."""

import numpy as np
import pandas as pd

from simulation.latent import pick
from simulation.plan import DAYS_PER_MONTH, RESPONSE_WINDOW, SIX_MONTHS, StudyPlan
from simulation.randomness import stream

COLUMNS = [
    "patient_id", "site", "cohort", "sex", "age_years", "primary_site", "pathology_type",
    "node_positive", "synchronous_metastases", "disease_free_interval_months", "metastasis_count",
    "liver_metastasis_count", "largest_metastasis_cm", "liver_involvement", "cea_ng_ml",
    "ca199_u_ml", "ca125_u_ml", "msi_status", "ras_status", "braf_status", "ecog",
    "treatment_line", "drug", "prior_chemotherapy", "other_active_malignancy",
    "severe_organ_dysfunction", "consent_imaging_on", "consent_genomics_on", "consent_sharing_on",
    "treatment_started_on", "response_assessed_on", "response",
    "surgery_on", "resection_margin", "progressed_on", "died_on", "last_assessed_on",
    "last_known_alive_on",
]  # fmt: skip
FIRST_TREATMENT = np.datetime64("2011-01-03")
RECRUITMENT_DAYS = 4 * 365
SHARED = 0.94  # share of patients who consent to sharing
EXCLUSIONS = {  # column: share with it, share in whom it is known
    "other_active_malignancy": (0.01, 0.99),
    "severe_organ_dysfunction": (0.015, 0.985),
}
GAPS = {  # column: share of patients, what stands there instead
    "cea_ng_ml": (0.015, "not_done"),
    "ca199_u_ml": (0.02, "not_done"),
    "ca125_u_ml": (0.025, ""),
    "node_positive": (0.015, "unknown"),
    "pathology_type": (0.01, "unknown"),
    "msi_status": (0.06, "not_done"),
    "ras_status": (0.05, "not_done"),
    "braf_status": (0.08, ""),
    "ecog": (0.02, ""),
}


def draw_clinical(plan: StudyPlan, latent: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Everything known at baseline, complete: gaps come last."""
    rng = stream(plan.seed, "clinical")
    size = len(latent)
    ages = latent["cohort"].map({cohort.name: cohort.age_mean for cohort in plan.cohorts})
    table = latent[["patient_id", "site", "cohort"]].copy()
    table["sex"] = np.where(latent["male"], "male", "female")
    table["age_years"] = np.clip(np.round(rng.normal(ages, 10)), 29, 81).astype(int)
    table["primary_site"] = pick(rng, (("right", 0.28), ("left", 0.72)), size)
    table["pathology_type"] = pick(
        rng, (("adenocarcinoma", 0.85), ("mucinous", 0.12), ("signet_ring", 0.03)), size
    )
    table["node_positive"] = pick(rng, (("yes", 0.62), ("no", 0.38)), size)
    _draw_metastases(rng, table, latent, images)
    for column, median, spread in (
        ("cea_ng_ml", 45, 1.6),
        ("ca199_u_ml", 130, 1.9),
        ("ca125_u_ml", 22, 0.8),
    ):
        table[column] = np.round(np.exp(rng.normal(np.log(median), spread, size)), 1)
    table["msi_status"] = pick(rng, (("MSS", 0.93), ("MSI-H", 0.07)), size)
    table["ras_status"] = pick(rng, (("wild_type", 0.55), ("mutant", 0.45)), size)
    braf = pick(rng, (("wild_type", 0.85), ("mutant", 0.15)), size)
    table["braf_status"] = np.where(table["ras_status"] == "mutant", "wild_type", braf)
    table["ecog"] = rng.choice([0, 1, 2], size, p=[0.5, 0.42, 0.08])
    table["treatment_line"] = rng.choice([1, 2, 3, 4], size, p=[0.45, 0.30, 0.17, 0.08])
    table["drug"] = ""
    for cohort in plan.cohorts:
        rows = latent["cohort"] == cohort.name
        table.loc[rows, "drug"] = pick(rng, cohort.drugs, int(rows.sum()))
    earlier = (table["treatment_line"] > 1) | (rng.random(size) < 0.15)
    table["prior_chemotherapy"] = np.where(earlier, "yes", "no")
    return table


def _draw_metastases(
    rng: np.random.Generator, table: pd.DataFrame, latent: pd.DataFrame, images: pd.DataFrame
) -> None:
    size = len(table)
    synchronous = rng.random(size) < 0.58
    interval = np.round(rng.gamma(2.0, 9.0, size), 1)
    table["synchronous_metastases"] = np.where(synchronous, "yes", "no")
    table["disease_free_interval_months"] = np.where(
        synchronous, "not_applicable", interval.astype(str)
    )
    many, few = 3 + rng.poisson(2.5, size), 1 + rng.integers(0, 2, size)
    few = np.where(images["second_lesion"], 2, few)
    table["metastasis_count"] = np.where(latent["three_metastases"], many, few)
    liver = rng.binomial(table["metastasis_count"], 0.75)
    liver = np.maximum(liver, 1 + images["second_lesion"].astype(int))  # the scan shows them
    table["liver_metastasis_count"] = liver
    table["largest_metastasis_cm"] = np.round(images["diameter_mm"] / 10, 1)
    table["liver_involvement"] = "yes"


def write_dates(
    plan: StudyPlan, latent: pd.DataFrame, clinical: pd.DataFrame, survival: pd.DataFrame
) -> pd.DataFrame:
    """The finished table: months become dates, then values go missing."""
    rng = stream(plan.seed, "dates")
    size = len(latent)
    start = FIRST_TREATMENT + rng.integers(0, RECRUITMENT_DAYS, size)
    days = _days(rng, survival)
    table = clinical.copy()
    table["scanned_on"] = _text(start - rng.integers(3, 31, size), np.zeros(size))
    table["treatment_started_on"] = _text(start, np.zeros(size))
    _write_participation(plan, table, start)
    for column in ("response_assessed_on", "surgery_on", "progressed_on", "died_on"):
        table[column] = _text(start, days[column])
    for column in ("last_assessed_on", "last_known_alive_on"):
        table[column] = _text(start, days[column])
    table["response"] = survival["response"]
    operated = ~np.isnan(days["surgery_on"])
    margin = pick(rng, (("R0", 0.75), ("R1", 0.2), ("R2", 0.05)), size)
    table["resection_margin"] = np.where(operated, margin, "not_applicable")
    _leave_gaps(rng, table)
    return table[[*COLUMNS, "scanned_on"]]


def _write_participation(plan: StudyPlan, table: pd.DataFrame, start: np.ndarray) -> None:
    """Consents some weeks before the scan, to sharing not by all; and two exclusion criteria."""
    rng = stream(plan.seed, "participation")
    size = len(table)
    signed = _text(start - rng.integers(31, 61, size), np.zeros(size))
    table["consent_imaging_on"] = table["consent_genomics_on"] = signed
    table["consent_sharing_on"] = np.where(rng.random(size) < SHARED, signed, "")
    for column, (share, known) in EXCLUSIONS.items():
        present = np.where(rng.random(size) < share, "yes", "no")
        table[column] = np.where(rng.random(size) < known, present, "unknown")


def _days(rng: np.random.Generator, survival: pd.DataFrame) -> dict[str, np.ndarray]:
    """Days after the start of treatment; nan is never (or not seen within follow-up)."""
    size = len(survival)
    death = np.maximum(np.round(survival["os_months"] * DAYS_PER_MONTH), 2).to_numpy()
    event = np.clip(np.round(survival["pfs_months"] * DAYS_PER_MONTH), 1, death).to_numpy()
    event = np.where(survival["progressed"], np.minimum(event, death - 1), death)
    follow = np.floor(survival["follow_up_months"] * DAYS_PER_MONTH).to_numpy()
    progressed = np.where(survival["progressed"] & (event <= follow), event, np.nan)
    died = np.where(death <= follow, death, np.nan)
    end = np.fmin(died, follow)
    response = _response_days(rng, survival["response"].to_numpy(), event)
    surgery = np.where(
        (rng.random(size) < np.where(survival["response"].isin(["CR", "PR"]), 0.45, 0.08)),
        np.round(rng.uniform(60, 300, size)),
        np.nan,
    )
    surgery = np.where(surgery < np.fmin(event, end) - 30, surgery, np.nan)
    seen = np.where(np.isnan(progressed), end - rng.integers(0, 60, size), progressed)
    later = seen + rng.integers(0, 90, size) * ~np.isnan(progressed)
    last_assessed = np.clip(np.minimum(later, end), 0, None)
    last_assessed = np.fmax(last_assessed, np.where(response <= end, response, 0))
    alive = np.where(np.isnan(died), end, end - rng.integers(0, 31, size))
    return {
        "response_assessed_on": response,
        "surgery_on": surgery,
        "progressed_on": progressed,
        "died_on": died,
        "last_assessed_on": last_assessed,
        "last_known_alive_on": np.fmax(alive, last_assessed),
    }


def _response_days(rng: np.random.Generator, response: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Near six months, before any progression; progression or death itself when that came first."""
    planned = SIX_MONTHS + rng.integers(-20, 21, len(event))
    before = np.minimum(planned, event - 1 - rng.integers(0, 8, len(event)))
    before = np.where(before < SIX_MONTHS - RESPONSE_WINDOW, np.maximum(event - 1, 1), before)
    return np.where(response == "PD", event, before).astype(float)


def _text(start: np.ndarray, days: np.ndarray) -> np.ndarray:
    whole = start + np.nan_to_num(days).astype("timedelta64[D]")
    return np.where(np.isnan(days), "", np.datetime_as_string(whole, unit="D"))


def _leave_gaps(rng: np.random.Generator, table: pd.DataFrame) -> None:
    for column, (share, code) in GAPS.items():
        values = table[column].astype(object)
        values[rng.permutation(len(table)) < round(share * len(table))] = code
        table[column] = values
    unseen = table.index[table["response"] == "NE"][::3]
    table.loc[unseen, ["response", "response_assessed_on"]] = ""
