"""One Cox model per column: hazard ratios of many covariates, adjusted for their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from modeling.methods.cox import fit_cox
from modeling.methods.log_rank import adjust_benjamini_hochberg
from studies.methods.problems import DataProblem


@dataclass(frozen=True)
class UnivariableCox:
    """Of one column; NaN and a reason where nothing could be estimated."""

    name: str
    n: int
    events: int
    hazard_ratio: float  # per unit; above 1: higher is worse
    lower: float
    upper: float
    p_value: float
    adjusted: float  # Benjamini-Hochberg over the columns that were estimated
    reason: str = ""


def fit_univariable_cox(
    duration: ArrayLike, event: ArrayLike, columns: pd.DataFrame
) -> tuple[UnivariableCox, ...]:
    """A Cox model of each column alone (Efron ties), p-values adjusted over all of them.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    columns : table, n rows
        In the unit the ratios are to be read in (SD, say); rows without a value are left out of
        that column's model.

    References
    ----------
    Cox D. R. 1972. Benjamini Y., Hochberg Y. Journal of the Royal Statistical Society B
    1995;57:289-300.
    """
    time, flag = np.asarray(duration, dtype=float), np.asarray(event, dtype=float)
    found = [_fit(time, flag, columns[name], str(name)) for name in columns]
    known = [k for k, one in enumerate(found) if np.isfinite(one.p_value)]
    if known:
        adjusted = adjust_benjamini_hochberg([found[k].p_value for k in known])
        for k, value in zip(known, adjusted, strict=True):
            found[k] = UnivariableCox(**{**found[k].__dict__, "adjusted": float(value)})
    return tuple(found)


def _fit(time: np.ndarray, flag: np.ndarray, column: pd.Series, name: str) -> UnivariableCox:
    x = column.to_numpy(dtype=float)
    rows = np.isfinite(x)
    n, events = int(rows.sum()), int(flag[rows].sum())
    try:
        fit = fit_cox(time[rows], flag[rows], x[rows, None], [name])
    except DataProblem as refusal:
        nothing = (np.nan,) * 5
        return UnivariableCox(name, n, events, *nothing, reason=refusal.problems[0].found)
    low, high = (float(np.exp(bound[0])) for bound in fit.interval())
    ratio = float(np.exp(fit.coefficients[0]))
    return UnivariableCox(name, n, events, ratio, low, high, float(fit.p_value[0]), np.nan)
