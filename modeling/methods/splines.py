"""Restricted cubic splines: a numeric covariate whose effect may bend, straight in the tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.survival_table import Floats
from studies.methods.problems import refuse
from studies.methods.wording import say

_QUANTILES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}
SMALL, FIFTH = 100, 4  # under 100 rows the outer knots are the fifth values from either end


def place_knots(values: ArrayLike, count: int) -> tuple[float, ...]:
    """Knots at fixed quantiles of the fitting rows.

    Parameters
    ----------
    values : array, shape (n,)
    count : int
        3 to 7.

    Raises
    ------
    DataProblem
        When the values are too few or too often the same for that many knots.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2015, 2.4.6. Compared with R Hmisc.
    """
    if count not in _QUANTILES:
        raise refuse(
            say("Spline"), say("{count} knots", count=count), "3 to 7", "Choose 3, 4 or 5 knots."
        )
    known = np.sort(np.asarray(values, dtype=float))
    knots = np.quantile(known, _QUANTILES[count]) if known.size else np.zeros(1)
    if FIFTH < known.size < SMALL:
        knots[0], knots[-1] = known[FIFTH], known[-1 - FIFTH]
    if (np.diff(knots) <= 0).any() or knots.size < count:  # also: so few that the fifths cross
        raise refuse(
            say("Spline"),
            say("{size} distinct values", size=np.unique(known).size),
            say("values spread over {count} different knots", count=count),
            "Choose fewer knots, or enter the variable as it is.",
        )
    return tuple(knots.tolist())


def spline_basis(values: ArrayLike, knots: ArrayLike) -> Floats:
    """The variable and its (knots − 2) bends, shape (n, knots − 1).

    Parameters
    ----------
    values : array, shape (n,)
    knots : ascending array of 3 or more

    References
    ----------
    Devlin, Weeks, Proc SAS Users Group 1986;646. Compared with R Hmisc::rcspline.eval.
    """
    x, at = np.asarray(values, dtype=float), np.asarray(knots, dtype=float)
    span = (at[-1] - at[0]) ** (2 / 3)
    cubes = np.maximum((x[:, None] - at[None, :]) / span, 0) ** 3
    last = at[-1] - at[-2]
    bends = [
        cubes[:, j] + ((at[-2] - at[j]) * cubes[:, -1] - (at[-1] - at[j]) * cubes[:, -2]) / last
        for j in range(at.size - 2)
    ]
    return np.column_stack([x, *bends])
