"""The check all binary measures begin with: two classes, a finite score for everyone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say


def check_outcome(outcome: ArrayLike) -> NDArray[np.bool_]:
    """Outcome as booleans, or refused.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1 (False or True).

    Raises
    ------
    DataProblem
        Other values, or one class alone.
    """
    y = np.asarray(outcome, dtype=float)
    if not np.isin(y, (0, 1)).all() or y.min(initial=1) == y.max(initial=0):
        raise refuse(
            say("Outcome"),
            say("the values {value}", value=sorted(set(y.tolist()))[:5]),
            "both 0 and 1",
            "Code the outcome as 0 and 1; both must occur.",
        )
    return y == 1


def check_binary(
    outcome: ArrayLike, score: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Outcome as booleans and score as floats, or the refusal of both.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1 (False or True).
    score : array of shape (n,)
        Finite numbers, higher = more likely 1.

    Raises
    ------
    DataProblem
        Lengths differ, a value is missing, or one class is absent; all at once.
    """
    y, s = np.asarray(outcome, dtype=float), np.asarray(score, dtype=float)
    problems = _shape_problems(y, s) or _value_problems(y, s)
    if problems:
        raise DataProblem(problems)
    return y == 1, s


def check_probability(
    outcome: ArrayLike, probability: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """As ``check_binary``, and every score lies in 0..1.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1.
    probability : array of shape (n,)
        Probability of 1.

    Raises
    ------
    DataProblem
        As ``check_binary``, or a value outside 0..1.
    """
    y, p = check_binary(outcome, probability)
    outside = int(((p < 0) | (p > 1)).sum())
    if outside:
        raise DataProblem(
            [
                Problem(
                    "probability",
                    say("{outside} values outside 0..1", outside=outside),
                    "probabilities in 0..1",
                    "Give the predicted probability, not the linear predictor.",
                )
            ]
        )
    return y, p


def _shape_problems(y: NDArray[np.float64], s: NDArray[np.float64]) -> list[Problem]:
    if y.ndim == 1 and y.shape == s.shape:
        return []
    return [
        Problem(
            say("outcome and score"),
            say("shapes {shape} and {shape_2}", shape=y.shape, shape_2=s.shape),
            "two columns of one length",
            "Give one outcome and one score per patient.",
        )
    ]


def _value_problems(y: NDArray[np.float64], s: NDArray[np.float64]) -> list[Problem]:
    problems = []
    if not np.isin(y, (0.0, 1.0)).all():
        problems.append(
            Problem(
                "outcome",
                say("values other than 0 and 1"),
                "0 or 1 for everyone",
                "Leave out patients without an outcome and list them.",
            )
        )
    elif np.unique(y).size < 2:
        found = "nobody" if y.size == 0 else f"only class {int(y[0])} in {y.size} patients"
        problems.append(
            Problem(
                "outcome", found, "both classes", "Choose a cohort and target in which both occur."
            )
        )
    missing = int((~np.isfinite(s)).sum())
    if missing:
        problems.append(
            Problem(
                "score",
                say("{missing} missing or infinite of {size}", missing=missing, size=s.size),
                "a finite number for everyone",
                "Leave out patients without a prediction and list them.",
            )
        )
    return problems
