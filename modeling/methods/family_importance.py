"""What a fitted classifier loses when a family of its columns tells it nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.methods.auc import estimate_auc
from modeling.methods.parallel import Progress, run_tasks
from studies.methods.wording import marked

_FAMILIES = {
    "PET": (marked("PET, lesion mean"), marked("PET, lesion SD"), marked("PET, ring mean"),
            marked("PET, ring SD")),
    "CT": (marked("CT, lesion mean"), marked("CT, lesion SD"), marked("CT, ring mean"),
           marked("CT, ring SD")),
}  # fmt: skip
_WHOLE = {"PET": marked("PET, all columns"), "CT": marked("CT, all columns")}
_NUMBERED = re.compile(r"^(?P<modality>pet|ct)\.(?P<stem>.*?)_?(?P<number>\d+)$")


@dataclass(frozen=True)
class FamilyImportance:
    """Mean fall of the AUC over shuffles of a family's rows, with their SD."""

    family: str
    columns: int
    fall: float
    sd: float


def feature_families(names: Sequence[str]) -> dict[str, list[int]]:
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
        return _WHOLE.get(modality, f"{modality}, all columns")
    block = counts[found["modality"]] // 4
    return _FAMILIES[modality][min((int(found["number"]) - 1) // block, 3)]


@dataclass(frozen=True)
class ImportanceCommon:
    """A fitted model with patients it was not fitted to, and how often a family is shuffled."""

    names: list[str]
    estimator: Any
    X: NDArray[np.float64]
    y: NDArray[np.int_]
    shuffles: int
    seed: int


@dataclass(frozen=True)
class FamilyTask:
    """One family of columns."""

    family: str


def estimate_family_importance(
    common: ImportanceCommon,
    workers: int = 1,
    progress: Progress | None = None,
    runner: Callable[..., dict[Any, Any]] = run_tasks,
) -> list[FamilyImportance]:
    """Permutation importance of families of columns, on patients the model was not fitted to.

    Parameters
    ----------
    common : ImportanceCommon
        ``estimator`` has predict_proba; ``X`` has shape (n, p), ``names`` p texts; ``y`` is 0
        or 1, and both occur.
    workers, progress, runner
        As ``estimate_out_of_fold``: each family has random numbers of its own.

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
    families = feature_families(common.names)
    tasks = [FamilyTask(family) for family in sorted(families)]
    done = runner(shuffle_family, common, tasks, workers, progress, "Shuffling columns")
    found = [
        FamilyImportance(
            task.family,
            len(families[task.family]),
            float(np.mean(done[task])),
            float(np.std(done[task], ddof=1)),
        )
        for task in tasks
    ]
    return sorted(found, key=lambda row: (-row.fall, row.family))


def shuffle_family(common: ImportanceCommon, task: FamilyTask) -> list[float]:
    """Falls of the AUC over the shuffles of one family.

    Parameters
    ----------
    common : ImportanceCommon
    task : FamilyTask

    References
    ----------
    Breiman, Mach Learn 2001;45:5 (permutation importance), by families of columns.
    """
    families = feature_families(common.names)
    columns, place = families[task.family], sorted(families).index(task.family)
    rng = np.random.default_rng([common.seed, place])
    whole = estimate_auc(common.y, common.estimator.predict_proba(common.X)[:, 1]).auc
    falls = []
    for _ in range(common.shuffles):
        shuffled = common.X.copy()
        shuffled[:, columns] = common.X[rng.permutation(common.X.shape[0])][:, columns]
        told = common.estimator.predict_proba(shuffled)[:, 1]
        falls.append(whole - estimate_auc(common.y, told).auc)
    return falls
