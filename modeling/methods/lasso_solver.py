"""A path of the LASSO: falling penalties, each solved by Newton steps and coordinate descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from modeling.methods.lasso_kernels import breslow, descend
from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

PATH_LENGTH = 100
PATH_RATIO = 1e-4
LEAST_STEPS = 5  # glmnet's ends of a path: at least this long,
LEAST_GAIN = 1e-5  # logistic: the last step explains less than this much more deviance,
LEAST_SHARE = 1e-3  # Cox: the last four steps add less than this share,
MOST_DEVIANCE = 0.999  # both: everything is explained
PRECISION = 1e-9  # of a Newton step, in the metric of the curvature
SHORTEST = 1e-12  # of a step that is halved
MOST_STEPS = 100  # of Newton, per penalty
MOST_SWEEPS = 100_000  # over the columns, in a whole path: glmnet's maxit


@dataclass(frozen=True)
class LassoPath:
    """Coefficients on the columns' own scale for a falling penalty, shape (steps, columns).

    A notice says when the path ends because its next penalty did not converge.
    """

    names: tuple[str, ...]
    penalty: Floats
    intercept: Floats
    coefficients: Floats
    deviance_ratio: Floats
    notices: tuple[Notice, ...] = ()

    def coefficients_at(self, penalty: ArrayLike) -> tuple[Floats, Floats]:
        """Intercepts and coefficients at any penalties, straight between the path's."""
        wanted, known = np.asarray(penalty, dtype=float), self.penalty[::-1]
        between = [np.interp(wanted, known, column[::-1]) for column in self.coefficients.T]
        return np.interp(wanted, known, self.intercept[::-1]), np.array(between).T


class _Loss(Protocol):
    n: int
    x: Floats

    def evaluate(self, intercept: float, beta: Floats) -> tuple[float, Floats, Floats]: ...

    def null(self) -> tuple[float, Floats]: ...

    saturated: float
    has_intercept: bool


class CoxLoss:
    """Minus the log partial likelihood (Breslow ties)."""

    has_intercept = False

    def __init__(self, time: Floats, event: Flags, x: Floats):
        order = np.argsort(-time, kind="stable")
        ordered = time[order]
        self.n, self.x = time.size, np.ascontiguousarray(x[order])
        self._event = event[order]
        self._last = np.r_[ordered[1:] != ordered[:-1], True]
        deaths = np.unique(time[event], return_counts=True)[1]
        self.saturated = float((deaths * np.log(deaths)).sum())

    def value(self, beta: Floats) -> float:
        return self.evaluate(0.0, beta)[0]

    def evaluate(self, intercept: float, beta: Floats) -> tuple[float, Floats, Floats]:
        gradient, hessian = np.zeros(beta.size), np.zeros((beta.size, beta.size))
        own = np.ascontiguousarray(beta)
        value = breslow(self.x, self._event, self._last, own, gradient, hessian)
        return value, gradient, hessian

    def null(self) -> tuple[float, Floats]:
        return 0.0, np.zeros(self.x.shape[1])


class LogisticLoss:
    """Minus the log likelihood; an intercept stands first in gradient and Hessian."""

    has_intercept, saturated = True, 0.0

    def __init__(self, outcome: Flags, x: Floats):
        self.n, self.x, self._y = outcome.size, x, outcome.astype(float)
        self._wide = np.column_stack([np.ones(self.n), x])

    def evaluate(self, intercept: float, beta: Floats) -> tuple[float, Floats, Floats]:
        eta = intercept + self.x @ beta
        p = expit(eta)
        value = float((np.logaddexp(0, eta) - self._y * eta).sum())
        weighted = self._wide * (p * (1 - p))[:, None]
        return value, self._wide.T @ (p - self._y), self._wide.T @ weighted

    def null(self) -> tuple[float, Floats]:
        share = self._y.mean()
        return float(np.log(share / (1 - share))), np.zeros(self.x.shape[1])


def solve_path(
    make: Callable[[Floats], _Loss], columns: Floats, names: tuple[str, ...]
) -> LassoPath:
    """Coefficients at each of a hundred falling penalties, as far as they converge."""
    center, scale = columns.mean(axis=0), columns.std(axis=0)
    moving = scale > 0
    scale = np.where(moving, scale, 1.0)
    loss = make((columns - center) / scale)
    intercept, beta = loss.null()
    null, gradient, _ = loss.evaluate(intercept, beta)
    largest = np.abs(gradient[int(loss.has_intercept) :]).max() / loss.n
    if not largest > 1e-12:
        raise refuse(
            "LASSO",
            say("no column that is related to the outcome"),
            "one at least",
            "Offer other candidates.",
        )
    penalties = largest * PATH_RATIO ** (np.arange(PATH_LENGTH) / (PATH_LENGTH - 1))
    steps: list[tuple[float, float, Floats, float]] = []
    null_deviance, left = null - loss.saturated, MOST_SWEEPS
    notices: tuple[Notice, ...] = ()
    for penalty in penalties:
        found = _solve(loss, penalty, intercept, beta, left)
        if found is None:
            notices = (_not_converged(penalty, len(steps)),)
            break
        value, intercept, beta, left = found
        steps.append((penalty, intercept, beta, (null - value) / null_deviance))
        if _path_ends([step[3] for step in steps], loss.has_intercept):
            break
    scaled = np.array([step[2] for step in steps]) / scale
    shift = np.array([step[1] for step in steps]) - scaled @ center * loss.has_intercept
    ratio = np.array([step[3] for step in steps])
    return LassoPath(names, penalties[: len(steps)], shift, scaled, ratio, notices)


def _not_converged(penalty: float, steps: int) -> Notice:
    text = say("LASSO: the path ends after {steps} of {most} penalties; at {penalty} its "
               "coefficients do not converge within {sweeps} sweeps, as where columns tell the "
               "outcome of every row", steps=steps, most=PATH_LENGTH, penalty=f"{penalty:.3g}",
               sweeps=f"{MOST_SWEEPS:,}")  # fmt: skip
    return Notice("lasso_not_converged", text)


def _path_ends(ratio: list[float], logistic: bool) -> bool:
    if len(ratio) < LEAST_STEPS:
        return False
    if logistic:
        idle = ratio[-1] - ratio[-2] < LEAST_GAIN
    else:
        idle = ratio[-1] - ratio[-LEAST_STEPS] < LEAST_SHARE * ratio[-1]
    return idle or ratio[-1] > MOST_DEVIANCE


def _solve(
    loss: _Loss, penalty: float, intercept: float, beta: Floats, left: int
) -> tuple[float, float, Floats, int] | None:
    """Newton steps on the smooth part, each with its penalty solved by coordinate descent.

    The value, intercept, coefficients and sweeps left; None where it did not converge.
    """
    first = int(loss.has_intercept)
    point: Floats = np.r_[np.full(first, intercept), beta]
    weight = np.r_[np.zeros(first), np.full(beta.size, penalty)]
    value, gradient, hessian = loss.evaluate(intercept, beta)
    for _ in range(MOST_STEPS):
        goal, sweeps = descend(hessian / loss.n, gradient / loss.n, weight, point, left)
        left -= sweeps
        step = _backtrack(loss, first, weight, point, goal, value) if left > 0 else None
        if step is None:
            return None
        change = step[0] - point
        point, value, gradient, hessian = step
        done = change @ hessian @ change < PRECISION**2 * loss.n
        if done:
            return value, float(point[0]) if first else 0.0, point[first:], left
    return None


def _backtrack(
    loss: _Loss, first: int, weight: Floats, point: Floats, goal: Floats, value: float
) -> tuple[Floats, float, Floats, Floats] | None:
    """The step, halved until the penalised loss falls; None where none from here is finite."""
    before = value / loss.n + weight @ np.abs(point)
    length = 1.0
    while length >= SHORTEST:
        trial: Floats = goal if length == 1.0 else point + length * (goal - point)
        found = loss.evaluate(float(trial[0]) if first else 0.0, trial[first:])
        after = found[0] / loss.n + weight @ np.abs(trial)
        whole = np.isfinite(found[2]).all() and np.isfinite(found[1]).all()
        if whole and (after <= before + 1e-12 * abs(before) or length < 1e-6):
            return trial, *found
        length /= 2
    return None
