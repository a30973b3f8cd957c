"""What a Rad-Score leans on, and what fitting it again teaches; the long parts are shared out."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from modeling.methods.classifiers import CLASSIFIERS
from modeling.methods.family_importance import (
    FamilyTask,
    ImportanceCommon,
    estimate_family_importance,
    feature_families,
    shuffle_family,
)
from modeling.methods.harmoniser_step import harmoniser_of
from modeling.methods.refits import Refit, RefitCommon, estimate_refits, refit, refit_common
from modeling.methods.scanner_plan import code_scanners
from modeling.methods.shapley import explain_pipeline
from modeling.models import ModelVersion
from modeling.selectors import is_development
from modeling.services.fan_out import WORKS, SharedWork, runner_for
from modeling.services.snapshots import snapshot_read
from modeling.services.version_applying import harmonised_by
from modeling.services.version_estimator import estimator_of, inputs_of
from studies.methods.problems import Notice
from studies.methods.wording import say
from studies.models import Job

REFITS, IMPORTANCE = "refits", "importance"
SHUFFLES = 50
SHOWN_COLUMNS = 10


def refits_estimate(asked: Any, progress: Any) -> dict[str, Any]:
    """Learning curve, permuted labels and resamples, in the cohort the version was fitted to."""
    version, seed = asked.version, asked.seed
    runner = runner_for(asked.job, version.fitting_snapshot, REFITS, _source(version, seed))
    common = _refit_common(version, asked.rows, seed)
    found = estimate_refits(common, asked.plan.resamples, _processes(), progress, runner)
    cohort = str(asked.training["cohort"].iloc[0])
    return {
        "learning_curve": [asdict(point) for point in found.learning_curve],
        "permutation_test": _told(found.permutation, cohort),
        "resampled": _told(found.resampled, cohort),
    }


def importance_estimate(asked: Any, progress: Any) -> dict[str, Any]:
    """In the first validating cohort with RNA; a model's own patients would flatter it."""
    version, seed = asked.version, asked.seed
    cohort, rows = _judging_rows(asked.names, asked.rows)
    if rows is None:
        text = say("No validating cohort with both classes.")
        asked.notices.append(Notice("importance_left_out", text))
        empty = {"cohort": "", "target": "rna", "n": 0, "rows": []}
        return {"importance": empty, "shapley": None}
    runner = runner_for(asked.job, version.fitting_snapshot, IMPORTANCE, _source(version, seed))
    common = _importance_common(asked.names, asked.pipeline, rows, seed)
    found = estimate_family_importance(common, 1, progress, runner)
    about = {"cohort": cohort, "target": "rna", "n": len(rows)}
    return {
        "importance": {**about, "rows": [asdict(row) for row in found]},
        "shapley": _shapley(asked, common, about),
    }


def _processes() -> int:
    return min(4, os.cpu_count() or 1)


def _source(version: ModelVersion, seed: int) -> dict[str, Any]:
    return {"version": str(version.uid), "seed": seed}


def _told(found: Any, cohort: str) -> dict[str, Any] | None:
    return None if found is None else {"cohort": cohort, "target": "rna", **asdict(found)}


def _refit_common(version: ModelVersion, rows: pd.DataFrame, seed: int) -> RefitCommon:
    training, recipe = rows[is_development(rows)], version.run.recipe
    names, plan = list(version.content["features"]), harmonised_by(version)
    if plan is not None:
        training, names = code_scanners(plan, training), [*names, *plan.columns]
    return refit_common(
        list(training["pseudonym"]),
        training[names].to_numpy(float),
        names,
        training["target_rna"].to_numpy(int),
        version.method,
        version.content["parameters"],
        recipe["outer"]["folds"],
        seed,
        recipe["missing"],
        plan,
    )


def _judging_rows(names: list[str], rows: pd.DataFrame) -> tuple[str, pd.DataFrame | None]:
    elsewhere = rows[~is_development(rows)]
    for cohort, members in elsewhere.groupby("cohort", sort=True):
        known = members[members["target_rna"].notna()]
        if known["target_rna"].nunique() == 2 and known[names].notna().all(axis=None):
            return str(cohort), known
    return "", None


def _importance_common(
    names: list[str], pipeline: Pipeline, rows: pd.DataFrame, seed: int
) -> ImportanceCommon:
    """Families are shuffled after harmonising: else they would lose another patient's scanner."""
    y = rows["target_rna"].to_numpy(int)
    X, step = inputs_of(pipeline, names, rows), harmoniser_of(pipeline)
    if step is not None:
        X, pipeline = step.transform(X), pipeline[1:]
    return ImportanceCommon(names, pipeline, X, y, SHUFFLES, seed)


def _shapley(asked: Any, common: ImportanceCommon, about: dict[str, Any]) -> dict[str, Any] | None:
    """Mean size of what families and columns add to the score; none where that is not cheap."""
    found = explain_pipeline(common.estimator, common.X)
    if found is None:
        method = CLASSIFIERS[asked.version.method].words
        text = say("Shapley values of a {method} are not cheap and left out.", method=say(method))
        asked.notices.append(Notice("shapley_left_out", text))
        return None
    size = np.abs(found.values).mean(axis=0)
    families = [
        {"family": name, "columns": len(where),
         "size": float(np.abs(found.values[:, where].sum(axis=1)).mean())}
        for name, where in feature_families(common.names).items()
    ]  # fmt: skip
    largest = np.argsort(-size, kind="stable")[:SHOWN_COLUMNS]
    return {
        **about,
        "unit": found.unit,
        "baseline": found.baseline,
        "families": sorted(families, key=lambda row: (-float(row["size"]), row["family"])),
        "columns": [
            {"name": common.names[j], "size": float(size[j]),
             "rises": bool(_covariance(common.X[:, j], found.values[:, j]) > 0)}
            for j in largest if size[j] > 0
        ],
    }  # fmt: skip


def _covariance(one: np.ndarray, other: np.ndarray) -> float:
    return float(((one - one.mean()) * (other - other.mean())).mean())


def _version_of(job: Job) -> ModelVersion:
    rows = ModelVersion.objects.select_related("run", "fitting_snapshot__table", "file", "study")
    return rows.get(study=job.study, uid=job.params["version"])


def _find_refits(job: Job) -> RefitCommon:
    version = _version_of(job)
    return _refit_common(version, snapshot_read(version.fitting_snapshot), job.params["seed"])


def _find_importance(job: Job) -> ImportanceCommon:
    version, names = _version_of(job), list(job.params["columns"])
    _, rows = _judging_rows(names, snapshot_read(version.fitting_snapshot))
    assert rows is not None
    return _importance_common(names, estimator_of(version), rows, job.params["seed"])


WORKS[REFITS] = SharedWork(_find_refits, refit, Refit)
WORKS[IMPORTANCE] = SharedWork(_find_importance, shuffle_family, FamilyTask)
