"""What a light chain finds in simulated studies: mean (SD) over seeds beside the paper's figures.

python -m benchmarks.simulation_seeds [--seeds 8] [--patients 306] [--signal 1.0] [--workers 2]

One seed says little, so no figure of a demo is to be read without this table. The chain is
simulation.control: ssGSEA, k-means, hand-made features; nothing of the platform.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from simulation.control import (
    estimate_abundances,
    forest_classifier,
    label_phenotypes,
    linear_classifier,
    measure_images,
    predict_out_of_fold,
)
from simulation.plan import StudyPlan
from simulation.study import Study, simulate_study

QUESTIONS = ("training", "internal_validation", "external_phenotype", "external_response")
PAPER = (0.855, 0.844, 0.814, 0.784)
GOAL = 0.05
HORIZONS = (("os_months", 12), ("os_months", 24), ("os_months", 36), ("pfs_months", 12))


def targets(study: Study) -> dict[str, pd.Series]:
    """Known labels by question, indexed by row: RNA phenotype, Immunoscore 3-4, responder."""
    cohort = study.latent["cohort"]
    training = (cohort == "training").to_numpy()
    rows = study.counts.rows
    hot = label_phenotypes(estimate_abundances(study.counts), training[rows])
    rna = pd.Series(hot, index=rows)
    response = study.survival.loc[cohort == "external_response", "response"]
    return {
        "training": rna[(cohort[rows] == "training").to_numpy()],
        "internal_validation": rna[(cohort[rows] == "internal_validation").to_numpy()],
        "external_phenotype": immunoscore_high(study)[cohort == "external_phenotype"].dropna(),
        "external_response": response[response != "NE"].isin(["CR", "PR"]),
    }


def immunoscore_high(study: Study) -> pd.Series:
    """Three or four densities at or above the training cohort's 75th percentile; NaN: no margin."""
    wide = study.densities.pivot(
        index="patient_id", columns=["marker", "region"], values="density"
    ).reindex(study.patients)
    wide.index = study.latent.index
    cuts = wide[study.latent["cohort"] == "training"].quantile(0.75)
    return ((wide >= cuts).sum(axis=1) >= 3).astype(object).where(wide.notna().all(axis=1))


def evaluate(seed: int, patients: int, signal: float) -> dict[tuple[str, str], float]:
    study = simulate_study(StudyPlan(patients=patients, seed=seed, signal=signal))
    known = targets(study)
    measured = measure_images(study, range(len(study)))
    latent = study.image_parameters.filter(like="p_").to_numpy()
    found = {}
    for name, features, classifier in (
        ("hand-made features, random forest", measured, forest_classifier()),
        ("hand-made features, logistic", measured, linear_classifier()),
        ("ceiling: true image parameters, logistic", latent, linear_classifier()),
    ):
        rows, labels = known["training"].index, known["training"].to_numpy(bool)
        fitted = clone(classifier).fit(features[rows], labels)
        for question in QUESTIONS:
            rows, labels = known[question].index, known[question].to_numpy(bool)
            if question == "training":
                scores = predict_out_of_fold(classifier, features[rows], labels)
            else:
                scores = fitted.predict_proba(features[rows])[:, 1]
            found[name, question] = roc_auc_score(labels, scores)
    return found


def evaluate_prognosis(seed: int, patients: int, b_z: float) -> dict[tuple[str, str], float]:
    """AUC of the true linear predictor in the training cohort: no nomogram can do better."""
    study = simulate_study(StudyPlan(patients=patients, seed=seed, b_z=b_z))
    rows = study.survival[study.latent["cohort"] == "training"]
    return {
        (f"b_z {b_z}", f"{endpoint.split('_')[0].upper()} at {month} months"): roc_auc_score(
            rows[endpoint] <= month, rows["linear_predictor"]
        )
        for endpoint, month in HORIZONS
    }


def tabulate(results: list[dict[tuple[str, str], float]]) -> pd.DataFrame:
    table = pd.DataFrame(results)
    text = [f"{table[key].mean():.3f} ({table[key].std():.3f})" for key in table]
    cells = pd.Series(text, index=pd.MultiIndex.from_tuples(table.columns))
    return cells.unstack()[list(dict.fromkeys(key[1] for key in table))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--patients", type=int, default=306)
    parser.add_argument("--signal", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    began, seeds = time.perf_counter(), range(1, options.seeds + 1)
    with ProcessPoolExecutor(options.workers) as pool:
        job = partial(evaluate, patients=options.patients, signal=options.signal)
        phenotype = tabulate(list(pool.map(job, seeds)))
        prognosis = [
            tabulate(
                list(pool.map(partial(evaluate_prognosis, patients=options.patients, b_z=b), seeds))
            )
            for b in (0.45, 1.3)
        ]
    farthest = {
        name: max(
            abs(float(cell.split()[0]) - value) for cell, value in zip(row, PAPER, strict=True)
        )
        for name, row in zip(phenotype.index, phenotype[list(QUESTIONS)].to_numpy(), strict=True)
    }
    phenotype.loc["paper"] = [f"{value:.3f}" for value in PAPER]
    print(f"AUC, mean (SD) over {options.seeds} seeds, {options.patients} patients")
    print(phenotype.to_string(), "\n")
    for name, distance in farthest.items():
        print(f"{name}: at most {distance:.3f} from the paper (goal {GOAL} for the random forest)")
    print("AUC of the true linear predictor; the paper's nomograms: OS 0.860, PFS 0.875")
    print(pd.concat(prognosis).to_string())
    print(f"{np.round(time.perf_counter() - began, 1)} s with {options.workers} processes")


if __name__ == "__main__":
    main()
