"""The Cox model by Firth's penalised partial likelihood: finite where a column separates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import chi2

from modeling.methods.covariates import check_columns, check_estimable
from modeling.methods.cox import CoxFit, chi_squared_test, few_events
from modeling.methods.risk_sets import StratifiedRiskSets, Ties
from modeling.methods.survival_table import Floats, check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say

MOST_STEPS, LONGEST_STEP = 500, 2.0  # a step in SDs of a column
QUICK_STEPS, NEAR = 12, 1e-5  # after so many the penalty's own curvature is taken, by differences
STOP, STUCK = 1e-9, 1e-5  # of the largest step, likewise: taken, and wanted
FARTHEST = 12.0  # standard errors: where a profile interval is given up


@dataclass(frozen=True, kw_only=True)
class FirthCoxFit(CoxFit):
    """As a Cox model, with the penalised likelihood; intervals and p are the profile's.

    ``log_likelihood`` is penalised by half the log determinant of the information, at zero and at
    the maximum. Wald's interval and p, which are poor here, stay those of :class:`CoxFit`.
    """

    likelihood: PenalisedLikelihood

    def profile_interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Where twice the penalised log likelihood has fallen by the chi-squared quantile.

        NaN at an end where it never falls so far.
        """
        drop = float(chi2.ppf(level, 1)) / 2
        ends = [[self._end(j, side, drop) for side in (-1, 1)] for j in range(len(self.names))]
        return np.array([e[0] for e in ends]), np.array([e[1] for e in ends])

    def likelihood_ratio_p(self) -> Floats:
        """p per coefficient from the penalised likelihood with it held at zero."""
        held = [self._held(j, 0.0, self._beta)[0] for j in range(len(self.names))]
        gaps = 2 * (self._top - np.array(held))
        return np.asarray(chi2.sf(np.maximum(gaps, 0.0), 1))

    @property
    def plain_log_likelihood(self) -> tuple[float, float]:
        """Of no effect and of these coefficients, without the penalty."""
        sets = self.likelihood.sets
        return sets.evaluate(np.zeros(self._beta.size))[0], sets.evaluate(self._beta)[0]

    @property
    def _beta(self) -> Floats:
        return self.coefficients * self.likelihood.scale

    @property
    def _top(self) -> float:
        return self.likelihood.at(self._beta).value

    def _held(self, j: int, value: float, start: Floats) -> tuple[float, Floats]:
        free = np.arange(start.size) != j
        beta = start.copy()
        beta[j] = value
        beta, height, _ = self.likelihood.maximise(beta, free)
        return height, beta

    def _end(self, j: int, side: int, drop: float) -> float:
        scale = float(self.likelihood.scale[j])
        center, error = self._beta[j], float(self.std_error[j]) * scale
        target, last = self._top - drop, self._beta

        def height(value: float) -> float:
            nonlocal last
            found, last = self._held(j, value, last)
            return found - target

        inner, outer = center, center + side * 2 * error
        while height(outer) > 0:
            inner, outer = outer, outer + side * 2 * error
            if abs(outer - center) > FARTHEST * error:
                return float("nan")
        try:
            end = brentq(height, inner, outer, xtol=1e-9 * max(1.0, error))
        except ValueError as unlike:  # asked again from elsewhere, another height is found
            raise refuse(
                say("Cox model, Firth's likelihood"),
                say("a profile with more than one top for {column}", column=self.names[j]),
                "one maximum",
                "Leave out columns with very rare levels.",
            ) from unlike
        return float(end) / scale


class Sums(Protocol):
    """What the likelihood asks of the rows: :class:`StratifiedRiskSets`, or compiled ones."""

    def evaluate(self, beta: Floats) -> tuple[float, Floats, Floats]: ...

    def log_determinant_slope(self, beta: Floats, inverse: Floats) -> Floats: ...


class Place(NamedTuple):
    """The penalised value, the information with its inverse, and the score without penalty."""

    value: float
    information: Floats
    inverse: Floats
    plain_score: Floats


class PenalisedLikelihood:
    """Of columns scaled to SD 1; a coefficient here is the model's times ``scale``."""

    def __init__(self, sets: Sums, scale: Floats):
        self.sets, self.scale = sets, scale

    def at(self, beta: Floats) -> Place:
        """What is known at ``beta``; minus infinity where the information has no inverse."""
        value, score, information = self.sets.evaluate(beta)
        sign, size = np.linalg.slogdet(information) if np.isfinite(information).all() else (0, 0)
        if not sign > 0:
            return Place(-np.inf, information, information, score)
        return Place(value + 0.5 * float(size), information, np.linalg.inv(information), score)

    def score(self, beta: Floats, place: Place) -> Floats:
        """Of the penalised likelihood at ``beta``, whose ``place`` this is."""
        return place.plain_score + 0.5 * self.sets.log_determinant_slope(beta, place.inverse)

    def maximise(self, start: Floats, free: np.ndarray) -> tuple[Floats, float, int]:
        """Newton's steps over the ``free`` coefficients, halved until the likelihood rises."""
        beta, here = start, self.at(start)
        for step in range(1, MOST_STEPS + 1):
            if not free.any():
                return beta, here.value, step
            score = self.score(beta, here)
            curve = here.information
            if step > QUICK_STEPS:
                curve = self.curvature(beta, score, curve)
            move = np.zeros(beta.size)
            move[free] = np.linalg.solve(curve[np.ix_(free, free)], score[free])
            wanted = float(np.abs(move).max())
            move *= min(1.0, LONGEST_STEP / max(wanted, 1e-300))
            found = self.at(beta + move)
            enough = here.value - 1e-11 * abs(here.value)
            while not found.value >= enough and np.abs(move).max() > STOP:
                move = move / 2
                found = self.at(beta + move)
            if found.value > -np.inf:
                beta, here = beta + move, found
            if np.abs(move).max() < STOP * (1 + np.abs(beta).max()):
                if wanted > STUCK * (1 + np.abs(beta).max()):
                    break  # it would go on, where its sums are no longer numbers
                return beta, here.value, step
        raise refuse(
            say("Cox model, Firth's likelihood"),
            say("no maximum after {limit} steps", limit=MOST_STEPS),
            "a finite maximum",
            "Leave out columns with very rare levels.",
        )

    def curvature(self, beta: Floats, score: Floats, information: Floats) -> Floats:
        """Of the penalised likelihood, by differences of its score; the information where it is
        not that of a maximum. The information alone takes many steps where columns are many.
        """
        columns = []
        for j in range(beta.size):
            near = beta.copy()
            near[j] += NEAR
            columns.append((score - self.score(near, self.at(near))) / NEAR)
        found = np.array(columns)
        found = (found + found.T) / 2
        whole = np.isfinite(found).all() and np.linalg.eigvalsh(found)[0] > 0
        return found if whole else information


def fit_firth_cox(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
) -> FirthCoxFit:
    """Log hazard ratios by Firth's penalised partial likelihood.

    Parameters
    ----------
    duration, event, x, names, ties, strata
        As in :func:`modeling.methods.cox.fit_cox`; a column may separate events from the rest.

    Raises
    ------
    DataProblem
        Without events; with missing values, constant or collinear columns, or as many columns as
        events.

    Notes
    -----
    Maximises log L(β) + ½·log det I(β). Take :meth:`FirthCoxFit.profile_interval` and
    :meth:`FirthCoxFit.likelihood_ratio_p`: the likelihood is far from a parabola where a level
    has no events.

    References
    ----------
    Firth, Biometrika 1993;80:27. Heinze, Schemper, Biometrics 2001;57:114. Compared with R
    survival::coxph's likelihood and information, maximised there, and with tables by hand.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    columns, labels = check_columns(x, names, time.size)
    check_estimable(columns, labels, int(flag.sum()))
    center, scale = columns.mean(axis=0), columns.std(axis=0)
    groups = None if strata is None else np.asarray(strata).astype(str)
    scaled = StratifiedRiskSets(time, flag, (columns - center) / scale, ties, groups)
    likelihood = PenalisedLikelihood(scaled, scale)
    zero = np.zeros(scale.size)
    beta, value, steps = likelihood.maximise(zero, np.ones(scale.size, dtype=bool))
    null, top = likelihood.at(zero), likelihood.at(beta)
    score, own_scale = likelihood.score(zero, null), float(np.log(scale).sum())
    return FirthCoxFit(
        names=labels,
        coefficients=beta / scale,
        covariance=top.inverse / np.outer(scale, scale),
        center=center,
        ties=ties,
        n=time.size,
        n_events=int(flag.sum()),
        log_likelihood=(null.value + own_scale, value + own_scale),
        likelihood_ratio=chi_squared_test(2 * (value - null.value), scale.size),
        wald=chi_squared_test(float(beta @ top.information @ beta), scale.size),
        score=chi_squared_test(float(score @ null.inverse @ score), scale.size),
        baselines=StratifiedRiskSets(
            time, flag, columns - center, ties, groups
        ).baselines(beta / scale),
        strata=scaled.names if len(scaled.parts) > 1 else ("",),
        iterations=steps,
        notices=few_events(int(flag.sum()), scale.size),
        likelihood=likelihood,
    )  # fmt: skip
