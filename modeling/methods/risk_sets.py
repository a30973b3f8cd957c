"""The sums over risk sets behind a Cox model's likelihood, score, information and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.methods.survival_table import Flags, Floats

Ties = Literal["efron", "breslow"]

# A step too far ends in infinity or NaN, and the caller halves it.
_extremes_allowed = np.errstate(over="ignore", divide="ignore", invalid="ignore")


@dataclass(frozen=True)
class Baseline:
    """Cumulative hazard at x = 0 of one stratum, one row per event time, ascending.

    ``variance`` is Σ 1/z² and ``mean`` Σ (mean of x at risk)/z (events × columns): what the
    standard error of a survival probability is made of.
    """

    time: Floats
    cumulative_hazard: Floats
    variance: Floats
    mean: Floats
    last_follow_up: float

    def at(self, times: ArrayLike) -> Floats:
        """Cumulative hazard at ``times``; NaN beyond the last follow-up."""
        moments = np.asarray(times, dtype=float)
        index = np.searchsorted(self.time, moments, side="right")
        hazard = np.append(0.0, self.cumulative_hazard)[index]
        return np.where(moments > self.last_follow_up, np.nan, hazard)


class RiskSets:
    """The risk sets of one stratum.

    Rows are held by descending time, so that a risk set is a prefix. Each event is one term
    k of its block of ties, with f = k/d (Efron) or 0 (Breslow); all sums over risk sets come
    from two scans, and memory stays linear in the rows. With case weights a tied event counts
    the mean weight of its block, as R's coxph has it.
    """

    def __init__(
        self,
        time: Floats,
        event: Flags,
        x: Floats,
        ties: Ties,
        weight: Floats | None = None,
        offset: Floats | None = None,
    ):
        if ties not in ("efron", "breslow"):
            raise ValueError(f"ties are efron or breslow, not {ties!r}")
        order = np.argsort(-time, kind="stable")
        self.time, self.event, self.x = time[order], event[order], x[order]
        self.weight = np.ones(time.size) if weight is None else weight[order]
        self.offset = np.zeros(time.size) if offset is None else offset[order]
        moments, block = np.unique(-self.time, return_inverse=True)
        deaths = np.bincount(block, self.event, moments.size).astype(int)
        self.order, self.block, self.deaths = order, block, deaths
        self.last = np.searchsorted(-self.time, moments, side="right") - 1
        self.term_block = np.repeat(np.arange(moments.size), deaths)
        first = np.repeat(np.cumsum(deaths) - deaths, deaths)
        rank = np.arange(deaths.sum()) - first
        self.fraction = rank / np.repeat(deaths, deaths) if ties == "efron" else np.zeros(rank.size)
        dying = np.bincount(block, self.event * self.weight, moments.size)
        self.term_weight = (dying / np.maximum(deaths, 1))[self.term_block]

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Per block: the sum of ``values`` over those at risk and over those that fail."""
        at_risk = np.cumsum(values, axis=0)[self.last]
        failing = np.zeros((self.deaths.size, *values.shape[1:]))
        np.add.at(failing, self.block[self.event], values[self.event])
        return at_risk, failing

    def _risk(self, beta: Floats) -> tuple[Floats, Floats, float]:
        """Linear predictor, weighted risk and the shift taken from its exponent."""
        lp = self.x @ beta + self.offset
        shift = float(lp.max())
        return lp, self.weight * np.exp(lp - shift), shift

    def _terms(self, risk: Floats) -> Floats:
        s0, d0 = self.sums(risk)
        z: Floats = s0[self.term_block] - self.fraction * d0[self.term_block]
        return z

    def _value(self, lp: Floats, z: Floats, shift: float) -> float:
        own = (self.weight * lp)[self.event].sum()
        return float(own - (self.term_weight * (np.log(z) + shift)).sum())

    @_extremes_allowed
    def log_likelihood(self, beta: Floats) -> float:
        lp, risk, shift = self._risk(beta)
        return self._value(lp, self._terms(risk), shift)

    @_extremes_allowed
    def evaluate(self, beta: Floats, drift: Floats | None = None) -> tuple[float, Floats, Floats]:
        """Log partial likelihood, score and information at ``beta``.

        ``drift`` (one per block) multiplies each event's part of score and information.
        """
        lp, risk, shift = self._risk(beta)
        z = self._terms(risk)
        s1, d1 = self.sums(risk[:, None] * self.x)
        w = np.ones(self.deaths.size) if drift is None else drift
        term = self.term_weight * w[self.term_block]
        pull = risk * self._hazard(z, term)
        score = self.x.T @ (self.event * self.weight * w[self.block] - pull)
        return self._value(lp, z, shift), score, self._information(pull, z, s1, d1, term)

    @_extremes_allowed
    def log_determinant_slope(self, beta: Floats, inverse: Floats) -> Floats:
        """Σ over columns of tr(``inverse``·∂information/∂β): that of log det where it is whole.

        By third moments over each risk set, in sums that stay linear in the rows.
        """
        _, risk, _ = self._risk(beta)
        z = self._terms(risk)
        s1, d1 = self.sums(risk[:, None] * self.x)
        mean = (s1[self.term_block] - self.fraction[:, None] * d1[self.term_block]) / z[:, None]
        size = np.einsum("ij,jk,ik->i", self.x, inverse, self.x)
        at_risk, failing = self.sums(risk * size)
        mean_size = (at_risk[self.term_block] - self.fraction * failing[self.term_block]) / z
        turned = mean @ inverse
        own = (turned * mean).sum(axis=1)
        step, back = np.zeros((2, self.deaths.size, beta.size))
        parts = turned * (self.term_weight / z)[:, None]
        np.add.at(step, self.term_block, parts)
        np.add.at(back, self.term_block, parts * self.fraction[:, None])
        collected = np.cumsum(step[::-1], axis=0)[::-1]
        crossed = collected[self.block] - back[self.block] * self.event[:, None]
        pull = risk * (
            size * self._hazard(z, self.term_weight) - 2 * (self.x * crossed).sum(axis=1)
        )
        slope: Floats = self.x.T @ pull + mean.T @ (self.term_weight * (2 * own - mean_size))
        return slope

    def _hazard(self, z: Floats, term: Floats) -> Floats:
        """Per row: hazard collected up to its time, less the part tied events give back."""
        blocks = self.deaths.size
        step = np.bincount(self.term_block, term / z, blocks).astype(float)
        back = np.bincount(self.term_block, term * self.fraction / z, blocks)
        collected: Floats = np.cumsum(step[::-1])[::-1]
        return collected[self.block] - back[self.block] * self.event

    def _information(self, pull: Floats, z: Floats, s1: Floats, d1: Floats, term: Floats) -> Floats:
        blocks = self.deaths.size
        p, q, r = (
            np.bincount(self.term_block, term * self.fraction**power / z**2, blocks)
            for power in (0, 1, 2)
        )
        cross = (q[:, None] * s1).T @ d1
        outer = (p[:, None] * s1).T @ s1 - cross - cross.T + (r[:, None] * d1).T @ d1
        return (self.x * pull[:, None]).T @ self.x - outer

    def means(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Per event term: the mean of x over its risk set; z and the shift taken from it."""
        _, risk, shift = self._risk(beta)
        s1, d1 = self.sums(risk[:, None] * self.x)
        z = self._terms(risk)
        part = s1[self.term_block] - self.fraction[:, None] * d1[self.term_block]
        return part / z[:, None], z, np.asarray(shift)

    def baseline(self, beta: Floats) -> Baseline:
        """Event times ascending with the cumulative hazard at x = 0 and its variance."""
        mean, z, shift = self.means(beta)
        z = z * np.exp(shift)
        blocks, has_event = self.deaths.size, self.deaths > 0
        step = np.bincount(self.term_block, self.term_weight / z, blocks)
        spread = np.bincount(self.term_block, self.term_weight / z**2, blocks)
        moved = np.zeros((blocks, self.x.shape[1]))
        np.add.at(moved, self.term_block, mean * (self.term_weight / z)[:, None])
        here = np.flatnonzero(has_event)[::-1]
        return Baseline(
            time=self.time[self.last][here],
            cumulative_hazard=np.cumsum(step[here]),
            variance=np.cumsum(spread[here]),
            mean=np.cumsum(moved[here], axis=0),
            last_follow_up=float(self.time[0]),
        )

    def martingale(self, beta: Floats) -> Floats:
        """Events less those expected, per row, unweighted."""
        lp, risk, _ = self._risk(beta)
        hazard = self._hazard(self._terms(risk), self.term_weight)
        return self.event - np.exp(lp - lp.max()) * hazard

    def score_residuals(self, beta: Floats) -> Floats:
        """Each row's part of the score (unweighted), shape (rows, columns)."""
        mean, z, _ = self.means(beta)
        lp = self._risk(beta)[0]
        blocks, p = self.deaths.size, self.x.shape[1]
        moved, back, own = np.zeros((3, blocks, p))
        pulled = mean * (self.term_weight / z)[:, None]
        np.add.at(moved, self.term_block, pulled)
        np.add.at(back, self.term_block, pulled * self.fraction[:, None])
        np.add.at(own, self.term_block, mean)
        collected = np.cumsum(moved[::-1], axis=0)[::-1]
        died = self.event[:, None]
        hazard = self._hazard(z, self.term_weight)
        at_event = own / np.maximum(self.deaths, 1)[:, None]
        expected = self.x * hazard[:, None] - collected[self.block] + died * back[self.block]
        gained: Floats = died * (self.x - at_event[self.block])
        return gained - np.exp(lp - lp.max())[:, None] * expected

    def schoenfeld(self, beta: Floats) -> Floats:
        """Per row: x less its mean over the risk set (averaged over tied terms); 0 if no event."""
        mean, _, _ = self.means(beta)
        own = np.zeros((self.deaths.size, self.x.shape[1]))
        np.add.at(own, self.term_block, mean)
        at_event = own / np.maximum(self.deaths, 1)[:, None]
        left: Floats = self.event[:, None] * (self.x - at_event[self.block])
        return left


class StratifiedRiskSets:
    """Risk sets per stratum whose likelihoods add; one stratum is the plain case."""

    def __init__(
        self,
        time: Floats,
        event: Flags,
        x: Floats,
        ties: Ties,
        strata: NDArray | None = None,
        weight: Floats | None = None,
        offset: Floats | None = None,
    ):
        labels = np.zeros(time.size, dtype=int) if strata is None else strata
        self.n = time.size
        names = sorted(set(labels.tolist()))
        self.names: tuple[str, ...] = tuple(str(name) for name in names)
        self.rows = [np.flatnonzero(labels == name) for name in names]
        self.parts = [
            RiskSets(time[rows], event[rows], x[rows], ties,
                     None if weight is None else weight[rows],
                     None if offset is None else offset[rows])
            for rows in self.rows
        ]  # fmt: skip

    def log_likelihood(self, beta: Floats) -> float:
        return sum(part.log_likelihood(beta) for part in self.parts)

    def evaluate(
        self, beta: Floats, drift: Sequence[Floats] | None = None
    ) -> tuple[float, Floats, Floats]:
        """Sums over strata; ``drift`` holds one array per stratum."""
        drifts = drift if drift is not None else [None] * len(self.parts)
        told = [part.evaluate(beta, own) for part, own in zip(self.parts, drifts, strict=True)]
        value, score, information = told[0]
        for more in told[1:]:
            value, score, information = value + more[0], score + more[1], information + more[2]
        return value, score, information

    def log_determinant_slope(self, beta: Floats, inverse: Floats) -> Floats:
        told = [part.log_determinant_slope(beta, inverse) for part in self.parts]
        return np.asarray(np.sum(told, axis=0))

    def baselines(self, beta: Floats) -> tuple[Baseline, ...]:
        return tuple(part.baseline(beta) for part in self.parts)

    def in_row_order(self, values: Sequence[Floats]) -> Floats:
        """Per-row values of each stratum, put back in the rows' own order."""
        out = np.empty((self.n, *values[0].shape[1:]))
        for rows, part, own in zip(self.rows, self.parts, values, strict=True):
            out[rows[part.order]] = own
        return out
