"""What a fitted classifier loses when a family of its columns tells it nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.auc import estimate_auc

_FAMILIES = ("lesion mean", "lesion SD", "ring mean", "ring SD")
_NUMBERED = re.compile(r"^(?P<modality>pet|ct)\.(?P<stem>.*?)_?(?P<number>\d+)$")


@dataclass(frozen=True)
class FamilyImportance:
    """Mean fall of the AUC over shuffles of a family's rows, with their SD."""

    family: str
    columns: int
    fall: float
    sd: float


def families_of(names: Sequence[str]) -> dict[str, list[int]]:
    """Positions of the columns of each family: modality, then lesion or ring, mean or SD.

    Parameters
    ----------
    names : sequence of str
        ``pet.pet_dnn_001`` and the like: pooled features come in four equal blocks.
    """
    counts: dict[str, int] = {}
    for name in names:
        if found := _NUMBERED.match(name):
            counts[found["modality"]] = max(counts.get(found["modality"], 0), int(found["number"]))
    families: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        families.setdefault(_family(name, counts), []).append(j)
    return families


def _family(name: str, counts: dict[str, int]) -> str:
    found = _NUMBERED.match(name)
    modality = name.split(".", 1)[0].upper()
    if found is None or "dnn" not in found["stem"] or counts[found["modality"]] % 4:
        return f"{modality}, all columns"
    block = counts[found["modality"]] // 4
    return f"{modality}, {_FAMILIES[min((int(found['number']) - 1) // block, 3)]}"


def estimate_family_importance(
    estimator: Any,
    features: ArrayLike,
    names: Sequence[str],
    outcome: ArrayLike,
    shuffles: int = 50,
    seed: int = 0,
) -> list[FamilyImportance]:
    """Permutation importance of families of columns, on patients the model was not fitted to.

    Parameters
    ----------
    estimator : object with predict_proba
    features : array of shape (n, p)
    names : sequence of p str
    outcome : array of shape (n,)
        0 or 1; both must occur.
    shuffles, seed : int

    Returns
    -------
    list of FamilyImportance
        The largest fall first. All columns of a family are shuffled together, so that columns
        that say the same do not stand in for each other.

    Raises
    ------
    DataProblem
        One class only.

    References
    ----------
    Breiman L. Machine Learning 2001;45:5-32.
    """
    X = np.asarray(features, dtype=float)
    whole = estimate_auc(outcome, estimator.predict_proba(X)[:, 1]).auc
    rng = np.random.default_rng(seed)
    found = []
    for family, columns in sorted(families_of(names).items()):
        falls = np.empty(shuffles)
        for k in range(shuffles):
            shuffled = X.copy()
            shuffled[:, columns] = X[rng.permutation(X.shape[0])][:, columns]
            falls[k] = whole - estimate_auc(outcome, estimator.predict_proba(shuffled)[:, 1]).auc
        found.append(
            FamilyImportance(family, len(columns), float(falls.mean()), float(falls.std(ddof=1)))
        )
    return sorted(found, key=lambda row: (-row.fall, row.family))
