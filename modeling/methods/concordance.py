"""Does a higher score die sooner: Harrell's C with its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from modeling.methods.concordance_kernels import count_pairs
from modeling.methods.survival_table import Flags, Floats, check_survival
from modeling.methods.time_dependent_auc import case_weights
from studies.methods.problems import refuse
from studies.methods.wording import say

Weighting = Literal["harrell", "uno"]


@dataclass(frozen=True)
class Concordance:
    """C and the (weighted) pairs behind it; higher score = higher risk."""

    c: float
    std_error: float
    concordant: float
    discordant: float
    tied_score: float
    tied_time: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wald interval, cut to 0..1; NaN where nothing varies (all pairs in order)."""
        if not self.std_error > 1e-12:  # rounding, not spread
            return float("nan"), float("nan")
        half = norm.ppf(0.5 + level / 2) * self.std_error
        return max(0.0, self.c - half), min(1.0, self.c + half)


def estimate_concordance(
    duration: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    weighting: Weighting = "harrell",
    horizon: float | None = None,
) -> Concordance:
    """Harrell's or Uno's C: share of usable pairs in which the higher risk fails first.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    risk : array, shape (n,)
        Higher = worse. Equal scores count one half.
    weighting : {"harrell", "uno"}
        Uno's gives a pair 1/G(t−)² at the earlier event's time t, G the curve of censoring, so
        that C does not hang on who was censored.
    horizon : float or None
        Only events by then open a pair.

    Raises
    ------
    DataProblem
        When no pair can be ordered (no event before another's follow-up ends).

    Notes
    -----
    The standard error is the infinitesimal jackknife over patients.

    References
    ----------
    Harrell et al., JAMA 1982;247:2543. Uno et al., Stat Med 2011;30:1105. Compared with R
    survival::concordance.
    """
    time, flag = check_survival(duration, event)
    score = np.asarray(risk, dtype=float)
    if score.shape != time.shape or not np.isfinite(score).all():
        raise refuse(
            say("Risk score"),
            say("shape {shape} or missing values", shape=score.shape),
            say("{size} numbers", size=time.size),
            "Leave out rows without a score.",
        )
    opens = flag if horizon is None else flag & (time <= horizon)
    weight = opens * _weights(time, flag, weighting)
    order = np.argsort(time, kind="stable")
    rank = np.unique(score[order], return_inverse=True)[1]
    block = np.unique(time[order], return_inverse=True)[1]
    counts = np.zeros((time.size, 4))
    count_pairs(rank, block, flag[order], weight[order], counts)
    return _summary(counts)


def _weights(time: Floats, flag: Flags, weighting: Weighting) -> Floats:
    if weighting == "harrell":
        return np.ones(time.size)
    if weighting != "uno":
        raise ValueError(f"weighting is harrell or uno, not {weighting!r}")
    return case_weights(time, flag) ** 2


def _summary(counts: Floats) -> Concordance:
    agree, differ, tied, same_time = counts.sum(axis=0) / 2
    pairs = agree + differ + tied
    if pairs == 0:
        raise refuse(
            say("Concordance"),
            say("no pair of patients whose order is known"),
            "an event before another patient's follow-up ends",
            "Wait for events or choose another endpoint.",
        )
    somers = (agree - differ) / pairs
    influence = (counts[:, 0] - counts[:, 1] - somers * counts[:, :3].sum(axis=1)) / pairs / 2
    return Concordance(
        float((somers + 1) / 2),
        float(np.sqrt((influence**2).sum())),
        float(agree),
        float(differ),
        float(tied),
        float(same_time),
    )
