"""Leaks by origin: an image twice, a frozen fit that saw who validates, a column of the outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, log10

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.leak_guard import _some
from studies.methods.problems import Problem
from studies.methods.wording import say

# Columns of a frozen table that tell the outcome, or were made of it.
OUTCOME_PREFIXES = (
    "target_",
    "rna_",
    "ihc_",
    "response",
    "immunoscore",
    "cd3_",
    "cd8_",
    "phenotype",
    "overall_survival",
    "progression_free_survival",
    "duration",
    "event",
)
CHANCE = 1e-6


@dataclass(frozen=True)
class FrozenFit:
    """Something fitted outside the folds and frozen: whom it saw, and of which use they are."""

    name: str
    uses: Mapping[str, str]


def check_identical_images(keys: Sequence[str], images: Sequence[str | None]) -> list[Problem]:
    """The same voxels under two patients, whatever their features say.

    Parameters
    ----------
    keys : sequence of n str
        One key per row; rows of one patient may repeat.
    images : sequence of n str
        Digest of the patient's image; None where unknown.
    """
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for key, image in zip(keys, images, strict=True):
        if image:
            holders[image].add(key)
    return [
        Problem(
            "images",
            say("one image for {some}", some=_some(sorted(group))),
            "an image of its own for each patient",
            "Two patients share their voxels: find out whose scan it is and take the other out.",
        )
        for group in holders.values()
        if len(group) > 1
    ]


def check_frozen_fits(fits: Sequence[FrozenFit]) -> list[Problem]:
    """An encoder, centroids, a harmonisation or cuts that were fitted to somebody who validates.

    Parameters
    ----------
    fits : sequence of FrozenFit
        ``uses`` holds development, validation or descriptive by patient key.
    """
    problems = []
    for fit in fits:
        seen = sorted(key for key, use in fit.uses.items() if use == "validation")
        if seen:
            problems.append(
                Problem(
                    fit.name,
                    say(
                        "fitted to {n} patients of a validating cohort: {some}",
                        n=len(seen),
                        some=_some(seen),
                    ),
                    "development patients only",
                    "Fit it again: the cohorts have changed since, or somebody was asked for.",
                )
            )
    return problems


def check_outcome_columns(
    names: Sequence[str], features: ArrayLike, outcome: ArrayLike
) -> list[Problem]:
    """A column that is made of the outcome, by its name or by what it says.

    Parameters
    ----------
    names : sequence of p str
    features : array of shape (n, p)
        NaN where missing.
    outcome : array of shape (n,)
        0 or 1.

    Notes
    -----
    A column that separates the classes without one exception is refused where chance would not
    do that: with n1 of n patients positive, p columns do it by chance at most
    2 p / C(n, n1) times.
    """
    told = [name for name in names if name.startswith(OUTCOME_PREFIXES)]
    problems = [
        Problem(
            "features",
            say("columns of the outcome: {some}", some=_some(told)),
            "columns known before the outcome",
            "Leave them out of the question: they were made of what is to be predicted.",
        )
    ] * bool(told)
    X, y = np.asarray(features, dtype=float), np.asarray(outcome).astype(bool)
    if X.size == 0 or y.all() or not y.any():
        return problems
    by_chance = log10(2 * X.shape[1]) - log10(comb(y.size, int(y.sum())))
    if by_chance > log10(CHANCE):
        return problems
    perfect = [name for j, name in enumerate(names) if name not in told and _separates(X[:, j], y)]
    if perfect:
        problems.append(
            Problem(
                "features",
                say(
                    "columns that tell hot from cold without one exception: {some}",
                    some=_some(perfect),
                ),
                "columns that do not know the outcome",
                "Find out how they were made: chance would not do this.",
            )
        )
    return problems


def _separates(column: np.ndarray, y: np.ndarray) -> bool:
    one, other = column[y], column[~y]
    if np.isnan(one).any() or np.isnan(other).any():
        return False
    return bool(one.min() > other.max() or one.max() < other.min())
