"""How far a patient's features lie from those a model was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from studies.methods.problems import refuse
from studies.methods.wording import say

FOLDS = 10
OUTSIDE = 99.0  # percentile of the training cohort's own distances


@dataclass(frozen=True)
class ApplicabilityFit:
    """Centre, scale and precision of the training features, and their own held-out distances."""

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    precision: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    distances: NDArray[np.float64]

    @property
    def limit(self) -> float:
        """Distances beyond this are outside the training distribution."""
        return float(np.percentile(self.distances, OUTSIDE))


@dataclass(frozen=True)
class Applicability:
    """One patient's distance, its place among the training cohort's own, and why it is outside."""

    distance: float
    percentile: float
    inside: bool
    reasons: tuple[str, ...]


def fit_applicability(
    keys: Sequence[str], features: ArrayLike, names: Sequence[str]
) -> ApplicabilityFit:
    """The training distribution, with the distances its members have when they are held out.

    Parameters
    ----------
    keys : sequence of n str
        Rows are sorted by it, so that their order changes nothing.
    features : array of shape (n, p)
        Finite.
    names : sequence of p str

    Raises
    ------
    DataProblem
        Fewer than twenty patients, a value that is not finite, columns that are all constant.

    Notes
    -----
    Mahalanobis distance with the covariance shrunk by Ledoit and Wolf. Members are nearer to a
    centre they took part in than a new patient ever is: their own distances are held out in ten
    folds.

    References
    ----------
    Ledoit O, Wolf M. J Multivar Anal 2004;88:365-411.
    """
    order = np.argsort(np.asarray(keys, dtype=str), kind="stable")
    X = np.asarray(features, dtype=float)[order]
    if X.shape[0] < 2 * FOLDS or not np.isfinite(X).all() or not np.ptp(X, axis=0).any():
        raise refuse(
            say("training features"),
            say("a table of {shape} by {shape_2}", shape=X.shape[0], shape_2=X.shape[1]),
            say("at least {value} patients with finite features that vary", value=2 * FOLDS),
            "Fit to more patients before applying to new ones.",
        )
    fold = np.arange(X.shape[0]) % FOLDS
    distances = np.empty(X.shape[0])
    for k in range(FOLDS):
        distances[fold == k] = _distances(X[fold == k], *_centre(X[fold != k]))
    mean, scale, precision = _centre(X)
    return ApplicabilityFit(
        tuple(names), mean, scale, precision, X.min(axis=0), X.max(axis=0), np.sort(distances)
    )


def apply_applicability(fit: ApplicabilityFit, features: ArrayLike) -> list[Applicability]:
    """Distance of each row to the training distribution, and whether the model applies.

    Parameters
    ----------
    fit : ApplicabilityFit
    features : array of shape (m, p)
        The columns of ``fit.names`` in that order.

    Raises
    ------
    DataProblem
        A value that is missing or not finite, another number of columns.

    References
    ----------
    As ``fit_applicability``.
    """
    X = np.atleast_2d(np.asarray(features, dtype=float))
    if X.shape[1] != len(fit.names) or not np.isfinite(X).all():
        raise refuse(
            "features",
            say(
                "{shape} columns, {sum} of the values missing",
                shape=X.shape[1],
                sum=int((~np.isfinite(X)).sum()),
            ),
            say("{n} finite values", n=len(fit.names)),
            "Extract the features with the version the model was fitted to.",
        )
    distances = _distances(X, fit.mean, fit.scale, fit.precision)
    return [_judged(fit, row, distance) for row, distance in zip(X, distances, strict=True)]


def _judged(fit: ApplicabilityFit, row: NDArray[np.float64], distance: float) -> Applicability:
    rank = float(100 * np.searchsorted(fit.distances, distance) / fit.distances.size)
    inside = bool(distance <= fit.limit)
    reasons = []
    if not inside:
        reasons.append(
            say(
                "distance {distance:.3g}, beyond {limit:.3g} (percentile {percentile:g} of the "
                "training cohort's own)",
                distance=distance,
                limit=fit.limit,
                percentile=OUTSIDE,
            )
        )
    beyond = np.flatnonzero((row < fit.lowest) | (row > fit.highest))
    if beyond.size:
        some = ", ".join(fit.names[int(j)] for j in beyond[:5])
        if beyond.size > 5:
            some = say("{names} and {n} more", names=some, n=beyond.size - 5)
        reasons.append(
            say("{n} features outside the training range: {names}", n=beyond.size, names=some)
        )
    return Applicability(float(distance), rank, inside, tuple(reasons))


def _centre(
    X: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.covariance import LedoitWolf

    mean, scale = X.mean(axis=0), X.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return mean, scale, LedoitWolf(assume_centered=True).fit((X - mean) / scale).precision_


def _distances(
    X: NDArray[np.float64],
    mean: NDArray[np.float64],
    scale: NDArray[np.float64],
    precision: NDArray[np.float64],
) -> NDArray[np.float64]:
    Z = (X - mean) / scale
    return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", Z, precision, Z), 0.0))
