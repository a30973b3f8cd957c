import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from simulation.latent import draw_latent
from simulation.plan import COHORTS, DAYS_PER_MONTH, StudyPlan
from simulation.study import simulate_study
from simulation.survival import draw_survival


def days(table: pd.DataFrame, column: str) -> pd.Series:
    start = pd.to_datetime(table["treatment_started_on"])
    text = table[column].replace("", None)
    return (pd.to_datetime(text) - start).dt.days


def test_medians_are_the_papers(study):
    for cohort in COHORTS:
        rows = study.survival[study.latent["cohort"] == cohort.name]
        assert rows["pfs_months"].median() == pytest.approx(cohort.median_pfs_months, rel=1e-6)
        assert rows["os_months"].median() == pytest.approx(cohort.median_os_months, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_progression_free_survival_never_outlasts_survival(seed):
    survival = simulate_study(StudyPlan(seed=seed)).survival
    assert (survival["pfs_months"] <= survival["os_months"]).all()


def test_about_93_percent_of_the_response_cohort_die(study):
    rows = study.clinical[study.clinical["cohort"] == "external_response"]
    assert (rows["died_on"] != "").mean() == pytest.approx(0.93, abs=0.06)


def test_dates_give_back_the_simulated_times(study):
    table, survival = study.clinical, study.survival
    died, progressed = days(table, "died_on"), days(table, "progressed_on")
    os_days = survival["os_months"] * DAYS_PER_MONTH
    pfs_days = survival["pfs_months"] * DAYS_PER_MONTH
    assert (died - os_days).abs().max() <= 1.5
    assert (progressed - pfs_days).abs().max() <= 1.5
    seen = progressed.notna() | died.notna()
    assert (progressed.fillna(died) - pfs_days)[seen].abs().max() <= 1.5


def test_dates_follow_each_other(study):
    table = study.clinical
    died, progressed = days(table, "died_on"), days(table, "progressed_on")
    assessed, alive = days(table, "last_assessed_on"), days(table, "last_known_alive_on")
    scan = days(table, "scanned_on")
    assert scan.between(-30, -3).all()
    assert (assessed >= 0).all()
    assert (assessed <= alive).all()
    assert not (alive > died).any()
    assert not (progressed > assessed).any()
    assert not (progressed >= died).any()
    assert not (days(table, "response_assessed_on") > assessed).any()
    surgery = days(table, "surgery_on")
    assert surgery.notna().sum() > 20
    assert not (surgery > progressed.fillna(died)).any()
    assert ((table["resection_margin"] == "not_applicable") == surgery.isna()).all()


def test_response_is_what_the_six_month_rule_gives(study):
    table = study.clinical
    event = days(table, "progressed_on").fillna(days(table, "died_on"))
    assessed = days(table, "response_assessed_on")
    known = assessed.notna()
    early = known & (event <= assessed)
    assert (table.loc[early, "response"] == "PD").all()
    in_window = (assessed - 183).abs() <= 42
    assert (in_window | early)[known].mean() > 0.97
    assert set(table.loc[known & ~early, "response"]) == {"CR", "PR", "SD", "NE"}
    assert (table["response"] == "").sum() >= 2
    assert (table["response"] == "NE").sum() >= 3


def test_effects_are_the_stated_ones():
    """lifelines' Cox on a large study: every coefficient within 3 standard errors."""
    plan = StudyPlan(patients=3000, seed=5)
    latent = draw_latent(plan)
    table = latent[["cohort", "z", "male", "three_metastases"]].astype(
        {"male": float, "three_metastases": float}
    )
    covariates = latent.assign(cea_ng_ml=50.0, diameter_mm=40.0)
    table["months"] = draw_survival(plan, covariates)["os_months"]
    fit = CoxPHFitter().fit(table, "months", strata=["cohort"])
    expected = pd.Series({"z": -0.45, "male": -0.40, "three_metastases": 0.35})
    assert (np.abs(fit.params_ - expected) < 3 * fit.standard_errors_).all()


def test_stronger_infiltration_effect_is_an_option():
    weak = simulate_study(StudyPlan(patients=60, b_z=0.45)).survival["linear_predictor"]
    strong = simulate_study(StudyPlan(patients=60, b_z=1.3)).survival["linear_predictor"]
    assert strong.std() > 1.5 * weak.std()
