"""The profile of Firth's penalised likelihood: a coefficient held, the others at their best."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from modeling.methods.penalised_likelihood import PenalisedLikelihood
from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

STRIDE, FARTHEST = 2.0, 12.0  # standard errors: of a walk outwards, and where it is given up
DRAWN, APART = 4, 3.0  # climbs from afar: how many begin at a draw, and SDs of the draws
HIGHER = 1e-6  # of log likelihood: a profile may not rise so far above the fit


class Held(NamedTuple):
    """Where the others stand at their best, and how high that is."""

    value: float
    height: float
    beta: Floats


class Profile:
    """Around the fit ``top`` (coefficients of columns of SD 1).

    With one coefficient held, the rest may have more than one top (few events and many columns).
    The highest one counts: every point is climbed to from its known neighbours on both sides, and
    an end from afar, too; where that leads higher, the walk goes on from there.
    """

    def __init__(self, likelihood: PenalisedLikelihood, top: Floats):
        self.likelihood, self.top, self.here = likelihood, top, likelihood.at(top)
        spread = np.random.default_rng(0).normal(size=(DRAWN, top.size))
        self.elsewhere = [0 * top, 3 * top, *(top + APART * spread)]

    def fall_at_zero(self, j: int) -> float:
        """From the fit to the highest with coefficient ``j`` at zero, at least 0."""
        return self.here.value - self._from_afar(j, self._held(j, 0.0, (self.top,))).height

    def fall_without(self, columns: Sequence[int]) -> float:
        """From the fit to the highest with all of ``columns`` at zero, at least 0."""
        free = ~np.isin(np.arange(self.top.size), columns)
        heights = []
        for start in (self.top, *self.elsewhere):
            try:
                heights.append(self.likelihood.maximise(np.where(free, start, 0.0), free)[1])
            except DataProblem:  # a climb that ends nowhere says nothing
                continue
        if not heights:
            raise refuse(
                say("Cox model, Firth's likelihood"),
                say("no maximum without these columns"),
                "a finite maximum",
                "Leave columns out or wait for events.",
            )
        return max(0.0, self.here.value - max(heights))

    def end(self, j: int, side: int, drop: float) -> float:
        """Where the profile of ``j`` has fallen by ``drop`` on this ``side`` (-1 or 1).

        NaN when it has not within 12 standard errors.
        """
        error = float(np.sqrt(self.here.inverse[j, j]))
        target, inner = self.here.value - drop, Held(self.top[j], self.here.value, self.top)
        while abs(inner.value - self.top[j]) <= FARTHEST * error:
            outer = self._held(j, inner.value + side * STRIDE * error, (inner.beta,))
            if outer.height <= target:
                inner, outer = self._narrowed(j, inner, outer, target, 1e-9 * max(1.0, error))
                outer = self._from_afar(j, self._held(j, outer.value, (inner.beta,)))
                if outer.height <= target:
                    return outer.value
            inner = outer
        return float("nan")

    def _narrowed(
        self, j: int, inner: Held, outer: Held, target: float, tolerance: float
    ) -> tuple[Held, Held]:
        """The last above ``target`` and the first below it, ``tolerance`` apart or less."""
        known = sorted((inner, outer))

        def gap(value: float) -> float:
            place = bisect(known, value, key=lambda held: held.value)
            if place and known[place - 1].value == value:
                return known[place - 1].height - target
            found = self._held(j, value, [held.beta for held in known[place - 1 : place + 1]])
            known.insert(place, found)
            return found.height - target

        brentq(gap, known[0].value, known[1].value, xtol=tolerance)
        above = [held for held in known if held.height > target]
        below = [held for held in known if held.height <= target]
        inner = max(above, key=lambda held: abs(held.value - self.top[j]))
        return inner, min(below, key=lambda held: abs(held.value - inner.value))

    def _held(self, j: int, value: float, nearby: Sequence[Floats]) -> Held:
        """The highest with ``j`` at ``value`` that climbs from ``nearby`` reach."""
        return self._checked(self._highest(j, value, [self._led(j, value, b) for b in nearby]))

    def _from_afar(self, j: int, held: Held) -> Held:
        """As high as ``held`` or higher, climbed to from elsewhere; a climb that ends nowhere
        says nothing."""
        found = [held]
        for start in self.elsewhere:
            try:
                found.append(self._highest(j, held.value, [start]))
            except DataProblem:
                continue
        return self._checked(max(found, key=lambda one: one.height))

    def _highest(self, j: int, value: float, starts: Sequence[Floats]) -> Held:
        free = np.arange(self.top.size) != j
        at = [np.where(free, start, value) for start in starts]
        climbs = [self.likelihood.maximise(start, free) for start in at]
        beta, height, _ = max(climbs, key=lambda climb: climb[1])
        return Held(value, height, beta)

    def _checked(self, held: Held) -> Held:
        if held.height > self.here.value + HIGHER:
            raise refuse(
                say("Cox model, Firth's likelihood"),
                say("two tops: the higher one lies elsewhere"),
                "one maximum",
                "Leave columns out or wait for events.",
            )
        return held

    def _led(self, j: int, value: float, beta: Floats) -> Floats:
        """``beta`` with ``j`` at ``value``; the others follow as they would on a parabola."""
        inverse = self.likelihood.at(beta).inverse
        led: Floats = beta + (value - beta[j]) * inverse[:, j] / inverse[j, j]
        return led
