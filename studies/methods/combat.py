"""ComBat: shifts and scales of batches or scanners, fitted on training, frozen, then applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import DataProblem, Notice, Problem, refuse

from .wording import say

FEWEST = 3  # specimens of a batch
CONVERGED = 1e-4  # as sva stops
MOST_ROUNDS = 1000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ComBatFit:
    """Per gene: where the training cohort stands, and what each batch adds and stretches."""

    batches: tuple[str, ...]
    counts: tuple[int, ...]  # training specimens per batch
    covariates: tuple[str, ...]
    mean: Array  # genes: grand mean
    sd: Array  # genes: pooled within batches; NaN where a gene is left as it is
    effects: Array  # covariates × genes
    shift: Array  # batches × genes, in sd
    scale: Array  # batches × genes, factor of the SD


METHOD_VERSION = 1  # raised when the same rows and batches may give another correction


def fit_combat(
    blocks: Iterable[Array],
    batches: Sequence[str],
    covariates: Array | None = None,
    names: Sequence[str] = (),
) -> ComBatFit:
    """Batch effects of the training cohort, shrunk over genes by parametric empirical Bayes.

    Parameters
    ----------
    blocks : iterable of arrays, specimens × genes
        Logarithms of the training cohort, block of genes after block.
    batches : sequence of str, one per specimen
    covariates : array, specimens × covariates, optional
        Differences that are to stay (never an outcome).
    names : sequence of str
        Of the covariates.

    Raises
    ------
    DataProblem
        One batch only, a batch of under 3 specimens, covariates that a batch determines.

    References
    ----------
    Johnson W. E. et al. Biostatistics 2007;8:118-127; R sva 3.46, ``ComBat``.
    """
    labels = tuple(sorted(set(batches)))
    member = np.array([[b == label for label in labels] for b in batches], dtype=np.float64)
    counts = member.sum(axis=0)
    extra = np.empty((len(member), 0)) if covariates is None else np.asarray(covariates, float)
    _check(labels, counts, np.hstack([member, extra]))
    parts = [_standardise(np.asarray(block, np.float64), member, extra) for block in blocks]
    mean, sd, effects, shift, variance, squares = (
        np.concatenate([part[k] for part in parts], axis=-1) for k in range(6)
    )
    moving = np.isfinite(sd)
    stars = np.full((2, *shift.shape), np.nan)
    for place, n in enumerate(counts):
        stars[:, place, moving] = _shrink(
            shift[place, moving], variance[place, moving], squares[place, moving], n
        )
    return ComBatFit(
        labels, tuple(int(n) for n in counts), tuple(names), mean, sd, effects,
        stars[0], np.sqrt(stars[1]),
    )  # fmt: skip


def _check(labels: tuple[str, ...], counts: Array, design: Array) -> None:
    problems = [
        Problem(
            say("batch {label}", label=label),
            say("{n} training specimens", n=int(n)),
            say("at least {fewest}", fewest=FEWEST),
            "Put it with the batch it was sequenced like, or leave its specimens out.",
        )
        for label, n in zip(labels, counts, strict=True)
        if n < FEWEST
    ]
    if len(labels) < 2:
        problems.append(
            Problem(
                "batches",
                say("{n} in the training cohort", n=len(labels)),
                "at least two",
                "With one batch there is nothing to correct.",
            )
        )
    if not problems and np.linalg.matrix_rank(design) < design.shape[1]:
        problems.append(
            Problem(
                "batches",
                say("covariates that the batches determine"),
                "covariates that vary in the batches",
                "Leave the covariate out: its effect cannot be told apart.",
            )
        )
    if problems:
        raise DataProblem(problems)


def _standardise(block: Array, member: Array, extra: Array) -> tuple[Any, ...]:
    """Of some genes: mean, sd, covariate effects, shift and variance per batch, sums of squares."""
    design = np.hstack([member, extra])
    n, k = len(member), member.shape[1]
    beta = np.linalg.lstsq(design, block, rcond=None)[0]
    mean = member.sum(axis=0) / n @ beta[:k]
    sd = np.sqrt(((block - design @ beta) ** 2).sum(axis=0) / n)
    still = np.zeros(block.shape[1], dtype=bool)
    for column in member.T.astype(bool):
        still |= np.ptp(block[column], axis=0) == 0
    sd[still | (sd == 0)] = np.nan
    effects = beta[k:]
    z = (block - mean - extra @ effects) / sd
    counts = member.sum(axis=0)[:, None]
    shift = member.T @ z / counts
    squares = np.stack(
        [((z[c] - z[c].mean(axis=0)) ** 2).sum(axis=0) for c in member.T.astype(bool)]
    )
    return mean, sd, effects, shift, squares / (counts - 1), squares


def _shrink(shift: Array, variance: Array, squares: Array, n: float) -> tuple[Array, Array]:
    """Posterior shift and variance of one batch; rounds end as sva's do.

    A single gene has no others to learn from: it stands as it was found.
    """
    if shift.size < 2:
        return shift, variance
    centre, spread = shift.mean(), shift.var(ddof=1)
    m, s2 = variance.mean(), variance.var(ddof=1)
    a, b = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    old_shift, old_variance = shift, variance
    for _ in range(MOST_ROUNDS):
        new_shift = (spread * n * shift + old_variance * centre) / (spread * n + old_variance)
        sums = squares + n * (shift - new_shift) ** 2
        new_variance = (0.5 * sums + b) / (n / 2 + a - 1)
        change = max(
            (np.abs(new_shift - old_shift) / old_shift).max(),
            (np.abs(new_variance - old_variance) / old_variance).max(),
        )
        old_shift, old_variance = new_shift, new_variance
        if change <= CONVERGED:
            break
    return old_shift, old_variance


def apply_combat(
    fit: ComBatFit,
    values: Array,
    batches: Sequence[str],
    covariates: Array | None = None,
    genes: Sequence[int] | None = None,
    unseen: str = "refuse",
) -> Array:
    """Values without the frozen effect of their batch.

    Parameters
    ----------
    fit : ComBatFit
    values : array, specimens × genes
        Logarithms as at the fit.
    batches : sequence of str, one per specimen
    covariates : array, specimens × the fit's covariates
    genes : sequence of int, optional
        Places of the genes among the fit's; all of them by default.
    unseen : {"refuse", "uncorrected"}
        A batch without training specimens has no effect that is known: it is refused, or its
        specimens stay as they are.

    Raises
    ------
    DataProblem
        A batch the fit never saw.

    References
    ----------
    Johnson W. E. et al. Biostatistics 2007;8:118-127. Compared with R sva 3.46, ``ComBat``;
    frozen effects applied to new specimens are ours.
    """
    check_batches(fit, batches, unseen)
    at = np.arange(len(fit.mean)) if genes is None else np.asarray(genes, dtype=np.intp)
    extra = np.zeros((len(values), 0)) if covariates is None else np.asarray(covariates, float)
    stand = fit.mean[at] + extra @ fit.effects[:, at]
    sd = fit.sd[at]
    corrected = np.array(values, dtype=np.float64)
    moving = np.isfinite(sd)
    for place, label in enumerate(fit.batches):
        rows = np.flatnonzero([batch == label for batch in batches])
        if len(rows):
            z = (corrected[rows] - stand[rows]) / sd
            z = (z - fit.shift[place, at]) / fit.scale[place, at]
            corrected[rows] = np.where(moving, z * sd + stand[rows], corrected[rows])
    return corrected


def check_batches(fit: ComBatFit, batches: Sequence[str], unseen: str) -> tuple[Notice, ...]:
    """Refuse, or note, batches without training specimens."""
    if unseen not in ("refuse", "uncorrected"):
        raise refuse("unseen", unseen, "refuse or uncorrected", "Choose one of the two.")
    strange = sorted(set(batches) - set(fit.batches))
    if not strange:
        return ()
    if unseen == "refuse":
        raise DataProblem(
            Problem(
                say("batch {label}", label=label),
                say("{count} specimens, none in training", count=list(batches).count(label)),
                say("one of {batches}", batches=", ".join(fit.batches)),
                "Leave such specimens as they are (unseen = uncorrected), or correct nothing.",
            )
            for label in strange
        )
    n = sum(batch in strange for batch in batches)
    text = say(
        "{n} specimens of batches without training specimens stay as they are: {batches}.",
        n=n,
        batches=", ".join(strange),
    )
    return (Notice("batch_unseen", text),)
