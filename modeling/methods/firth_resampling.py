"""Firth's penalised Cox model refitted in resamples, its sums over risk sets compiled."""

from __future__ import annotations

import numpy as np

from modeling.methods.cox_resampling import CoxResampling, Told
from modeling.methods.packed_rows import PackedRows
from modeling.methods.penalised_likelihood import PenalisedLikelihood
from modeling.methods.resampling_kernels import (
    FIT_DONE,
    FIT_FAILED,
    group_gaps,
    judge_shrunken,
    predict_at,
    solve_positive,
)
from modeling.methods.resampling_plans import Plan
from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem


class DrawnRows(PackedRows):
    """The patients of one resample."""

    def __init__(self, work: CoxResampling, weight: Floats):
        super().__init__(work.x, work.event, work.last, weight)

    def can_be_fitted(self, columns: int) -> bool:
        """More events than columns, and every column differs by itself: else it is refused."""
        if self.events <= columns:
            return False
        _, score, information = self.evaluate(np.zeros(columns))
        return bool(solve_positive(information, score, np.empty(columns)))


class FirthResampling(CoxResampling):
    """As the plain model's; a level without events keeps a finite coefficient in every resample.

    A resample in which a level is nobody's, columns are collinear or no more events than columns
    were drawn is not usable, as such a table is refused.
    """

    def fit(self) -> tuple[Floats, float]:
        rows = DrawnRows(self, self.whole)
        return self.start, rows.evaluate(self.start)[0]

    def apparent(self) -> Floats:
        told = np.empty((2, 7))
        self._judge(self.lp, self.whole, self.whole, told)
        return np.asarray(told[0])

    def chunk(self, plan: Plan, keep: int) -> Told:
        train, test = plan()
        size = train.shape[0]
        told, state = np.full((size, 2, 7), np.nan), np.full(size, FIT_FAILED)
        gaps = np.full((size, 2, max(0, self.cuts.size - 1)), np.nan)
        survival = np.full((min(keep, size), self.time.size), np.nan)
        for b, weight in enumerate(train):
            beta = self._refit(weight)
            if beta is None:
                continue
            other = test[b] if len(test) > 1 else test[0]
            lp, state[b] = self.x @ beta, FIT_DONE
            self._judge(lp, weight, other, told[b])
            if self.cuts.size:
                predicted = self._calibrate(lp, weight, other, gaps[b])
                survival[b : b + 1] = predicted
        return told, gaps, survival, state

    def _refit(self, weight: Floats) -> Floats | None:
        rows = DrawnRows(self, weight)
        columns = self.start.size
        if not rows.can_be_fitted(columns):
            return None
        likelihood = PenalisedLikelihood(rows, np.ones(columns))
        begin = self.start + (weight - 1.0) @ self.pull
        try:
            return likelihood.maximise(begin, np.ones(columns, dtype=bool))[0]
        except DataProblem:  # no maximum
            return None

    def _judge(self, lp: Floats, train: Floats, test: Floats, told: Floats) -> None:
        rank = np.empty(lp.size, dtype=np.int64)
        judge_shrunken(lp, self.event, self.last, train, test, self.rule[0], self.rule[1], told,
                       rank)  # fmt: skip

    def _calibrate(self, lp: Floats, train: Floats, test: Floats, gaps: Floats) -> Floats:
        predicted = np.empty(lp.size)
        predict_at(lp, self.time, self.event, self.last, train, self.horizon, predicted)
        for k, weight in enumerate((train, test)):
            group_gaps(predicted, self.time, self.event, self.last, weight, self.cuts,
                       self.horizon, gaps[k])  # fmt: skip
        return predicted
