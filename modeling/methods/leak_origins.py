"""Leaks by origin: an image twice, a frozen fit that saw who validates, a column of the outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, log10, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, rankdata

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
TOO_GOOD = 0.97  # AUC of one column alone


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
    2 p / C(n, n1) times. One that does so almost (AUC above ``TOO_GOOD``) is refused, too, where p
    rank-sum tests would not give that by chance.
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
    known = [(name, X[:, j]) for j, name in enumerate(names) if name not in told]
    perfect = [name for name, column in known if _separates(column, y)]
    if perfect and by_chance <= log10(CHANCE):
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
    almost = [name for name, column in known
              if name not in perfect and _nearly_separates(column, y, X.shape[1])]  # fmt: skip
    if almost:
        problems.append(
            Problem(
                "features",
                say("columns that tell hot from cold almost without exception: {some}",
                    some=_some(almost)),
                "columns that do not know the outcome",
                "Find out how they were made: chance would not do this.",
            )
        )  # fmt: skip
    return problems


def _nearly_separates(column: np.ndarray, y: np.ndarray, columns: int) -> bool:
    """The rank-sum test by its normal approximation, which ties make no surer."""
    known = ~np.isnan(column)
    rank, hot = rankdata(column[known]), y[known]
    n1, n0 = int(hot.sum()), int((~hot).sum())
    if min(n1, n0) == 0:
        return False
    auc = (rank[hot].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    above = abs(auc - 0.5)
    z = above / sqrt((n1 + n0 + 1) / (12 * n1 * n0))
    return bool(above > TOO_GOOD - 0.5 and 2 * columns * norm.sf(z) < CHANCE)


def _separates(column: np.ndarray, y: np.ndarray) -> bool:
    one, other = column[y], column[~y]
    if np.isnan(one).any() or np.isnan(other).any():
        return False
    return bool(one.min() > other.max() or one.max() < other.min())
