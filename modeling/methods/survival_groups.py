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
from modeling.methods.survival_table import Floats
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

    Parameters
    ----------
    table : AnalysisTable
    lp : array, shape (n,)
        Linear predictor; higher = higher risk.
    at : float
        Horizon, in the table's unit.
    """
    everyone = np.full(len(table.row), "all", dtype=object)
    thirds = np.searchsorted(np.quantile(lp, [1 / 3, 2 / 3]), lp, side="right")
    wanted: list[tuple[str, np.ndarray, tuple[str, ...]]] = [("overall", everyone, ("all",))]
    wanted += [
        (term.name, table.covariates[term.name].to_numpy(dtype=object), term.levels)
        for term in table.terms
        if term.levels
    ]
    wanted.append(("risk_group", np.array(RISK_GROUPS, dtype=object)[thirds], RISK_GROUPS))
    return tuple(_compare(table, *parts, at) for parts in wanted)


def _compare(
    table: AnalysisTable, name: str, label: np.ndarray, order: tuple[str, ...], at: float
) -> SurvivalGroups:
    time, event = table.duration, table.event
    inside = {level: label == level for level in order if (label == level).any()}
    curves = {level: estimate_kaplan_meier(time[r], event[r]) for level, r in inside.items()}
    means = {
        level: none_if_refused(partial(estimate_restricted_mean, time[r], event[r], at))
        for level, r in inside.items()
    }
    present = list(inside)
    if len(present) < 2:
        return SurvivalGroups(name, curves, None, None, means, {})
    return SurvivalGroups(
        name,
        curves,
        compare_log_rank(time, event, label, present),
        compare_log_rank_pairwise(time, event, label, present),
        means,
        {level: _gap(table, inside[level], inside[present[0]], at) for level in present[1:]},
    )


def _gap(
    table: AnalysisTable, level: np.ndarray, first: np.ndarray, at: float
) -> RestrictedMeanDifference | None:
    both = level | first
    time, event = table.duration[both], table.event[both]
    return none_if_refused(partial(compare_restricted_means, time, event, level[both], at))


def none_if_refused(compute: Callable[[], Found]) -> Found | None:
    """What ``compute`` finds, None where it refuses."""
    try:
        return compute()
    except DataProblem:  # beyond follow-up, a smaller model that separates, nothing related
        return None
