"""Firth's penalised likelihood of a Cox model, and the climb to its maximum."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from modeling.methods.survival_table import Floats
from studies.methods.problems import refuse
from studies.methods.wording import say

MOST_STEPS, LONGEST_STEP = 500, 2.0  # a step in SDs of a column
QUICK_STEPS, NEAR = 12, 1e-5  # after so many the penalty's own curvature is taken, by differences
STOP, STUCK = 1e-9, 1e-5  # of the largest step, likewise: taken, and wanted
FLATTEST = 1e-4  # of the steepest way: how little a way may bend and still be followed


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
            if not np.isfinite(here.value):
                break
            score = self.score(beta, here)
            curve = here.information[np.ix_(free, free)]
            if step > QUICK_STEPS:
                curve = self.curvature(beta, score, free, curve)
            move = np.zeros(beta.size)
            move[free] = np.linalg.solve(curve, score[free])
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

    def curvature(
        self, beta: Floats, score: Floats, free: np.ndarray, information: Floats
    ) -> Floats:
        """Of the penalised likelihood in its ``free`` ways, by differences of its score.

        A way in which it bends upwards is followed as if it bent downwards, so that every step
        climbs; the information, which is whole everywhere, where there are no numbers. The
        information alone takes many steps where columns are many.
        """
        columns = []
        for j in np.flatnonzero(free):
            near = beta.copy()
            near[j] += NEAR
            columns.append((score - self.score(near, self.at(near)))[free] / NEAR)
        found = np.array(columns)
        if not np.isfinite(found).all():
            return information
        bends, ways = np.linalg.eigh((found + found.T) / 2)
        bends = np.maximum(np.abs(bends), FLATTEST * np.abs(bends).max())
        turned: Floats = (ways * bends) @ ways.T
        return turned
