"""Agreement of two labels beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa with its interval; None when both say one class only."""

    estimate: float | None
    lower: float | None
    upper: float | None
    agreement: float
    n: int


def estimate_kappa(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> Kappa:
    """Cohen's kappa of two binary labels of the same patients.

    Parameters
    ----------
    first, second : arrays of shape (n,)
        0 or 1.
    level : float
        Coverage of the large-sample interval.

    Returns
    -------
    Kappa
        1 is full agreement, 0 what chance gives.

    Raises
    ------
    DataProblem
        Nobody, or lengths that differ.

    References
    ----------
    Cohen J. Educ Psychol Meas 1960;20:37-46.
    Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327 (standard error).
    """
    a, b = np.asarray(first).astype(int), np.asarray(second).astype(int)
    if a.size == 0 or a.shape != b.shape:
        raise refuse(
            "labels",
            say("{size} and {size_2} labels", size=a.size, size_2=b.size),
            "two labels of each patient",
            "Compare patients who have both labels.",
        )
    share = np.bincount(2 * a + b, minlength=4).reshape(2, 2) / a.size
    row, column = share.sum(axis=1), share.sum(axis=0)
    observed, expected = float(np.trace(share)), float(row @ column)
    if expected == 1:
        return Kappa(None, None, None, observed, a.size)
    kappa = (observed - expected) / (1 - expected)
    diagonal = sum(share[i, i] * (1 - (row[i] + column[i]) * (1 - kappa)) ** 2 for i in range(2))
    corners = sum(share[i, 1 - i] * (column[i] + row[1 - i]) ** 2 for i in range(2))
    remainder = (kappa - expected * (1 - kappa)) ** 2
    variance = (diagonal + (1 - kappa) ** 2 * corners - remainder) / (a.size * (1 - expected) ** 2)
    half = float(norm.ppf(0.5 + level / 2) * np.sqrt(max(variance, 0.0)))
    return Kappa(
        float(kappa),
        max(-1.0, float(kappa) - half),
        min(1.0, float(kappa) + half),
        observed,
        a.size,
    )
