"""What a Rad-Score run carries from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.methods.classifier_choice import Choice
from modeling.methods.nested_cross_validation import NestedCrossValidation, Tuning
from modeling.methods.recipe import Recipe
from modeling.methods.scanner_plan import ScannerPlan
from modeling.models import DatasetSnapshot
from studies.methods.problems import Notice
from studies.models import CohortRole, Job, Study

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ROLES = list(CohortRole.values)


@dataclass
class RadScoreRun:
    """Decided before anything is fitted: rows, recipe, seed. Notices gather on the way.

    ``again``: an earlier run computed once more, from what was frozen alone. Where it harmonises,
    rows hold codes of scanners (``code_scanners``), and ``scanners`` whose they were, as frozen.
    """

    study: Study
    snapshot: DatasetSnapshot
    recipe: Recipe
    seed: int
    job: Job | None
    workers: int
    fitting: pd.DataFrame
    elsewhere: pd.DataFrame
    names: list[str]
    again: bool = False
    harmonise: ScannerPlan | None = None
    scanners: pd.DataFrame | None = None
    notices: list[Notice] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return list(self.fitting["pseudonym"])

    @property
    def features(self) -> NDArray[np.float64]:
        return self.fitting[self.names].to_numpy(dtype=float)

    @property
    def columns(self) -> list[str]:
        """What a classifier is given: features, and by which scanner they came."""
        return [*self.names, *(self.harmonise.columns if self.harmonise else [])]

    @property
    def inputs(self) -> NDArray[np.float64]:
        """Of the fitting rows, in the order of ``columns``."""
        return self.fitting[self.columns].to_numpy(dtype=float)

    @property
    def tuning(self) -> Tuning:
        return replace(self.recipe.tuning, harmonise=self.harmonise)

    @property
    def y(self) -> NDArray[np.int_]:
        return self.fitting["target_rna"].to_numpy(dtype=int)

    @property
    def cohorts(self) -> list[tuple[str, pd.DataFrame]]:
        """The cohorts that are judged in, from near to far, with their rows."""
        groups = [(str(name), rows) for name, rows in self.elsewhere.groupby("cohort", sort=True)]
        return sorted(groups, key=lambda group: ROLES.index(group[1]["role"].iloc[0]))

    @property
    def resamples(self) -> int:
        return int(self.recipe.document["bootstrap_resamples"])


@dataclass(frozen=True)
class Fitted:
    """The comparison, the one chosen, and its probabilities; ``applied`` follows ``elsewhere``."""

    compared: NestedCrossValidation
    choice: Choice
    pipeline: Pipeline
    chosen_parameters: dict[str, Any]
    threshold: float
    apparent: NDArray[np.float64]
    applied: NDArray[np.float64]

    @property
    def out_of_fold(self) -> NDArray[np.float64]:
        return self.compared.results[self.choice.classifier].probability


@dataclass(frozen=True)
class Judged:
    """One evaluation of the version: where, against what, on what ground."""

    cohort: str
    target: str
    basis: str
    metrics: dict[str, Any]
