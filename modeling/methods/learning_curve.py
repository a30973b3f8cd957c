"""How the out-of-fold AUC grows with the number of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.auc import estimate_auc
from modeling.methods.nested_cross_validation import (
    Progress,
    Tuning,
    estimate_out_of_fold,
)

SHARES = (0.4, 0.55, 0.7, 0.85, 1.0)


@dataclass(frozen=True)
class LearningPoint:
    """Mean out-of-fold AUC of several draws of ``n`` patients, with the SD between draws."""

    n: int
    auc: float
    sd: float | None
    draws: int


def estimate_learning_curve(
    keys: Sequence[str],
    features: ArrayLike,
    names: Sequence[str],
    outcome: ArrayLike,
    classifier: str,
    parameters: dict[str, object],
    folds: int = 5,
    draws: int = 3,
    seed: int = 0,
    missing: str = "complete_case",
    progress: Progress | None = None,
) -> list[LearningPoint]:
    """Out-of-fold AUC of one classifier, its tuned parameters kept, on growing draws of patients.

    Parameters
    ----------
    keys, features, names, outcome, folds, seed
        As ``estimate_out_of_fold``.
    classifier : str
    parameters : dict
        Tuned parameters of the final fit, by their names in the grid.
    draws : int
        Stratified draws per size; the last size is everybody, with other folds each time.
    missing : str
    progress : callable (done, total, message)

    Returns
    -------
    list of LearningPoint
        Sizes with too few of a class for the folds are left out.
    """
    y = np.asarray(outcome).astype(int)
    X = np.asarray(features, dtype=float)
    order = np.argsort(np.asarray(keys, dtype=str), kind="stable")
    tuning = Tuning(
        2,
        "neg_brier_score",
        missing,
        {classifier: {name: [value] for name, value in parameters.items()}},
    )
    found = []
    for place, share in enumerate(SHARES):
        if progress:
            progress(place, len(SHARES), "Learning curve")
        aucs = []
        for draw in range(draws):
            rows = _draw(order, y, share, np.random.default_rng([seed, place, draw]))
            if np.bincount(y[rows], minlength=2).min() < folds + 2:
                continue
            held_out = estimate_out_of_fold(
                [keys[i] for i in rows],
                X[rows],
                names,
                y[rows],
                [classifier],
                folds,
                1,
                seed + draw,
                tuning,
            )
            aucs.append(estimate_auc(y[rows], held_out.results[classifier].probability).auc)
        if aucs:
            sd = float(np.std(aucs, ddof=1)) if len(aucs) > 1 else None
            found.append(LearningPoint(len(rows), float(np.mean(aucs)), sd, len(aucs)))
    return found


def _draw(order: np.ndarray, y: np.ndarray, share: float, rng: np.random.Generator) -> list[int]:
    kept: list[int] = []
    for label in (0, 1):
        members = order[y[order] == label]
        count = round(share * members.size)
        kept += sorted(rng.permutation(members)[:count].tolist())
    return kept
