"""Logistic regression: odds ratios with Wald and profile intervals; Firth's for separation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2, norm

from modeling.methods.binary_input import check_outcome
from modeling.methods.chi_squared import ChiSquaredTest, chi_squared_test
from modeling.methods.covariates import check_columns, check_estimable
from modeling.methods.survival_table import Flags, Floats
from modeling.methods.wald import WaldInference
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

Penalty = Literal["none", "firth"]
STOP, MOST_STEPS = 1e-12, 200
LARGEST_EFFECT = 25.0  # |coefficient| × SD of its column
SMALLEST_LOG_DETERMINANT = -500.0
FARTHEST = 12.0  # standard errors: where a profile interval is given up


@dataclass(frozen=True)
class LogisticFit(WaldInference):
    """A fitted logistic regression; the intercept stands first in every array.

    ``log_likelihood`` is (of the intercept alone, of the model); penalised when Firth's.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    n: int
    n_events: int
    log_likelihood: tuple[float, float]
    likelihood_ratio: ChiSquaredTest
    penalty: Penalty
    x: Floats
    outcome: Flags

    @property
    def plain_log_likelihood(self) -> tuple[float, float]:
        """Without the penalty: of the intercept alone, of the model."""
        share, eta = self.n_events / self.n, self.x @ self.coefficients
        null = self.n_events * np.log(share) + (self.n - self.n_events) * np.log1p(-share)
        model = np.where(self.outcome, eta, 0.0).sum() - np.logaddexp(0, eta).sum()
        return float(null), float(model)

    @property
    def wald(self) -> ChiSquaredTest:
        """That all coefficients but the intercept are zero."""
        beta, spread = self.coefficients[1:], self.covariance[1:, 1:]
        statistic = float(beta @ np.linalg.solve(spread, beta))
        return chi_squared_test(statistic, beta.size)

    @property
    def aic(self) -> float:
        return 2 * self.coefficients.size - 2 * self.log_likelihood[1]

    def profile_interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Where twice the (penalised) log likelihood has fallen by the chi-squared quantile.

        NaN at an end where it never falls so far (separation).
        """
        drop = float(chi2.ppf(level, 1)) / 2
        ends = [[self._end_or_nan(j, side, drop) for side in (-1, 1)] for j in self._each()]
        return np.array([e[0] for e in ends]), np.array([e[1] for e in ends])

    def likelihood_ratio_p(self) -> Floats:
        """p per coefficient from the (penalised) likelihood without it."""
        gaps = [2 * (self.log_likelihood[1] - self._constrained(j, 0.0)) for j in self._each()]
        return np.asarray(chi2.sf(np.maximum(gaps, 0.0), 1))

    def interval_and_p(self) -> tuple[Floats, Floats, Floats]:
        """Both ends of the 95 % intervals and p, as a table of coefficients tells them."""
        if self.penalty == "firth":
            return (*self.profile_interval(), self.likelihood_ratio_p())
        return (*self.interval(), self.p_value)

    def linear_predictor(self, x: ArrayLike) -> Floats:
        """Log odds of rows ``x`` (n × columns without the intercept)."""
        return self.coefficients[0] + np.asarray(x, dtype=float) @ self.coefficients[1:]

    def probability(self, x: ArrayLike) -> Floats:
        return np.asarray(expit(self.linear_predictor(x)))

    def probability_interval(
        self, x: ArrayLike, level: float = 0.95
    ) -> tuple[Floats, Floats, Floats]:
        """Probability of rows ``x`` with its interval, Wald's on the log odds."""
        rows = np.asarray(x, dtype=float)
        whole = np.column_stack([np.ones(len(rows)), rows])
        center = whole @ self.coefficients
        half = norm.ppf(0.5 + level / 2) * np.sqrt(
            np.einsum("ij,jk,ik->i", whole, self.covariance, whole)
        )
        return expit(center), expit(center - half), expit(center + half)

    def _each(self) -> range:
        return range(self.coefficients.size)

    def _constrained(self, j: int, value: float) -> float:
        """Highest likelihood with coefficient ``j`` held at ``value``."""
        kept = [k for k in self._each() if k != j]
        offset, start = self.x[:, j] * value, self._near(j, value)[kept]
        return _maximise(self.x[:, kept], self.outcome, self.penalty, offset, start, self.x)[1]

    def _near(self, j: int, value: float) -> Floats:
        """Where to climb from: what is held changes no log odds on average."""
        beta, mean = self.coefficients.copy(), self.x[:, 1:].mean(axis=0)
        if j:
            beta[0] += (beta[j] - value) * mean[j - 1]
        elif mean.any():  # by the columns that are far from 0 beside their spread
            pull = mean / self.x[:, 1:].var(axis=0)
            beta[1:] += (beta[0] - value) * pull / (pull @ mean)
        return beta

    def _end_or_nan(self, j: int, side: int, drop: float) -> float:
        try:
            return self._profile_end(j, side, drop)
        except DataProblem:  # the others have no maximum with this one held so far out
            return float("nan")

    def _profile_end(self, j: int, side: int, drop: float) -> float:
        center, error = self.coefficients[j], self.std_error[j]
        target = self.log_likelihood[1] - drop

        def height(value: float) -> float:
            return self._constrained(j, value) - target

        inner, outer = center, center + side * 2 * error
        while height(outer) > 0:
            inner, outer = outer, outer + side * 2 * error
            if abs(outer - center) > FARTHEST * error:
                return float("nan")
        return float(brentq(height, inner, outer, xtol=1e-10 * max(1.0, error)))


def fit_logistic(
    outcome: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    penalty: Penalty = "none",
) -> LogisticFit:
    """Log odds ratios by maximum likelihood, or by Firth's penalised likelihood.

    Parameters
    ----------
    outcome : array, shape (n,)
        1 where it happened, 0 where not.
    x : array, shape (n, p)
        Covariates without gaps; factors already as indicator columns. An intercept is added.
    names : sequence of str
        A name per column.
    penalty : {"none", "firth"}
        Firth's stays finite where a column separates the classes.

    Raises
    ------
    DataProblem
        One class only, missing values, constant or collinear columns, or (without a penalty) a
        column that separates the classes; each is named.

    References
    ----------
    Firth, Biometrika 1993;80:27. Heinze, Schemper, Stat Med 2002;21:2409. Venzon, Moolgavkar,
    Appl Stat 1988;37:87. Compared with R glm; Firth's with tables worked by hand.
    """
    y = check_outcome(outcome)
    columns, labels = check_columns(x, names, y.size)
    check_estimable(columns, labels, int(min(y.sum(), (~y).sum())))
    whole = np.column_stack([np.ones(y.size), columns])
    if penalty == "none":
        _refuse_separation(whole, y, labels)
    beta, covariance = _fitted(whole, y, penalty)
    value = _value(whole, y, penalty, whole @ beta)[0]
    null = _null(y, penalty, whole)
    ratio = 2 * (value - null)
    return LogisticFit(
        ("(Intercept)", *labels),
        beta,
        covariance,
        y.size,
        int(y.sum()),
        (null, value),
        chi_squared_test(ratio, len(labels)),
        penalty,
        whole,
        y,
    )


def _fitted(whole: Floats, y: Flags, penalty: Penalty) -> tuple[Floats, Floats]:
    """Coefficients and covariance, found with columns of mean 0 and SD 1: a column far from 0
    beside its spread costs no digits."""
    center, scale = whole.mean(axis=0), whole.std(axis=0)
    center[0], scale[0] = 0.0, 1.0
    own = (whole - center) / scale
    nothing = np.zeros(center.size)
    beta, _, information = _maximise(own, y, penalty, np.zeros(y.size), nothing, own)
    back = np.diag(1 / scale)
    back[0, 1:] = -(center / scale)[1:]
    return back @ beta, back @ np.linalg.inv(information) @ back.T


def find_separating_columns(outcome: ArrayLike, x: ArrayLike, names: Sequence[str]) -> list[str]:
    """Columns whose coefficients have no finite maximum (complete or quasi-complete separation).

    Parameters
    ----------
    outcome : array, shape (n,)
    x : array, shape (n, p)
    names : sequence of str

    References
    ----------
    Albert, Anderson, Biometrika 1984;71:1.
    """
    y = check_outcome(outcome)
    columns = np.asarray(x, dtype=float)
    return _separating(np.column_stack([np.ones(y.size), columns]), y, tuple(names))


def _refuse_separation(whole: Floats, y: Flags, names: tuple[str, ...]) -> None:
    found = _separating(whole, y, names)
    if found:
        raise DataProblem(
            [
                Problem(
                    say("Covariates"),
                    say("{name} separates those with the outcome from those without", name=name),
                    "both outcomes over its range or at each level",
                    "Ask for Firth's penalised likelihood, join rare levels or leave it out.",
                    column=name,
                )
                for name in found
            ]
        )


def _separating(whole: Floats, y: Flags, names: tuple[str, ...]) -> list[str]:
    """Coefficients that still grow when the likelihood has all but come to rest."""
    scale = np.r_[1.0, whole[:, 1:].std(axis=0)]
    scaled = whole / np.where(scale > 0, scale, 1.0)
    scaled[:, 1:] -= scaled[:, 1:].mean(axis=0)
    beta = np.zeros(scale.size)
    for _ in range(30):
        mean = expit(scaled @ beta)
        information = scaled.T @ (scaled * (mean * (1 - mean))[:, None])
        if not np.linalg.cond(information) < 1e13:
            break
        move = np.linalg.solve(information, scaled.T @ (y - mean))
        beta = beta + move
        if np.abs(move).max() < 1e-6:
            return []
    size = np.abs(beta[1:])
    grown = size > max(3.0, 0.2 * size.max())
    return [name for name, far in zip(names, grown, strict=True) if far]


def _null(y: Flags, penalty: Penalty, whole: Floats) -> float:
    """The intercept alone; penalised by the information of the whole model (as logistf)."""
    start = np.array([np.log(y.mean() / (1 - y.mean()))])
    return _maximise(whole[:, :1], y, penalty, np.zeros(y.size), start, whole)[1]


def _value(
    whole: Floats, y: Flags, penalty: Penalty, eta: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, penalised by half the log determinant of the whole model's information."""
    mean = expit(eta)
    value = float(np.where(y, eta, 0.0).sum() - np.logaddexp(0, eta).sum())
    weight = mean * (1 - mean)
    target = y - mean
    if penalty == "firth":
        information = whole.T @ (whole * weight[:, None])
        with np.errstate(divide="ignore"):  # a determinant of 0 is refused below
            sign, size = np.linalg.slogdet(information)
        if not (sign > 0 and size > SMALLEST_LOG_DETERMINANT):
            return -np.inf, mean, weight, target  # a step too far: the caller halves it
        value += 0.5 * float(size)
        leverage = weight * np.einsum("ij,ji->i", whole, np.linalg.solve(information, whole.T))
        target = target + leverage * (0.5 - mean)
    return value, mean, weight, target


def _maximise(
    x: Floats, y: Flags, penalty: Penalty, offset: Floats, start: Floats, whole: Floats
) -> tuple[Floats, float, Floats]:
    """Newton's steps, halved until the likelihood no longer falls."""
    beta = start.copy()
    value, _, weight, target = _value(whole, y, penalty, x @ beta + offset)
    for _ in range(MOST_STEPS):
        information = x.T @ (x * weight[:, None])
        if beta.size == 0:
            return beta, value, information
        try:
            move = np.linalg.solve(information, x.T @ target)
        except np.linalg.LinAlgError:  # probabilities of 0 and 1 alone: nothing is left to tell
            break
        for _ in range(40):
            found = _value(whole, y, penalty, x @ (beta + move) + offset)
            if found[0] >= value - 1e-11 * abs(value):
                break
            move = move / 2
        if penalty == "firth":  # its score bends more than the information tells: up to twice
            nearer = _value(whole, y, penalty, x @ (beta + move / 2) + offset)
            gain = nearer[0] - found[0]
            if abs(gain) < 1e-9 * abs(value):  # too little to tell: the smaller score does
                gain = np.abs(x.T @ found[3]).max() - np.abs(x.T @ nearer[3]).max()
            if gain > 0:
                move, found = move / 2, nearer
        beta, value, weight, target = beta + move, found[0], found[2], found[3]
        if np.abs(move).max() < 1e-10 * (1 + np.abs(beta).max()):
            return beta, value, x.T @ (x * weight[:, None])
    raise refuse(
        say("Logistic regression"),
        say("no maximum after {most_steps} steps", most_steps=MOST_STEPS),
        "a finite maximum",
        "Leave out columns with very rare levels.",
    )
