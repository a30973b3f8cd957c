"""Is a hazard ratio constant over time: the score test of proportional hazards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, rankdata

from modeling.methods.cox_fit import CoxFit
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.risk_sets import StratifiedRiskSets
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say

Transform = Literal["km", "identity", "log", "rank"]


@dataclass(frozen=True)
class ProportionalHazards:
    """One test per term and one over all ("GLOBAL", last)."""

    terms: tuple[str, ...]
    statistic: Floats
    degrees_of_freedom: tuple[int, ...]
    p_value: Floats
    transform: Transform


def check_proportional_hazards(
    fit: CoxFit,
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    transform: Transform = "km",
    terms: Mapping[str, Sequence[str]] | None = None,
    strata: ArrayLike | None = None,
) -> ProportionalHazards:
    """Score statistic for a coefficient that drifts with g(t), per term and over all.

    Parameters
    ----------
    fit : CoxFit
        The model, fitted on these very rows.
    duration, event, x, strata : arrays
        The rows of the fit.
    transform : {"km", "identity", "log", "rank"}
        g(t): 1 − S(t−) of all rows, t, log t, or the rank of t among all follow-up.
    terms : mapping of str to list of column names, or None
        Columns that belong together (a factor's levels); each column alone when None.

    Raises
    ------
    DataProblem
        On log time with an event at time zero.

    Notes
    -----
    The columns x·g(t) are added at zero and tested by their score, as R's cox.zph does since
    survival 3.0; the older approximation by correlation is not used.

    References
    ----------
    Grambsch, Therneau, Biometrika 1994;81:515.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    sets = risk_sets_of(fit, time, flag, x, strata)
    drift = drift_of_time(sets, time, flag, transform)
    _, score, _ = sets.evaluate(fit.coefficients, drift)
    tested = _tested_information(sets, fit.coefficients, drift)
    groups = dict(terms) if terms is not None else {name: [name] for name in fit.names}
    groups["GLOBAL"] = list(fit.names)
    columns = [[fit.names.index(name) for name in members] for members in groups.values()]
    statistic = np.array([_quadratic(score, tested, chosen) for chosen in columns])
    freedom = tuple(len(chosen) for chosen in columns)
    return ProportionalHazards(
        tuple(groups), statistic, freedom, chi2.sf(statistic, freedom), transform
    )


def _quadratic(score: Floats, information: Floats, chosen: list[int]) -> float:
    part = score[chosen]
    return float(part @ np.linalg.solve(information[np.ix_(chosen, chosen)], part))


def _tested_information(sets: StratifiedRiskSets, beta: Floats, drift: list[Floats]) -> Floats:
    """Information about the drift once the coefficients themselves are accounted for."""
    plain = sets.evaluate(beta)[2]
    mixed = sets.evaluate(beta, drift)[2]
    return sets.evaluate(beta, [part**2 for part in drift])[2] - mixed @ np.linalg.solve(
        plain, mixed
    )


def risk_sets_of(
    fit: CoxFit, time: Floats, flag: Flags, x: ArrayLike, strata: ArrayLike | None = None
) -> StratifiedRiskSets:
    """The risk sets of a fit, made again from its rows.

    Parameters
    ----------
    fit : CoxFit
    time, flag, x, strata
        The rows it was fitted to, in any order.
    """
    columns = np.asarray(x, dtype=float).reshape(time.size, -1) - fit.center
    groups = None if strata is None else np.asarray(strata).astype(str)
    return StratifiedRiskSets(time, flag, columns, fit.ties, groups)


def drift_of_time(
    sets: StratifiedRiskSets, time: Floats, flag: Flags, transform: Transform
) -> list[Floats]:
    """g(t) per block of equal times in each stratum, centred over all events.

    Parameters
    ----------
    sets : StratifiedRiskSets
    time, flag : arrays, shape (n,)
    transform : {"km", "identity", "log", "rank"}
    """
    value = transform_time(time, flag, transform)
    if np.ptp(value[flag]) == 0:
        raise refuse("Proportional hazards", "events at one time only",
                     "events at two times or more", "Nothing can drift in a moment.")  # fmt: skip
    own = [
        value[rows[part.order]][part.last] for rows, part in zip(sets.rows, sets.parts, strict=True)
    ]
    center = value[flag].mean()
    return [part - center for part in own]


def transform_time(time: Floats, flag: Flags, transform: Transform) -> Floats:
    """g(t) of every row's follow-up, over all rows together.

    Parameters
    ----------
    time, flag : arrays, shape (n,)
    transform : {"km", "identity", "log", "rank"}
        As survival::cox.zph names them.

    References
    ----------
    Grambsch, Therneau, Biometrika 1994;81:515. R survival::cox.zph.
    """
    if transform == "km":
        curve = estimate_kaplan_meier(time, flag)
        before = np.append(1.0, curve.survival)[np.searchsorted(curve.time, time, side="left")]
        return 1 - before
    if transform == "log":
        if time[flag].min() <= 0:
            raise refuse(
                say("Proportional hazards"),
                say("an event at time 0"),
                "event times above 0",
                "Choose another transform than log.",
            )
        return np.log(np.where(time > 0, time, 1.0))
    if transform == "rank":
        return np.asarray(rankdata(time))
    if transform == "identity":
        return time
    raise ValueError(f"transform is km, identity, log or rank, not {transform!r}")
