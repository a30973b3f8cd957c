"""The same question with fewer columns: does the Rad-Score beat one modality, or mere volume?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.methods.nested_cross_validation import (
    Progress,
    Runner,
    Tuning,
    estimate_out_of_fold,
    fit_classifier,
)
from modeling.methods.parallel import run_tasks
from modeling.methods.scanner_plan import columns_that_serve
from studies.methods.problems import refuse
from studies.methods.wording import say

# One column needs no forest: a line through it has the fairest chance.
SINGLE = {"volume_only": "volume_ml", "suv_max_only": "suv_max", "mtv_only": "mtv_41_percent_ml"}
CONTROL = "control."  # columns of the same networks on voxels shuffled inside the region
FAMILIES = {"pet_only": "pet.", "ct_only": "ct.", "shuffled_voxels": CONTROL}
FOR_SINGLE = "logistic_regression"


@dataclass(frozen=True)
class Ablation:
    """Probabilities of a model that saw fewer columns; higher = more likely hot."""

    name: str
    classifier: str
    columns: int
    out_of_fold: NDArray[np.float64]
    applied: NDArray[np.float64]


def ablation_columns(ablation: str, names: Sequence[str]) -> list[str]:
    """The columns an ablation keeps.

    Parameters
    ----------
    ablation : str
        pet_only, ct_only, volume_only, suv_max_only, mtv_only or shuffled_voxels.
    names : sequence of str
        All columns there are.

    Raises
    ------
    DataProblem
        None of them is there.
    """
    if ablation in SINGLE:
        kept = [name for name in names if name == SINGLE[ablation]]
    else:
        kept = [name for name in names if name.startswith(FAMILIES[ablation])]
    if not kept:
        raise refuse(
            say("ablation {ablation}", ablation=ablation),
            say("none of its columns"),
            "its columns in the frozen table",
            "Leave this ablation out of the recipe, or measure what it needs.",
        )
    return kept


def estimate_ablation(
    ablation: str,
    classifier: str,
    keys: Sequence[str],
    features: ArrayLike,
    feature_names: Sequence[str],
    outcome: ArrayLike,
    elsewhere: ArrayLike,
    folds: int,
    repeats: int,
    seed: int,
    tuning: Tuning,
    workers: int = 1,
    progress: Progress | None = None,
    runner: Runner = run_tasks,
) -> Ablation:
    """Out-of-fold and applied probabilities of a model on fewer columns, on the same folds.

    Parameters
    ----------
    ablation : str
        As ``ablation_columns``.
    classifier : str
        Of the families of columns; a single column takes logistic regression.
    keys, features, feature_names, outcome, folds, repeats, seed, tuning, workers, progress, runner
        As ``estimate_out_of_fold``; ``features`` has all columns of ``feature_names``.
    elsewhere : array of shape (m, p)
        Patients of other cohorts, the same columns.

    Returns
    -------
    Ablation

    Raises
    ------
    DataProblem
        As ``ablation_columns`` and ``estimate_out_of_fold``.
    """
    kept = sorted(ablation_columns(ablation, feature_names))
    serving = columns_that_serve(kept, feature_names) if tuning.harmonise else []
    columns, kept = len(kept), sorted([*kept, *serving])
    where = [list(feature_names).index(name) for name in kept]
    X, Z = np.asarray(features)[:, where], np.asarray(elsewhere)[:, where]
    name = FOR_SINGLE if ablation in SINGLE else classifier
    found = estimate_out_of_fold(
        keys, X, kept, outcome, [name], folds, repeats, seed, tuning, workers, progress, runner
    )
    fitted, _ = fit_classifier(name, keys, X, kept, outcome, seed, tuning)
    applied = fitted.predict_proba(Z)[:, 1] if len(Z) else np.empty(0)
    return Ablation(ablation, name, columns, found.results[name].probability, applied)
