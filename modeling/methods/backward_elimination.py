"""Backward elimination: terms leave a Cox model one by one while AIC falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from modeling.methods.cox import fit_cox
from modeling.methods.cox_fit import CoxFit
from modeling.methods.design_matrix import Term, apply_design
from modeling.methods.risk_sets import RiskSets
from modeling.methods.survival_table import Flags, Floats, check_survival


@dataclass(frozen=True)
class Step:
    """A term that left, and the AIC after it."""

    dropped: str
    aic: float


@dataclass(frozen=True)
class BackwardElimination:
    """What stays; ``fit`` is None when nothing does. p-values afterwards are too small."""

    kept: tuple[str, ...]
    steps: tuple[Step, ...]
    aic: float
    fit: CoxFit | None


def eliminate_backward(
    duration: ArrayLike,
    event: ArrayLike,
    table: pd.DataFrame,
    terms: Sequence[Term],
    always: Sequence[str] = (),
) -> BackwardElimination:
    """Terms of a Cox model that AIC keeps; a factor leaves with all its levels.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    table : DataFrame, (n rows)
        Complete cases.
    terms : sequence of Term
    always : sequence of str
        Terms that never leave.

    Raises
    ------
    DataProblem
        What :func:`fit_cox` refuses.

    References
    ----------
    Akaike 1974. Compared with R step.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    kept = list(terms)
    fit, aic = _fit(time, flag, table, kept)
    steps = []
    while kept:
        trials = [
            (_fit(time, flag, table, [t for t in kept if t is not term])[1], term)
            for term in kept
            if term.name not in always
        ]
        best = min(trials, key=lambda trial: trial[0], default=None)
        if best is None or best[0] >= aic:
            break
        aic, kept = best[0], [term for term in kept if term is not best[1]]
        fit = _fit(time, flag, table, kept)[0]
        steps.append(Step(best[1].name, aic))
    return BackwardElimination(tuple(term.name for term in kept), tuple(steps), aic, fit)


def _fit(
    time: Floats, flag: Flags, table: pd.DataFrame, terms: Sequence[Term]
) -> tuple[CoxFit | None, float]:
    if not terms:
        return None, -2 * _null(time, flag)
    design = apply_design(table, terms)
    fit = fit_cox(time, flag, design.matrix, design.names)
    return fit, fit.aic


def _null(time: Floats, flag: Flags) -> float:
    return RiskSets(time, flag, np.zeros((time.size, 1)), "efron").log_likelihood(np.zeros(1))
