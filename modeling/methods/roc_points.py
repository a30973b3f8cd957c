"""The points of a ROC curve, one per different score."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.binary_input import check_binary
from modeling.methods.survival_table import Floats


def roc_points(outcome: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """False and true positive rates of calling 1 at or above each score, from (0, 0) to (1, 1).

    Parameters
    ----------
    outcome : array, shape (n,)
        0 or 1; both must occur.
    score : array, shape (n,)
        Higher speaks for 1.

    Raises
    ------
    DataProblem
        One class only, a missing score.

    References
    ----------
    Fawcett, Pattern Recognit Lett 2006;27:861. Compared with R pROC.
    """
    y, s = check_binary(outcome, score)
    _, place = np.unique(-s, return_inverse=True)
    cases, controls = np.bincount(place, y), np.bincount(place, ~y)
    return (
        np.r_[0.0, np.cumsum(controls) / controls.sum()],
        np.r_[0.0, np.cumsum(cases) / cases.sum()],
    )
