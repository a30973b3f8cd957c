"""One classifier, its tuned parameters kept, fitted again: to fewer, to permuted, to resampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.methods.auc import estimate_auc
from modeling.methods.nested_cross_validation import (
    FoldTask,
    Progress,
    Tuning,
    build_pipeline,
    derive_seed,
    hold_out,
    hold_out_common,
    sort_rows,
)
from modeling.methods.parallel import run_tasks
from modeling.methods.scanner_plan import ScannerPlan

SHARES = (0.4, 0.55, 0.7, 0.85, 1.0)  # of the patients, in a learning curve
DRAWS = 3  # per share
NO_INFORMATION = 0.5  # the AUC of labels that say nothing
Runner = Callable[..., dict[Any, Any]]


@dataclass(frozen=True)
class RefitCommon:
    """Rows by key, columns by name, and a classifier whose parameters stay as they were tuned."""

    names: list[str]
    keys: list[str]
    X: NDArray[np.float64]
    y: NDArray[np.int_]
    classifier: str
    parameters: Mapping[str, Any]
    folds: int
    seed: int
    missing: str
    harmonise: ScannerPlan | None = None

    @property
    def tuning(self) -> Tuning:
        """The parameters as they were tuned, as a grid of one point."""
        grid = {name: [value] for name, value in self.parameters.items()}
        grids = {self.classifier: grid}
        return Tuning(2, missing=self.missing, grids=grids, harmonise=self.harmonise)


@dataclass(frozen=True)
class Refit:
    """One task: ``kind`` is learning (at a share of the patients), permutation or bootstrap."""

    kind: str
    place: int
    draw: int


@dataclass(frozen=True)
class LearningPoint:
    """Mean out-of-fold AUC of several draws of ``n`` patients, with the SD between draws."""

    n: int
    auc: float
    sd: float | None
    draws: int


@dataclass(frozen=True)
class PermutationTest:
    """The out-of-fold AUC against those of permuted labels; ``p`` is of a higher AUC by chance."""

    n: int
    auc: float
    permutations: int
    mean: float
    highest: float
    p: float


@dataclass(frozen=True)
class ResampledAuc:
    """AUC of models fitted to bootstrap samples, on the patients whom a sample left out.

    ``lower`` and ``upper`` hold 95 % of the resamples; ``corrected`` is the .632+ estimate;
    ``usable`` resamples left out patients of both classes.
    """

    n: int
    resamples: int
    usable: int
    apparent: float
    left_out: float
    lower: float
    upper: float
    corrected: float


@dataclass(frozen=True)
class Refits:
    """What was learned by fitting again; parts that nobody asked for are None."""

    learning_curve: tuple[LearningPoint, ...]
    permutation: PermutationTest | None
    resampled: ResampledAuc | None


def refit_common(
    keys: Sequence[str],
    features: ArrayLike,
    names: Sequence[str],
    outcome: ArrayLike,
    classifier: str,
    parameters: Mapping[str, Any],
    folds: int = 5,
    seed: int = 0,
    missing: str = "complete_case",
    harmonise: ScannerPlan | None = None,
) -> RefitCommon:
    """What all refits share.

    Parameters
    ----------
    keys, features, names, outcome, folds, seed
        As ``estimate_out_of_fold``.
    classifier : str
    parameters : mapping
        Tuned parameters of the final fit, by their names in the grid.
    missing : str
        As ``build_classifier``.
    harmonise : ScannerPlan or None
        As ``Tuning``: each refit harmonises anew, on the rows it is fitted to.
    """
    rows, X, y = sort_rows(keys, features, names, outcome)
    return RefitCommon(
        sorted(names), [keys[i] for i in rows], X, y, classifier, dict(parameters), folds, seed,
        missing, harmonise,
    )  # fmt: skip


def estimate_refits(
    common: RefitCommon,
    resamples: int = 100,
    workers: int = 1,
    progress: Progress | None = None,
    runner: Runner = run_tasks,
) -> Refits:
    """Learning curve, permutation test and resampled AUC of one classifier.

    Parameters
    ----------
    common : RefitCommon
    resamples : int
        Permutations of the labels, and bootstrap samples; 0 leaves both out.
    workers, progress, runner
        As ``estimate_out_of_fold``: each refit has random numbers of its own, so that neither
        their order nor where they are done changes a number.

    Returns
    -------
    Refits
        Learning-curve sizes with too few of a class for the folds are left out. In the
        permutation test, patients are held out in folds drawn for the permuted labels. The
        tuned parameters were chosen with the true labels, which favours these a little.

    References
    ----------
    Ojala M, Garriga GC. J Mach Learn Res 2010;11:1833-1863 (test 1, with cross-validation).
    Efron B, Tibshirani R. J Am Stat Assoc 1997;92:548-560 (.632+).
    Wehberg S, Schumacher M. Biom J 2004;46:66-79 (for the AUC).
    """
    learning = [Refit("learning", s, d) for s in range(len(SHARES)) for d in range(DRAWS)]
    permuted = [Refit("permutation", 0, d) for d in range(resamples + 1 if resamples else 0)]
    drawn = [Refit("bootstrap", 0, d) for d in range(resamples + 1 if resamples else 0)]
    tasks = [*learning, *permuted, *drawn]
    done = runner(refit, common, tasks, workers, progress, "Fitting again")
    return Refits(
        tuple(_learning_curve(done)),
        _permutation_test(len(common.y), [done[task][0] for task in permuted]),
        _resampled(len(common.y), [done[task] for task in drawn]),
    )


def refit(common: RefitCommon, task: Refit) -> list[float]:
    """The numbers of one refit; none where a draw has too few of a class.

    Parameters
    ----------
    common : RefitCommon
    task : Refit
        Draw 0 of a permutation has the labels as they are, draw 0 of the bootstrap everybody.
    """
    if task.kind == "learning":
        return _learn(common, task.place, task.draw)
    if task.kind == "permutation":
        rng = np.random.default_rng([common.seed, 1, task.draw])
        y = rng.permutation(common.y) if task.draw else common.y
        return [_out_of_fold_auc(common, np.arange(y.size), y, task.draw)]
    return _bootstrap(common, task.draw)


def _learn(common: RefitCommon, place: int, draw: int) -> list[float]:
    rng = np.random.default_rng([common.seed, 0, place, draw])
    kept = [
        np.sort(rng.permutation(members)[: round(SHARES[place] * members.size)])
        for members in (np.flatnonzero(common.y == label) for label in (0, 1))
    ]
    if min(map(len, kept)) < common.folds + 2:
        return []
    rows = np.sort(np.concatenate(kept))
    return [float(rows.size), _out_of_fold_auc(common, rows, common.y[rows], draw)]


def _out_of_fold_auc(
    common: RefitCommon, rows: NDArray[np.intp], y: NDArray[np.int_], draw: int
) -> float:
    held = hold_out_common(
        [common.keys[i] for i in rows], common.X[rows], common.names, y, common.folds, 1,
        common.seed + draw, common.tuning,
    )  # fmt: skip
    score = np.empty(y.size)
    for fold in range(common.folds):
        score[held.folds[0] == fold], _ = hold_out(held, FoldTask(common.classifier, 0, fold))
    return estimate_auc(held.y, score).auc


def _bootstrap(common: RefitCommon, draw: int) -> list[float]:
    """AUC on those who were left out; in draw 0 nobody is, and it is the apparent one."""
    n = common.y.size
    rng = np.random.default_rng([common.seed, 2, draw])
    rows = rng.integers(n, size=n) if draw else np.arange(n)
    rest = np.setdiff1d(np.arange(n), rows) if draw else rows
    if min(np.unique(common.y[rows]).size, np.unique(common.y[rest]).size) < 2:
        return []
    seed = derive_seed(common.seed, "bootstrap", draw)
    pipeline = build_pipeline(common.classifier, seed, common.tuning, common.names)
    pipeline.set_params(**common.parameters).fit(common.X[rows], common.y[rows])
    return [estimate_auc(common.y[rest], pipeline.predict_proba(common.X[rest])[:, 1]).auc]


def _learning_curve(done: Mapping[Refit, list[float]]) -> list[LearningPoint]:
    points = []
    for place in range(len(SHARES)):
        drawn = [done[Refit("learning", place, draw)] for draw in range(DRAWS)]
        told = [(int(n), auc) for n, auc in filter(None, drawn)]
        if told:
            aucs = [auc for _, auc in told]
            sd = float(np.std(aucs, ddof=1)) if len(aucs) > 1 else None
            points.append(LearningPoint(told[0][0], float(np.mean(aucs)), sd, len(aucs)))
    return points


def _permutation_test(n: int, aucs: Sequence[float]) -> PermutationTest | None:
    if not aucs:
        return None
    own, others = aucs[0], np.asarray(aucs[1:])
    p = (1 + int((others >= own - 1e-12).sum())) / (1 + others.size)
    return PermutationTest(n, own, others.size, float(others.mean()), float(others.max()), p)


def _resampled(n: int, told: Sequence[list[float]]) -> ResampledAuc | None:
    usable = np.array([one[0] for one in told[1:] if one])
    if usable.size < 2:
        return None
    apparent, mean = told[0][0], float(usable.mean())
    lower, upper = (float(q) for q in np.quantile(usable, [0.025, 0.975]))
    corrected = correct_632_plus(apparent, mean)
    return ResampledAuc(
        n, len(told) - 1, usable.size, apparent, mean, lower, upper, corrected
    )  # fmt: skip


def correct_632_plus(apparent: float, left_out: float) -> float:
    """The .632+ estimate of an AUC.

    Parameters
    ----------
    apparent : float
        AUC of the model on the patients it was fitted to.
    left_out : float
        Mean AUC of models of bootstrap samples on the patients left out of these.

    References
    ----------
    Efron B, Tibshirani R. J Am Stat Assoc 1997;92:548-560, equations 28 to 32.
    """
    bounded = max(left_out, NO_INFORMATION)
    if apparent <= bounded:  # nothing was overfitted
        return 0.368 * apparent + 0.632 * bounded
    overfitting = (apparent - bounded) / (apparent - NO_INFORMATION)
    weight = 0.632 / (1 - 0.368 * overfitting)
    return (1 - weight) * apparent + weight * bounded
