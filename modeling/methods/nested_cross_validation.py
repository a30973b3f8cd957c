"""Out-of-fold probabilities of every classifier on the same folds, tuned inside the fold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from modeling.methods.classifiers import CLASSIFIERS, Grid, build_classifier
from modeling.methods.folds import assign_folds, split_pairs
from modeling.methods.harmoniser_step import STEP, check_fitted_inside, harmoniser_for
from modeling.methods.parallel import Progress, run_tasks
from modeling.methods.scanner_plan import ScannerPlan

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Runner = Callable[..., dict[Any, Any]]


@dataclass(frozen=True)
class Tuning:
    """How a pipeline is tuned on the rows it is given, and harmonised before."""

    inner_folds: int = 3
    scoring: str = "neg_brier_score"
    missing: str = "complete_case"
    grids: Mapping[str, Grid] | None = None
    harmonise: ScannerPlan | None = None

    def grid(self, name: str) -> Grid:
        return (self.grids or {}).get(name, CLASSIFIERS[name].grid)


@dataclass(frozen=True)
class OutOfFold:
    """Held-out probabilities of one classifier.

    ``probability`` has shape (n,), the mean over repeats; ``by_repeat`` (repeats, n);
    ``chosen`` holds the tuned parameters of each fit.
    """

    classifier: str
    probability: NDArray[np.float64]
    by_repeat: NDArray[np.float64]
    chosen: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class NestedCrossValidation:
    """The comparison: one ``OutOfFold`` per classifier, and the folds they shared."""

    results: dict[str, OutOfFold]
    folds: NDArray[np.int_]


FoldResult = tuple[Any, dict[str, Any]]  # held-out probabilities, tuned parameters


@dataclass(frozen=True)
class HoldOutCommon:
    """Rows by key, columns by name, who is held out when, and how a fit is tuned."""

    names: list[str]
    keys: list[str]
    X: NDArray[np.float64]
    y: NDArray[np.int_]
    folds: NDArray[np.int_]
    seed: int
    tuning: Tuning


@dataclass(frozen=True)
class FoldTask:
    """One fit of the comparison: a classifier, a repeat, a fold held out."""

    classifier: str
    repeat: int
    fold: int


def estimate_out_of_fold(
    keys: Sequence[str],
    features: ArrayLike,
    feature_names: Sequence[str],
    outcome: ArrayLike,
    classifiers: Sequence[str] = tuple(CLASSIFIERS),
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    tuning: Tuning | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    runner: Runner = run_tasks,
) -> NestedCrossValidation:
    """Out-of-fold probability of class 1 per patient and classifier.

    Parameters
    ----------
    keys : sequence of n str
        One key per patient; rows are sorted by it before anything is computed.
    features : array of shape (n, p)
        Columns are sorted by name before anything is computed.
    feature_names : sequence of p str
    outcome : array of shape (n,)
        0 or 1.
    classifiers : sequence of str
        Keys of ``CLASSIFIERS``; all get the same folds.
    folds, repeats : int
        Outer folds, and independent divisions whose predictions are averaged.
    seed : int
        Fixes folds and estimators.
    tuning : Tuning
        Inner folds, score and grids.
    workers : int
        Processes that fit at the same time; the numbers do not depend on it.
    progress : callable (done, total, message)
        Called from the calling thread at least every two seconds; may raise to stop.
    runner : callable
        Takes the place of ``run_tasks``: where the fits are done changes no number.

    Returns
    -------
    NestedCrossValidation
        In the order of the rows that were given.

    Raises
    ------
    DataProblem
        As ``assign_folds`` for the outer or an inner division.

    References
    ----------
    Varma S, Simon R. BMC Bioinformatics 2006;7:91 (nested cross-validation).
    """
    common = hold_out_common(
        keys, features, feature_names, outcome, folds, repeats, seed, tuning or Tuning()
    )
    rows, table = np.argsort(np.asarray(keys, dtype=str), kind="stable"), common.folds
    tasks = [FoldTask(c, r, f) for c in classifiers for r in range(repeats) for f in range(folds)]
    tasks.sort(key=lambda task: -CLASSIFIERS[task.classifier].cost)
    done = runner(hold_out, common, tasks, workers, progress, "Fitting classifiers")
    results = {c: _gather(c, done, table, rows) for c in classifiers}
    folds_as_given = np.empty_like(table)
    folds_as_given[:, rows] = table
    return NestedCrossValidation(results, folds_as_given)


def hold_out_common(
    keys: Sequence[str],
    features: ArrayLike,
    feature_names: Sequence[str],
    outcome: ArrayLike,
    folds: int,
    repeats: int,
    seed: int,
    tuning: Tuning,
) -> HoldOutCommon:
    """What all fits of ``estimate_out_of_fold`` share: sorted rows and columns, folds, grids.

    Parameters
    ----------
    keys, features, feature_names, outcome, folds, repeats, seed, tuning
        As ``estimate_out_of_fold``: the same give the same folds and seeds anywhere.

    Raises
    ------
    DataProblem
        As ``assign_folds``.
    """
    rows, X, y = sort_rows(keys, features, feature_names, outcome)
    ordered = [keys[i] for i in rows]
    table = assign_folds(ordered, y, folds, repeats, seed)
    return HoldOutCommon(sorted(feature_names), ordered, X, y, table, seed, tuning)


def fit_classifier(
    name: str,
    keys: Sequence[str],
    features: ArrayLike,
    feature_names: Sequence[str],
    outcome: ArrayLike,
    seed: int = 0,
    tuning: Tuning | None = None,
) -> tuple[Pipeline, dict[str, Any]]:
    """The classifier tuned and fitted on all rows: what a model version stores.

    Parameters
    ----------
    name : str
        A key of ``CLASSIFIERS``.
    keys, features, feature_names, outcome, seed, tuning
        As ``estimate_out_of_fold``.

    Returns
    -------
    pipeline : Pipeline
        Takes columns in the sorted order of ``feature_names``.
    chosen : dict
        Tuned parameters.

    Raises
    ------
    DataProblem
        As ``assign_folds``.
    """
    rows, X, y = sort_rows(keys, features, feature_names, outcome)
    ordered = [keys[i] for i in rows]
    with threadpool_limits(1):
        return _fit_sorted(
            name, ordered, X, y, derive_seed(seed, name, "all"), tuning or Tuning(),
            sorted(feature_names),
        )  # fmt: skip


def sort_rows(
    keys: Sequence[str], features: ArrayLike, feature_names: Sequence[str], outcome: ArrayLike
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.int_]]:
    """Row order by key, and the table and outcome in that order with columns by name.

    Parameters
    ----------
    keys, features, feature_names, outcome
        As ``estimate_out_of_fold``.
    """
    rows = np.argsort(np.asarray(keys, dtype=str), kind="stable")
    columns = np.argsort(np.asarray(feature_names, dtype=str), kind="stable")
    X = np.ascontiguousarray(np.asarray(features, dtype=np.float64)[np.ix_(rows, columns)])
    return rows, X, np.asarray(outcome).astype(int)[rows]


def derive_seed(seed: int, *parts: object) -> int:
    """A 32-bit seed of its own for each fit, the same whatever ran before it.

    Parameters
    ----------
    seed : int
    *parts : object
        What the fit is: classifier, repeat, fold.

    References
    ----------
    The first 32 bits of SHA-256 of seed and parts; ours.
    """
    text = ":".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def hold_out(common: HoldOutCommon, task: FoldTask) -> FoldResult:
    """One fit without a fold, and what it says of the patients held out.

    Parameters
    ----------
    common : HoldOutCommon
    task : FoldTask
    """
    fit_rows, test_rows = split_pairs(common.folds[task.repeat])[task.fold]
    seed = derive_seed(common.seed, task.classifier, task.repeat, task.fold)
    keys = [common.keys[i] for i in fit_rows]
    pipeline, chosen = _fit_sorted(
        task.classifier, keys, common.X[fit_rows], common.y[fit_rows], seed, common.tuning,
        common.names,
    )  # fmt: skip
    check_fitted_inside(pipeline, common.X[fit_rows])
    return pipeline.predict_proba(common.X[test_rows])[:, 1], chosen


def _fit_sorted(
    name: str, keys: Sequence[str], X: NDArray[np.float64], y: NDArray[np.int_],
    seed: int, tuning: Tuning, names: Sequence[str],
) -> tuple[Pipeline, dict[str, Any]]:  # fmt: skip
    from sklearn.model_selection import GridSearchCV, ParameterGrid

    inner = split_pairs(assign_folds(keys, y, tuning.inner_folds, 1, seed)[0])
    pipeline = build_pipeline(name, seed, tuning, names)
    grid = _within(tuning.grid(name), min(fit.size for fit, _ in inner))
    points = list(ParameterGrid(grid))
    if len(points) == 1:  # nothing to choose between: the inner folds would be fitted for nothing
        return pipeline.set_params(**points[0]).fit(X, y), points[0]
    search = GridSearchCV(
        pipeline,
        grid,
        scoring=tuning.scoring,
        cv=inner,
        error_score="raise",
    )
    search.fit(X, y)
    return search.best_estimator_, search.best_params_


def build_pipeline(name: str, seed: int, tuning: Tuning, names: Sequence[str]) -> Pipeline:
    """An unfitted classifier whose first step harmonises over scanners, where that is asked for.

    Parameters
    ----------
    name : str
        A key of ``CLASSIFIERS``.
    seed : int
    tuning : Tuning
    names : sequence of str
        Columns in the order of the table.
    """
    pipeline = build_classifier(name, seed, tuning.missing)
    step = harmoniser_for(tuning.harmonise, names)
    if step is not None:
        pipeline.steps.insert(0, (STEP, step))
    return pipeline


def _within(grid: Grid, patients: int) -> Grid:
    """No more neighbours than there are patients in the smallest fit."""
    name = "classify__n_neighbors"
    if name not in grid:
        return grid
    return {**grid, name: [k for k in grid[name] if k <= patients] or [patients]}


def _gather(
    classifier: str, done: Mapping[FoldTask, FoldResult],
    table: NDArray[np.int_], rows: NDArray[np.intp],
) -> OutOfFold:  # fmt: skip
    by_repeat = np.full(table.shape, np.nan)
    chosen = []
    for repeat, fold in np.ndindex(table.shape[0], int(table.max()) + 1):
        values, parameters = done[FoldTask(classifier, repeat, fold)]
        by_repeat[repeat, rows[table[repeat] == fold]] = values
        chosen.append(parameters)
    return OutOfFold(classifier, by_repeat.mean(axis=0), by_repeat, tuple(chosen))
