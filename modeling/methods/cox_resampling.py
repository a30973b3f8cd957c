"""The rows of a validation as the kernels read them, resampled chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from modeling.methods.corrected_indexes import CorrectedGroups, Instability
from modeling.methods.resampling_kernels import (
    group_gaps,
    judge,
    maximise,
    null_likelihood,
    predict_at,
    resample_cox,
)
from modeling.methods.resampling_plans import CHUNK, Plan
from modeling.methods.risk_sets import RiskSets
from modeling.methods.survival_calibration import calibration_cuts
from modeling.methods.survival_table import Flags, Floats

RMS_STOP, RMS_STEPS, MOST_STEPS = 1e-4, 10, 60
Told = tuple[np.ndarray, ...]  # indexes, gaps of groups, survival kept, how each fit ended


class CoxResampling:
    """A Cox model to be refitted: rows by descending time, columns scaled to SD 1.

    ``found`` are its coefficients, where resamples start; ``stop`` that of
    :func:`modeling.methods.cox_validation.validate_cox`.
    """

    def __init__(self, time: Floats, event: Flags, x: Floats, found: Floats, stop: float):
        self.order = np.argsort(-time, kind="stable")
        self.time, self.event = time[self.order], event[self.order]
        self.last = np.r_[self.time[1:] != self.time[:-1], True]
        scale = x.std(axis=0)
        self.x = np.ascontiguousarray(((x - x.mean(axis=0)) / scale)[self.order])
        self.whole = np.ones(time.size)
        early = stop < RMS_STOP
        self.start = found * scale if early else np.zeros(scale.size)
        self.rule = (stop, MOST_STEPS if early else RMS_STEPS, early)
        self.beta, self.value = self.fit()
        self.lp: Floats = self.x @ self.beta
        self.pull: Floats = self._pull() if early else np.zeros(self.x.shape)
        self.horizon, self.predicted = 0.0, np.empty(time.size)
        self.cuts: Floats = np.empty(0)

    def fit(self) -> tuple[Floats, float]:
        """Coefficients and log likelihood on everybody."""
        beta, ends = self.start.copy(), np.flatnonzero(self.last) + 1
        _, value = maximise(
            self.x, self.event, self.whole, ends, ends.size, beta, *self.rule,
            np.empty(self.x.shape), np.empty((int(self.event.sum()), beta.size)),
        )  # fmt: skip
        return beta, value

    def calibrate_at(self, horizon: float, groups: int) -> None:
        self.horizon = float(horizon)
        predict_at(self.lp, self.time, self.event, self.last, self.whole, self.horizon,
                   self.predicted)  # fmt: skip
        size = max(1, self.time.size // groups)
        self.cuts = calibration_cuts(self.predicted, max(1, self.time.size // size))

    def _pull(self) -> Floats:
        """About how much the coefficients move when a patient is drawn once more."""
        sets = RiskSets(self.time, self.event, self.x, "efron")
        residual = np.empty(self.x.shape)
        residual[sets.order] = sets.score_residuals(self.beta)
        return residual @ np.linalg.inv(sets.evaluate(self.beta)[2])

    def apparent(self) -> Floats:
        """The seven indexes of the model on its own patients."""
        told, rank = np.empty((2, 7)), np.empty(self.time.size, dtype=np.int64)
        null = null_likelihood(self.event, self.last, self.whole)
        judge(self.lp, self.event, self.last, self.whole, self.whole, self.value, null,
              self.rule[0], self.rule[1], told, rank)  # fmt: skip
        return told[0]

    def run(
        self, plans: Sequence[Plan], kept: int, threads: int
    ) -> tuple[Floats, Floats, Floats, Floats]:
        keep = [int(np.clip(kept - k * CHUNK, 0, CHUNK)) for k in range(len(plans))]
        with ThreadPoolExecutor(max(1, threads)) as pool:
            parts = list(pool.map(self.chunk, plans, keep))
        told, gaps, survival, state = (
            np.concatenate([part[k] for part in parts]) for k in range(4)
        )
        return told, gaps, survival, state

    def chunk(self, plan: Plan, keep: int) -> Told:
        """One plan's resamples; predictions of the first ``keep`` are kept."""
        train, test = plan()
        size = train.shape[0]
        told, state = np.empty((size, 2, 7)), np.empty(size, dtype=np.int64)
        gaps = np.empty((size, 2, max(0, self.cuts.size - 1)))
        survival = np.empty((min(keep, size), self.time.size))
        resample_cox(
            self.x, self.time, self.event, self.last, train, test, self.start, self.pull,
            *self.rule, self.cuts, self.horizon, told, gaps, survival, state,
        )  # fmt: skip
        return told, gaps, survival, state

    def corrected_groups(self, gaps: Floats) -> CorrectedGroups:
        count = self.cuts.size - 1
        own = np.empty(count)
        group_gaps(self.predicted, self.time, self.event, self.last, self.whole, self.cuts,
                   self.horizon, own)  # fmt: skip
        member = np.minimum(np.searchsorted(self.cuts, self.predicted, "right") - 1, count - 1)
        n = np.bincount(member, minlength=count)
        mean = np.bincount(member, self.predicted, count) / np.maximum(n, 1)
        usable = np.isfinite(gaps).all(axis=1)  # a group drops out where either side lacks it
        counts = usable.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            training, test = (
                np.where(usable, gaps[:, k], 0.0).sum(axis=0) / counts for k in range(2)
            )
        optimism = training - test
        observed = own + mean
        return CorrectedGroups(
            self.horizon, self.cuts, tuple(n.tolist()), mean, observed, training, test, optimism,
            observed - optimism, tuple(counts.tolist()),
        )  # fmt: skip

    def instability(self, survival: Floats) -> Instability:
        back = np.empty(self.order.size, dtype=int)
        back[self.order] = np.arange(self.order.size)
        return Instability(self.horizon, self.predicted[back], survival[:, back])
