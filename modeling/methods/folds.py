"""Who is held out when: stratified folds that every classifier shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.methods.survival_table import Flags
from studies.methods.problems import refuse
from studies.methods.wording import say


def assign_folds(
    keys: Sequence[str], outcome: ArrayLike, folds: int, repeats: int = 1, seed: int = 0
) -> NDArray[np.int_]:
    """Fold number of each patient in each repeat, stratified by outcome.

    Parameters
    ----------
    keys : sequence of n str
        One key per patient. Lots are drawn over the sorted keys, so that the order of rows
        changes nothing.
    outcome : array of shape (n,)
        Class of each patient, 0 or 1.
    folds, repeats : int
        Number of folds, and of independent divisions.
    seed : int
        The same seed and the same patients give the same folds.

    Returns
    -------
    array of shape (repeats, n)
        0 .. folds - 1; sizes differ by at most one, and so do the members of each class.

    Raises
    ------
    DataProblem
        A key occurs twice, or a class has fewer members than there are folds.

    References
    ----------
    Stratified k-fold cross-validation: Kohavi, IJCAI 1995:1137; lots over sorted keys are
    ours.
    """
    y = np.asarray(outcome).astype(int)
    _check(keys, y, folds)
    by_key = np.argsort(np.asarray(keys, dtype=str), kind="stable")
    table = np.empty((repeats, y.size), dtype=int)
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        dealt = np.concatenate([rng.permutation(by_key[y[by_key] == c]) for c in (1, 0)])
        table[repeat, dealt] = np.arange(y.size) % folds
    return table


def split_pairs(fold: NDArray[np.int_]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows to fit on and rows held out, for each fold of one division.

    Parameters
    ----------
    fold : array of shape (n,)
        One row of ``assign_folds``.
    """
    return [
        (np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(int(fold.max()) + 1)
    ]


def stratified_folds(event: Flags, folds: int, seed: int) -> np.ndarray:
    """A fold per row, events spread evenly.

    References
    ----------
    As ``assign_folds``, one division, over rows as they stand.
    """
    random = np.random.default_rng(seed)
    number = np.empty(event.size, dtype=int)
    for value in (True, False):
        rows = random.permutation(np.flatnonzero(event == value))
        number[rows] = np.arange(rows.size) % folds
    return number


def _check(keys: Sequence[str], y: NDArray[np.int_], folds: int) -> None:
    if len(set(keys)) != len(keys) or len(keys) != y.size:
        raise refuse(
            say("patient keys"),
            say("{n} different keys for {size} rows", n=len(set(keys)), size=y.size),
            "one row per patient",
            "A patient on both sides of a fold would leak: keep one row per patient.",
        )
    members = np.bincount(y, minlength=2)
    if members.min() < folds:
        raise refuse(
            "folds",
            say(
                "{members} positive and {members_2} negative patients for {folds} folds",
                members=members[1],
                members_2=members[0],
                folds=folds,
            ),
            say("at least {folds} of each class", folds=folds),
            "Use fewer folds or a larger cohort.",
        )
