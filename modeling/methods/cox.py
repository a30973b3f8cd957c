"""Proportional hazards: the Cox model with Efron or Breslow ties, strata, weights and offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.chi_squared import chi_squared_test
from modeling.methods.covariates import check_columns, check_estimable, own_spread
from modeling.methods.cox_fit import CoxFit
from modeling.methods.risk_sets import StratifiedRiskSets, Ties
from modeling.methods.survival_table import Floats, check_survival
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

RELATIVE_STOP = 1e-9
# Of what a column has of its own, beside the others: |coefficient| × SD (a hazard ratio of
# 3 million per SD) and standard error × SD (about 1/√events in an honest fit).
LARGEST_EFFECT, LARGEST_ERROR = 15.0, 10.0


def fit_cox(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> CoxFit:
    """Log hazard ratios by maximum partial likelihood, with baseline hazard.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, zero or more, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    x : array, shape (n, p)
        Covariates without gaps; factors already as indicator columns.
    names : sequence of str
        Column names, for messages and results.
    ties : {"efron", "breslow"}
        How events at the same time share their risk set.
    strata : array of labels, shape (n,), or None
        Groups with baselines of their own and common effects.
    weights : array, shape (n,), or None
        How many patients a row stands for, above zero. Standard errors are the model's own; for
        sampling weights take :func:`modeling.methods.cox_residuals.robust_covariance`.
    offset : array, shape (n,), or None
        Part of the linear predictor that is known.

    Raises
    ------
    DataProblem
        Without events; with missing values, constant or collinear columns, as many columns as
        events, or a column that separates events from non-events (each is named).

    Notes
    -----
    Newton steps until the log likelihood changes by less than 1e-9 of itself, then one more.
    The baseline is H0(t) = Σ over event times of Σ_{k<d} 1/(S − (k/d)·T), with S the sum of
    exp(lp) at risk and T the same over the d that fail there (k = 0 throughout for Breslow).

    References
    ----------
    Cox 1972; Efron, J Am Stat Assoc 1977;72:557. Compared with R survival::coxph.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    columns, labels = check_columns(x, names, time.size)
    check_estimable(columns, labels, int(flag.sum()))
    case, known = check_weights(weights, offset, time.size)
    center = columns.mean(axis=0) if case is None else np.average(columns, axis=0, weights=case)
    groups = None if strata is None else np.asarray(strata).astype(str)
    risk_sets = StratifiedRiskSets(time, flag, columns - center, ties, groups, case, known)
    found = _maximise(risk_sets, own_spread(columns), labels)
    return _as_fit(found, risk_sets, labels, center, ties, int(flag.sum()))


def check_weights(
    weights: ArrayLike | None, offset: ArrayLike | None, rows: int
) -> tuple[Floats | None, Floats | None]:
    """Case weights above zero and a finite offset, or refused; None stays None.

    Parameters
    ----------
    weights, offset : arrays, shape (rows,), or None
    rows : int
    """
    problems, found = [], []
    for what, values, least in (("Weights", weights, 0.0), ("Offset", offset, -np.inf)):
        numbers = None if values is None else np.asarray(values, dtype=float)
        found.append(numbers)
        if numbers is None:
            continue
        if numbers.shape != (rows,) or not (np.isfinite(numbers) & (numbers > least)).all():
            problems.append(
                Problem(
                    what,
                    say("shape {shape}, or a value missing or too small", shape=numbers.shape),
                    say("{rows} numbers{value}", rows=rows, value=" above 0" if least == 0 else ""),
                    "Leave rows without one out.",
                )
            )
    if problems:
        raise DataProblem(problems)
    return found[0], found[1]


@dataclass(frozen=True)
class _Maximum:
    beta: Floats
    null: tuple[float, Floats, Floats]
    value: float
    information: Floats
    iterations: int


def _maximise(
    sets: StratifiedRiskSets, scale: Floats, names: tuple[str, ...], limit: int = 60
) -> _Maximum:
    beta: Floats = np.zeros(len(names))
    null = value, score, information = sets.evaluate(beta)
    settled = False
    for iteration in range(1, limit + 1):
        beta, (new, score, information) = _step(sets, beta, value, score, information)
        _refuse_separation(np.abs(beta) * scale / LARGEST_EFFECT, names)
        if settled:
            spread = np.sqrt(np.abs(np.diag(np.linalg.pinv(information))))
            _refuse_separation(spread * scale / LARGEST_ERROR, names)
            return _Maximum(beta, null, new, information, iteration)
        settled = abs(new - value) <= RELATIVE_STOP * max(abs(new), 1e-12)
        value = new
    raise refuse(
        say("Cox model"),
        say("no maximum after {limit} steps", limit=limit),
        "a finite maximum",
        "Leave out columns with very rare levels.",
    )


def _step(
    sets: StratifiedRiskSets, beta: Floats, value: float, score: Floats, information: Floats
) -> tuple[Floats, tuple[float, Floats, Floats]]:
    move = np.linalg.solve(information, score)
    for _ in range(30):
        found = sets.evaluate(beta + move)
        whole = np.isfinite(found[0]) and np.isfinite(found[2]).all()
        if whole and found[0] >= value - 1e-10 * abs(value):
            return beta + move, found
        move = move / 2
    return beta, (value, score, information)


def _refuse_separation(size: Floats, names: tuple[str, ...]) -> None:
    runaway = [name for name, share in zip(names, size, strict=True) if not share < 1]
    if runaway:
        raise DataProblem(
            [
                Problem(
                    say("Covariates"),
                    say(
                        "no finite coefficient: alone or beside the other columns it tells who "
                        "has the event sooner (separation)"
                    ),
                    "events at every level, and enough of them for the columns",
                    "Join rare levels, leave this column out, or ask for Firth's penalised "
                    "likelihood (fit_firth_cox).",
                    column=name,
                )
                for name in runaway
            ]
        )


def _as_fit(
    found: _Maximum,
    sets: StratifiedRiskSets,
    names: tuple[str, ...],
    center: Floats,
    ties: Ties,
    events: int,
) -> CoxFit:
    null_value, null_score, null_information = found.null
    beta, freedom = found.beta, found.beta.size
    return CoxFit(
        names=names,
        coefficients=beta,
        covariance=np.linalg.inv(found.information),
        center=center,
        ties=ties,
        n=sets.n,
        n_events=events,
        log_likelihood=(null_value, found.value),
        likelihood_ratio=chi_squared_test(2 * (found.value - null_value), freedom),
        wald=chi_squared_test(float(beta @ found.information @ beta), freedom),
        score=chi_squared_test(
            float(null_score @ np.linalg.solve(null_information, null_score)), freedom
        ),
        baselines=sets.baselines(beta),
        strata=sets.names if len(sets.parts) > 1 else ("",),
        iterations=found.iterations,
        notices=few_events(events, freedom),
    )


def few_events(events: int, columns: int) -> tuple[Notice, ...]:
    """A notice below ten events per column."""
    if events >= 10 * columns:
        return ()
    text = say(
        "{events} events for {columns} columns ({each:.1f} per column): overfitting is likely",
        events=events,
        columns=columns,
        each=events / columns,
    )
    return (Notice("few_events_per_column", text),)
