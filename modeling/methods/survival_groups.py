"""Survival of the groups of one table, compared: everybody, each factor, thirds of risk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from modeling.methods.analysis_table import AnalysisTable
from modeling.methods.kaplan_meier import KaplanMeier, estimate_kaplan_meier
from modeling.methods.log_rank import (
    LogRank,
    PairwiseLogRank,
    compare_log_rank,
    compare_log_rank_pairwise,
)
from modeling.methods.restricted_mean import (
    RestrictedMean,
    RestrictedMeanDifference,
    compare_restricted_means,
    estimate_restricted_mean,
)
from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import DataProblem

RISK_GROUPS = ("low risk", "middle risk", "high risk")  # thirds of the linear predictor
Found = TypeVar("Found")


@dataclass(frozen=True)
class SurvivalGroups:
    """Kaplan-Meier curves of the levels of one variable, compared.

    ``means`` up to the horizon, ``gaps`` from the first level; None where nobody is followed so
    far.
    """

    variable: str
    curves: dict[str, KaplanMeier]
    test: LogRank | None
    pairwise: PairwiseLogRank | None
    means: dict[str, RestrictedMean | None]
    gaps: dict[str, RestrictedMeanDifference | None]


def group_survival(table: AnalysisTable, lp: Floats, at: float) -> tuple[SurvivalGroups, ...]:
    """Kaplan-Meier curves of everybody, of each factor, and of thirds of ``lp``, compared.

    Everybody is every row with follow-up, and a factor's groups those whose level is known:
    covariates that the model lacks take nobody out. Thirds are of the model's rows.

    Parameters
    ----------
    table : AnalysisTable
    lp : array, shape (n,)
        Linear predictor; higher = higher risk.
    at : float
        Horizon, in the table's unit.
    """
    whole = table.followed
    everyone = np.full(whole.duration.size, "all", dtype=object)
    factors = [term for term in (*table.terms, *table.beside) if term.levels]
    thirds = np.searchsorted(np.quantile(lp, [1 / 3, 2 / 3]), lp, side="right")
    ranked = "risk_group" if "risk_group" not in [f.name for f in factors] else "risk_thirds"
    return (
        _compare(whole.duration, whole.event, "overall", everyone, ("all",), at),
        *(
            _compare(
                whole.duration, whole.event, term.name,
                whole.covariates[term.name].to_numpy(dtype=object), term.levels, at,
            )
            for term in factors
        ),
        _compare(
            table.duration, table.event, ranked, np.array(RISK_GROUPS, dtype=object)[thirds],
            RISK_GROUPS, at,
        ),
    )  # fmt: skip


def _compare(
    time: Floats, event: Flags, name: str, label: np.ndarray, order: tuple[str, ...], at: float
) -> SurvivalGroups:
    inside = {level: label == level for level in order if (label == level).any()}
    curves = {level: estimate_kaplan_meier(time[r], event[r]) for level, r in inside.items()}
    means = {
        level: none_if_refused(partial(estimate_restricted_mean, time[r], event[r], at))
        for level, r in inside.items()
    }
    present = list(inside)
    if len(present) < 2:
        return SurvivalGroups(name, curves, None, None, means, {})
    known = np.isin(label, present)
    rows = time[known], event[known], label[known]
    first = inside[present[0]]
    return SurvivalGroups(
        name,
        curves,
        compare_log_rank(*rows, present),
        compare_log_rank_pairwise(*rows, present),
        means,
        {level: _gap(time, event, inside[level], first, at) for level in present[1:]},
    )


def _gap(
    time: Floats, event: Flags, level: np.ndarray, first: np.ndarray, at: float
) -> RestrictedMeanDifference | None:
    both = level | first
    rows = time[both], event[both], level[both]
    return none_if_refused(partial(compare_restricted_means, *rows, at))


def none_if_refused(compute: Callable[[], Found]) -> Found | None:
    """What ``compute`` finds, None where it refuses."""
    try:
        return compute()
    except DataProblem:  # beyond follow-up, a smaller model that separates, nothing related
        return None
