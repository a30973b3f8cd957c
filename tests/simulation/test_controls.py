"""The signal is in the voxels and the counts, and nowhere else. Bounds are wide: one seed says
little (see benchmarks/simulation_seeds.py for means)."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from simulation.control import (
    estimate_abundances,
    estimate_auc,
    estimate_core,
    forest_classifier,
    label_phenotypes,
    linear_classifier,
    measure_images,
    predict_out_of_fold,
)
from simulation.plan import StudyPlan
from simulation.study import simulate_study


@cache
def training_data(seed: int, signal: float, break_: str):
    """Hand-made features and k-means labels of the training cohort."""
    study = simulate_study(StudyPlan(seed=seed, signal=signal, break_=break_))
    training = (study.latent["cohort"] == "training").to_numpy()
    in_training = training[study.counts.rows]
    labels = label_phenotypes(estimate_abundances(study.counts), in_training)[in_training]
    return measure_images(study, np.flatnonzero(training)), labels


@cache
def training_auc(seed: int, signal: float = 1.0, break_: str = "none"):
    features, labels = training_data(seed, signal, break_)
    return estimate_auc(labels, predict_out_of_fold(linear_classifier(), features, labels))


def test_core_score_follows_the_truth(study):
    training = (study.latent["cohort"] == "training").to_numpy()[study.counts.rows]
    core = estimate_core(estimate_abundances(study.counts), training)
    z = study.latent["z"].to_numpy()[study.counts.rows]
    assert np.corrcoef(core, z)[0, 1] > 0.8
    assert np.corrcoef(core[training], z[training])[0, 1] > 0.8


def test_labels_are_the_infiltration_but_for_a_few(study):
    training = (study.latent["cohort"] == "training").to_numpy()[study.counts.rows]
    hot = label_phenotypes(estimate_abundances(study.counts), training)
    z = study.latent["z"].to_numpy()[study.counts.rows]
    assert 0.03 < np.mean(hot != (z > 0)) < 0.25


def test_training_auc_is_within_reach_and_not_one():
    features, labels = training_data(1, 1.0, "none")
    forest = estimate_auc(labels, predict_out_of_fold(forest_classifier(), features, labels, 1))
    assert 0.65 < forest.estimate < 0.97
    assert 0.65 < training_auc(1).estimate < 0.97


@pytest.mark.parametrize("break_", ["swap_images", "shuffle_rna"])
def test_nothing_is_left_when_patients_are_mixed_up(break_):
    interval = training_auc(1, break_=break_)
    assert interval.low < 0.5 < interval.high


def test_half_the_signal_gives_a_lower_auc():
    whole = np.mean([training_auc(seed).estimate for seed in (1, 2)])
    half = np.mean([training_auc(seed, signal=0.5).estimate for seed in (1, 2)])
    assert half < whole - 0.03


def test_no_signal_leaves_nothing_of_the_infiltration():
    study = simulate_study(StudyPlan(seed=1, signal=0.0))
    z = study.latent["z"]
    for name in ("p_uptake", "p_necrosis", "p_halo"):
        assert abs(np.corrcoef(study.image_parameters[name], z)[0, 1]) < 0.2
    assert abs(np.corrcoef(study.survival["response_score"], z)[0, 1]) < 0.2
    wide = study.densities.pivot(index="patient_id", columns=["marker", "region"], values="density")
    centre = np.log(wide["CD8", "tumor_center"].reindex(study.patients))
    assert abs(np.corrcoef(centre, z)[0, 1]) < 0.2


def test_clinical_table_does_not_know_the_infiltration(study):
    """What predicts the phenotype must come from the images: no baseline column gives it away."""
    z = study.latent["z"].to_numpy()
    for column in ("age_years", "metastasis_count", "largest_metastasis_cm", "ecog"):
        values = pd.to_numeric(study.clinical[column], errors="coerce").to_numpy()
        known = ~np.isnan(values)
        assert abs(np.corrcoef(values[known], z[known])[0, 1]) < 0.35
