"""Is a numeric effect straight: restricted cubic spline against a line, and the curve itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.chi_squared import ChiSquaredTest, chi_squared_test
from modeling.methods.cox import fit_cox
from modeling.methods.design_matrix import Term, apply_design
from modeling.methods.splines import place_knots, spline_basis
from modeling.methods.survival_table import Floats, check_survival
from studies.methods.problems import DataProblem

GRID = 60
KNOTS = 3  # four need more events than these models have


@dataclass(frozen=True)
class SplineEffect:
    """Log hazard ratio of a variable against its median, others held, with its interval.

    ``curvature``: likelihood ratio of the bends given the line.
    """

    name: str
    knots: tuple[float, ...]
    curvature: ChiSquaredTest
    grid: Floats
    log_ratio: Floats
    lower: Floats
    upper: Floats


def estimate_spline_effects(
    duration: ArrayLike, event: ArrayLike, table: pd.DataFrame, terms: Sequence[Term]
) -> tuple[SplineEffect, ...]:
    """Per numeric term of a Cox model: its effect as a spline in the model of all terms.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    table : DataFrame, (n rows)
        Complete cases of the terms.
    terms : sequence of Term
        Of the model; factors and terms that are splines already are left as they are. A variable
        with too few distinct values for a spline has none.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2015, 2.4. Compared with R rms (rcs, lrtest).
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    straight = fit_cox(time, flag, *_columns(table, terms))
    found = []
    for k, term in enumerate(terms):
        if term.levels or term.knots:
            continue
        try:
            knots = place_knots(table[term.name].to_numpy(float), KNOTS)
            bent = [*terms[:k], replace(term, knots=knots), *terms[k + 1 :]]
            matrix, names = _columns(table, bent)
            fit = fit_cox(time, flag, matrix, names)
        except DataProblem:  # few distinct values, or no room for a bend
            continue
        gain = max(0.0, 2 * (fit.log_likelihood[1] - straight.log_likelihood[1]))
        freedom = len(knots) - 2
        test = chi_squared_test(gain, freedom)
        at = [names.index(name) for name in bent[k].columns]
        values = table[term.name].to_numpy(float)
        found.append(_curve(term.name, knots, test, values, fit.coefficients[at],
                            fit.covariance[np.ix_(at, at)]))  # fmt: skip
    return tuple(found)


def _columns(table: pd.DataFrame, terms: Sequence[Term]) -> tuple[Floats, tuple[str, ...]]:
    design = apply_design(table, terms)
    return design.matrix, design.names


def _curve(
    name: str,
    knots: tuple[float, ...],
    test: ChiSquaredTest,
    values: Floats,
    effects: Floats,
    covariance: Floats,
) -> SplineEffect:
    """Between the first and last twentieth of the patients' values."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    grid = np.linspace(low, high, GRID)
    away = spline_basis(grid, knots) - spline_basis(np.array([middle]), knots)
    ratio = away @ effects
    half = norm.ppf(0.975) * np.sqrt(np.einsum("ij,jk,ik->i", away, covariance, away))
    return SplineEffect(name, knots, test, grid, ratio, ratio - half, ratio + half)
