"""Regression tables as papers print them: terms alone and together, events per level, exact p."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from modeling.methods.chi_squared import ChiSquaredTest, chi_squared_test
from modeling.methods.cox import fit_cox
from modeling.methods.cox_fit import CoxFit
from modeling.methods.design_matrix import Term, apply_design, as_level
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.logistic import LogisticFit, Penalty, fit_logistic
from modeling.methods.risk_sets import RiskSets
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import DataProblem, Problem

Fitted = tuple[tuple[str, ...], Floats, Floats, Floats, Floats, float]
Fit = Callable[[Sequence[Term]], Fitted]
Tests = dict[str, tuple[ChiSquaredTest | None, ChiSquaredTest | None]]


@dataclass(frozen=True)
class Effect:
    """A hazard or odds ratio with its interval and Wald p; None where it was not estimable."""

    ratio: float | None
    lower: float | None
    upper: float | None
    p_value: float | None


@dataclass(frozen=True)
class Line:
    """One coefficient, or the reference level of a factor (``reference``, no effect)."""

    term: str
    level: str
    n: int
    events: int
    reference: bool
    alone: Effect | None
    together: Effect | None


@dataclass(frozen=True)
class RegressionTable:
    """``term_tests`` holds, per term, the likelihood-ratio test alone and given the others.

    ``problems`` says why a term alone, or all together, could not be estimated.
    """

    kind: str
    n: int
    events: int
    lines: tuple[Line, ...]
    term_tests: Tests
    problems: tuple[Problem, ...]


def tabulate_cox(
    duration: ArrayLike,
    event: ArrayLike,
    table: pd.DataFrame,
    terms: Sequence[Term],
    penalty: Penalty = "none",
    together: bool = True,
) -> RegressionTable:
    """Hazard ratios of each term alone (univariable) and of all together (multivariable).

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    table : DataFrame, (n rows)
        Complete cases of the terms.
    terms : sequence of Term
    penalty : {"none", "firth"}
        Wald intervals and p without; with Firth's, which stays finite under separation, those
        of the penalised profile likelihood.
    together : bool
        Whether the multivariable model is fitted.

    Raises
    ------
    DataProblem
        On impossible follow-up or values; what cannot be estimated is listed in ``problems``.

    References
    ----------
    Compared with R survival::coxph and drop1.
    """
    time, flag = check_survival(duration, event, minimum_events=1)

    def fit(chosen: Sequence[Term]) -> Fitted:
        if not chosen:
            empty = np.empty(0)
            null = RiskSets(time, flag, np.zeros((time.size, 1)), "efron")
            return (), empty, empty, empty, empty, null.log_likelihood(np.zeros(1))
        design = apply_design(table, chosen)
        fitted = fit_firth_cox if penalty == "firth" else fit_cox
        return _told(fitted(time, flag, design.matrix, design.names))

    tested = penalty == "none"
    return _tabulate("cox", flag, table, terms, fit, tested=tested, together=together)


def tabulate_logistic(
    outcome: ArrayLike,
    table: pd.DataFrame,
    terms: Sequence[Term],
    penalty: Penalty = "none",
    together: bool = True,
) -> RegressionTable:
    """Odds ratios of each term alone and of all together.

    Parameters
    ----------
    outcome : array, shape (n,)
        1 where it happened.
    table, terms
        As in :func:`tabulate_cox`.
    penalty : {"none", "firth"}
        Wald intervals and p without; with Firth's, which stays finite under separation, those
        of the penalised profile likelihood.
    together : bool
        Whether the multivariable model is fitted.

    References
    ----------
    Compared with R glm and drop1. Heinze, Schemper, Stat Med 2002;21:2409.
    """
    y = np.asarray(outcome, dtype=float) == 1

    def fit(chosen: Sequence[Term]) -> Fitted:
        if not chosen:
            share, empty = y.mean(), np.empty(0)
            null = float(y.sum() * np.log(share) + (~y).sum() * np.log1p(-share))
            return (), empty, empty, empty, empty, null
        design = apply_design(table, chosen)
        return _told(fit_logistic(outcome, design.matrix, design.names, penalty))

    tested = penalty == "none"
    return _tabulate("logistic", y, table, terms, fit, tested=tested, together=together)


def _told(fit: CoxFit | LogisticFit) -> Fitted:
    first = int(isinstance(fit, LogisticFit))  # the intercept is no line of the table
    parts = (fit.coefficients, *fit.interval_and_p())
    a, b, c, d = (part[first:] for part in parts)
    return fit.names[first:], a, b, c, d, fit.log_likelihood[1]


def _tabulate(
    kind: str,
    events: Flags,
    table: pd.DataFrame,
    terms: Sequence[Term],
    fit: Fit,
    *,
    tested: bool,
    together: bool,
) -> RegressionTable:
    """Not ``tested``: penalised likelihoods of different terms are not comparable."""
    problems: list[Problem] = []
    whole = _try(fit, terms, problems) if together else None
    alone = {term.name: _try(fit, [term], problems) for term in terms}
    tests: Tests = {term.name: (None, None) for term in terms}
    if tested:
        tests = _tests(terms, fit, whole, alone)
    lines = [line for term in terms
             for line in _lines(term, table, events, alone[term.name], whole)]  # fmt: skip
    return RegressionTable(
        kind, events.size, int(events.sum()), tuple(lines), tests, tuple(dict.fromkeys(problems))
    )


def _tests(
    terms: Sequence[Term], fit: Fit, whole: Fitted | None, alone: dict[str, Fitted | None]
) -> Tests:
    null, tests = fit([])[5], {}
    for term in terms:
        less = _try(fit, [other for other in terms if other is not term], []) if whole else None
        freedom, mine = len(term.columns), alone[term.name]
        tests[term.name] = (
            _ratio_test(mine[5] - null, freedom) if mine else None,
            _ratio_test(whole[5] - less[5], freedom) if whole and less else None,
        )
    return tests


def _try(fit: Fit, terms: Sequence[Term], problems: list[Problem]) -> Fitted | None:
    try:
        return fit(terms)
    except DataProblem as refusal:
        problems += refusal.problems
        return None


def _ratio_test(gain: float, freedom: int) -> ChiSquaredTest:
    statistic = max(0.0, 2 * gain)
    return chi_squared_test(statistic, freedom)


def _lines(
    term: Term, table: pd.DataFrame, events: Flags, alone: Fitted | None, whole: Fitted | None
) -> list[Line]:
    if not term.levels:
        return [
            Line(term.name, "", events.size, int(events.sum()), False,
                 _effect(alone, column), _effect(whole, column))
            for column in term.columns
        ]  # fmt: skip
    text = table[term.name].map(as_level).to_numpy(dtype=object)
    lines = []
    for k, level in enumerate(term.levels):
        here = text == level
        column = term.columns[k - 1] if k else ""
        lines.append(
            Line(term.name, level, int(here.sum()), int(events[here].sum()), k == 0,
                 _effect(alone, column) if k else None, _effect(whole, column) if k else None)
        )  # fmt: skip
    return lines


def _effect(fitted: Fitted | None, column: str) -> Effect:
    if fitted is None:
        return Effect(None, None, None, None)
    names, value, low, high, p, _ = fitted
    k = names.index(column)
    with np.errstate(over="ignore"):  # per unit of a very small one: beyond numbers
        ratio, lower, upper = (float(np.exp(part[k])) for part in (value, low, high))
    return Effect(ratio, lower, upper, float(p[k]))
