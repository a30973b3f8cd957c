"""The same question answered otherwise: does the result hang on a choice?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genomics.methods.phenotype import apply_phenotype, fit_phenotype
from genomics.selectors import abundance_table, scores_of
from imaging.services.shuffled_features import features_shuffled
from modeling.methods.auc import compare_auc_paired, estimate_auc
from modeling.methods.folds import assign_folds, split_pairs
from modeling.methods.nested_cross_validation import (
    Tuning,
    derive_seed,
    estimate_out_of_fold,
    fit_classifier,
)
from modeling.methods.scanner_plan import code_scanners
from modeling.models import ModelVersion
from modeling.selectors import frozen_names
from modeling.services.examination_scanners import scanners_harmonised
from modeling.services.version_applying import harmonised_by
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import marked, say

Array = NDArray[np.float64]
BORDERLINE_MARGIN, BORDERLINE_STABILITY = 0.05, 0.9
TITLES = {
    "not_evaluable_as_non_responder": marked("Not evaluable counted as non-responders"),
    "without_borderline": marked("Without borderline phenotypes"),
    "centroids_per_fold": marked("Centroids of hot and cold refitted in every fold"),
    "shuffled_voxels": marked("Voxels shuffled inside the region (a control)"),
    "scanners_harmonised": marked("Features harmonised over scanners in every fold"),
    "scanners_left": marked("Features as they are, not harmonised over scanners"),
}


def sensitivity_judge(asked: Any, progress: Any) -> Iterator[dict[str, Any]]:
    """Each analysis with its AUC beside the one of the main analysis; what cannot run is said."""
    yield from _not_evaluable(asked.rows)
    yield from _without_borderline(asked.rows)
    for name, analysis in (
        ("centroids_per_fold", _centroids),
        ("shuffled_voxels", _shuffled),
        ("scanners_harmonised", _harmonised),
    ):
        try:
            yield from analysis(asked, progress)
        except DataProblem as problem:
            asked.notices.append(
                Notice(
                    f"{name}_left_out",
                    say(
                        "{title}: {problem}",
                        title=say(TITLES[name]),
                        problem=problem.problems[0].sentence(),
                    ),
                )
            )


def _row(
    name: str, cohort: str, target: str, outcome: Any, score: Any, main: Any
) -> dict[str, Any]:
    """``main`` holds outcome and score of the main analysis in the same cohort."""
    auc, before = estimate_auc(outcome, score), estimate_auc(*main)
    return {
        "name": name,
        "title": TITLES[name],
        "cohort": cohort,
        "target": target,
        "n": auc.positives + auc.negatives,
        "auc": {"estimate": auc.auc, "lower": auc.lower, "upper": auc.upper, "reason": auc.reason},
        "main": {"estimate": before.auc, "n": before.positives + before.negatives},
    }


def _not_evaluable(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for cohort, members in rows.groupby("cohort", sort=True):
        missing = members["target_response"].isna() & (members["response_label"] == "NE")
        known = members["target_response"].notna()
        if missing.any() and members.loc[known, "target_response"].nunique() == 2:
            both = members[known | missing]
            main = members.loc[known, "target_response"].astype(int), members.loc[known, "score"]
            yield _row(
                "not_evaluable_as_non_responder",
                str(cohort),
                "response",
                both["target_response"].fillna(0).astype(int),
                both["score"],
                main,
            )


def _without_borderline(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    borderline = (rows["rna_margin"] < BORDERLINE_MARGIN) | (
        rows["rna_stability"] < BORDERLINE_STABILITY
    )
    for cohort, members in rows[rows["target_rna"].notna()].groupby("cohort", sort=True):
        clear = members[~borderline[members.index]]
        if len(clear) < len(members) and clear["target_rna"].nunique() == 2:
            main = members["target_rna"].astype(int), members["score"]
            yield _row(
                "without_borderline",
                str(cohort),
                "rna",
                clear["target_rna"].astype(int),
                clear["score"],
                main,
            )


def _tuning(version: ModelVersion) -> Tuning:
    """The parameters of the final fit, as a grid of one point."""
    grid = {name: [value] for name, value in version.content["parameters"].items()}
    grids = {version.method: grid}
    plan = harmonised_by(version)
    return Tuning(2, "neg_brier_score", version.run.recipe["missing"], grids, plan)


def _inputs(version: ModelVersion, rows: pd.DataFrame, names: Any) -> tuple[Array, list[str]]:
    """Columns of ``names`` and, where the version harmonises, codes of their scanners."""
    plan = harmonised_by(version)
    if plan is None:
        return rows[list(names)].to_numpy(float), list(names)
    columns = [*names, *plan.columns]
    return code_scanners(plan, rows)[columns].to_numpy(float), columns


def _scored(asked: Any, X: Array, names: list[str], tuning: Tuning) -> Array:
    """The version's classifier on other columns: out of fold in training, applied elsewhere."""
    version, rows = asked.version, asked.rows
    fitted = (rows["use"] == "development").to_numpy()
    y = rows.loc[fitted, "target_rna"].to_numpy(int)
    keys, folds = list(rows.loc[fitted, "pseudonym"]), version.run.recipe["outer"]["folds"]
    held_out = estimate_out_of_fold(
        keys, X[fitted], names, y, [version.method], folds, 1, asked.seed, tuning
    )
    pipeline, _ = fit_classifier(version.method, keys, X[fitted], names, y, asked.seed, tuning)
    score = np.empty(len(rows))
    score[fitted] = held_out.results[version.method].probability
    if (~fitted).any():
        columns = np.argsort(np.asarray(names, dtype=str), kind="stable")
        score[~fitted] = pipeline.predict_proba(X[~fitted][:, columns])[:, 1]
    return score


def _centroids(asked: Any, progress: Any) -> Iterator[dict[str, Any]]:
    """Hot and cold are found anew without the held-out patients, who are then assigned."""
    training, version = asked.training, asked.version
    abundances = _abundances(version, training)
    y, keys = training["target_rna"].to_numpy(int), list(training["pseudonym"])
    X, names = _inputs(version, training, asked.names)
    folds = version.run.recipe["outer"]["folds"]
    truth, score = np.empty(len(y), dtype=int), np.empty(len(y))
    for fit_rows, held_out in split_pairs(assign_folds(keys, y, folds, 1, asked.seed)[0]):
        fit = fit_phenotype(
            abundances.iloc[fit_rows], seed=asked.seed, subsamples=2, compared_counts=()
        )
        labels = (apply_phenotype(fit, abundances)["label"] == "hot").to_numpy(int)
        pipeline, _ = fit_classifier(
            version.method,
            [keys[i] for i in fit_rows],
            X[fit_rows],
            names,
            labels[fit_rows],
            derive_seed(asked.seed, "centroids"),
            _tuning(version),
        )
        truth[held_out] = labels[held_out]
        score[held_out] = pipeline.predict_proba(X[held_out])[:, 1]
    cohort = str(training["cohort"].iloc[0])
    yield _row("centroids_per_fold", cohort, "rna", truth, score, (y, training["score"]))


def _harmonised(asked: Any, progress: Any) -> Iterator[dict[str, Any]]:
    """Each scanner's shift and scale are learned without the held-out patients; of a version that
    harmonises, the other way round."""
    if harmonised_by(asked.version) is not None:
        yield from _left(asked)
        return
    for cohort, target, outcome, score, main in scanners_harmonised(asked, _tuning(asked.version)):
        yield _row("scanners_harmonised", cohort, target, outcome, score, (outcome, main))


def _left(asked: Any) -> Iterator[dict[str, Any]]:
    rows, names = asked.rows, list(asked.names)
    tuning = replace(_tuning(asked.version), harmonise=None)
    score = _scored(asked, rows[names].to_numpy(float), names, tuning)
    for cohort, members in rows.assign(left=score).groupby("cohort", sort=True):
        target = asked.version.fitting_snapshot.targets[str(cohort)][0]
        known = members[members[f"target_{target}"].notna()]
        outcome = known[f"target_{target}"].astype(int)
        if outcome.nunique() == 2:
            main = outcome, known["score"]
            yield _row("scanners_left", str(cohort), target, outcome, known["left"], main)


def _abundances(version: ModelVersion, training: pd.DataFrame) -> pd.DataFrame:
    table = scores_of(abundance_table(version.study))
    patients = {name: pk for pk, name in frozen_names(version.fitting_snapshot).items()}
    found = table.reindex([patients[name] for name in training["pseudonym"]])
    known = int(found.notna().all(axis=1).sum()) if len(found.columns) else 0
    if known < len(found):
        raise refuse(
            say("cell abundances"),
            say("of {known} of {n} training patients", known=known, n=len(found)),
            "of all of them",
            "Take the RNA in again, or leave this analysis out.",
        )
    return found


def _shuffled(asked: Any, progress: Any) -> Iterator[dict[str, Any]]:
    """What is left when no pattern is: size and mean uptake."""
    if not asked.plan.shuffle_voxels:
        return
    version, rows = asked.version, asked.rows
    known = set(rows["pseudonym"])
    names = frozen_names(version.fitting_snapshot)
    wanted = {pk: name for pk, name in names.items() if name in known}
    found = features_shuffled(version.study, wanted, asked.seed, progress)
    vectors = [np.concatenate([found[name][m] for m in ("CT", "PT")]) for name in rows["pseudonym"]]
    X = np.vstack(vectors)
    names = [f"shuffled_{j:04d}" for j in range(X.shape[1])]
    plan, tuning = harmonised_by(version), _tuning(version)
    if plan is not None:  # the control goes through the same harmonising as the features
        ct = len(found[str(rows["pseudonym"].iloc[0])]["CT"])
        names = [f"control.{'ct' if j < ct else 'pet'}.{j:04d}" for j in range(X.shape[1])]
        codes = code_scanners(plan, rows)[plan.columns].to_numpy(float)
        X, names = np.hstack([X, codes]), [*names, *plan.columns]
    score = _scored(asked, X, names, tuning)
    for cohort, members in rows.assign(shuffled=score).groupby("cohort", sort=True):
        target = version.fitting_snapshot.targets[str(cohort)][0]
        known = members[members[f"target_{target}"].notna()]
        outcome = known[f"target_{target}"].astype(int)
        if outcome.nunique() == 2:
            row = _row(
                "shuffled_voxels",
                str(cohort),
                target,
                outcome,
                known["shuffled"],
                (outcome, known["score"]),
            )
            gain = compare_auc_paired(outcome, known["score"], known["shuffled"])
            yield row | {
                "rad_score_gains": {
                    "estimate": gain.difference,
                    "lower": gain.lower,
                    "upper": gain.upper,
                    "p": gain.p,
                }
            }
