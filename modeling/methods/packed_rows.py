"""Sums over risk sets by compiled kernels: rows by descending time, packed block by block."""

from __future__ import annotations

import numpy as np

from modeling.methods.firth_kernels import determinant_slope
from modeling.methods.resampling_kernels import compress, evaluate
from modeling.methods.risk_sets import StratifiedRiskSets
from modeling.methods.survival_table import Flags, Floats


class PackedRows:
    """Rows of one stratum with Efron's ties: what a penalised likelihood asks of risk sets.

    ``last`` marks the last row of each time; ``weight`` says how often a row counts, 0 drops it.
    """

    def __init__(self, x: Floats, event: Flags, last: Flags, weight: Floats):
        n, p = x.shape
        self.x, self.event = np.empty((n, p)), np.empty(n, dtype=np.bool_)
        self.weight, self.ends = np.empty(n), np.empty(n, dtype=np.int64)
        _, self.blocks = compress(
            x, event, last, weight, self.x, self.event, self.weight, self.ends
        )
        self.events = int((weight * event).sum())
        self.scaled, self.means = np.empty((n, p)), np.empty((self.events, p))
        self.rows = (self.x, self.event, self.weight, self.ends, self.blocks)
        self.beta: Floats | None = None

    def evaluate(self, beta: Floats) -> tuple[float, Floats, Floats]:
        score, information = np.empty(beta.size), np.empty((beta.size, beta.size))
        value = evaluate(*self.rows, beta, self.scaled, self.means, score, information)
        self.beta = beta
        return float(value), score, information

    def log_determinant_slope(self, beta: Floats, inverse: Floats) -> Floats:
        if self.beta is None or not np.array_equal(self.beta, beta):
            self.evaluate(beta)
        slope = np.empty(beta.size)
        determinant_slope(*self.rows, beta, self.means, np.ascontiguousarray(inverse), slope)
        return slope


class WholeRows(PackedRows):
    """Everybody once. So far out that a risk is too large for a number, ``sets`` answers, which
    takes the largest exponent away first."""

    def __init__(self, sets: StratifiedRiskSets):
        (part,) = sets.parts
        self.sets = sets
        last = np.r_[part.time[1:] != part.time[:-1], True]
        super().__init__(part.x, part.event, last, np.ones(part.time.size))

    def evaluate(self, beta: Floats) -> tuple[float, Floats, Floats]:
        told = super().evaluate(beta)
        whole = np.isfinite(told[0]) and np.isfinite(told[2]).all()
        return told if whole else self.sets.evaluate(beta)

    def log_determinant_slope(self, beta: Floats, inverse: Floats) -> Floats:
        slope = super().log_determinant_slope(beta, inverse)
        if np.isfinite(slope).all():
            return slope
        return self.sets.log_determinant_slope(beta, inverse)
