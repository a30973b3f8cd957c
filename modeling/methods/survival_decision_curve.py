"""Is acting on a predicted risk worth it: net benefit at a horizon under censoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.decision_kernels import event_shares
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import refuse
from studies.methods.wording import say

THRESHOLDS = np.round(np.arange(0.01, 1.0, 0.01), 2)
AT_ONCE = 5_000_000  # weights of resamples held together


@dataclass(frozen=True)
class SurvivalDecisionCurve:
    """Net benefit per threshold probability; NaN where not estimable.

    ``treat_none`` is zero everywhere. ``lower`` and ``upper`` are empty without resamples.
    """

    horizon: float
    threshold: Floats
    net_benefit: Floats
    true_positive: Floats
    false_positive: Floats
    treat_all: Floats
    lower: Floats | None = None
    upper: Floats | None = None


def estimate_survival_decision_curve(
    duration: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    thresholds: ArrayLike = THRESHOLDS,
    resamples: int = 0,
    seed: int = 0,
) -> SurvivalDecisionCurve:
    """Net benefit of treating those whose risk is at or above a threshold.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    risk : array, shape (n,)
        Predicted probability of the event by ``horizon``.
    horizon : float
        In the unit of ``duration``.
    thresholds : array
        Threshold probabilities, inside 0..1.
    resamples, seed : int
        Bootstrap resamples for a 95 % percentile band, 0 for none.

    Raises
    ------
    DataProblem
        When a threshold or risk is no probability.

    Notes
    -----
    NB = TP − FP·pt/(1 − pt), with TP = (1 − S(t | risk ≥ pt))·P(risk ≥ pt) by Kaplan-Meier.
    Where nobody at or above the threshold is followed to the horizon, or one patient alone
    stands there, it stays empty.

    References
    ----------
    Vickers et al., BMC Med Inform Decis Mak 2008;8:53. Compared with R dcurves.
    """
    time, flag = check_survival(duration, event)
    probability, cut = np.asarray(risk, dtype=float), np.asarray(thresholds, dtype=float)
    _check_probabilities(probability, cut)
    order = np.argsort(time, kind="stable")
    rows = time[order], flag[order], probability[order], horizon
    once = np.ones((1, time.size))
    true, false = _positives(*rows, cut, once)
    odds = cut / (1 - cut)
    everyone = _positives(*rows, np.array([-np.inf]), once)[0][0, 0]
    curve = SurvivalDecisionCurve(
        horizon, cut, (true - false * odds)[0], true[0], false[0], everyone - (1 - everyone) * odds
    )
    if not resamples:
        return curve
    drawn = [_positives(*rows, cut, weight) for weight in _drawn(time.size, resamples, seed)]
    true, false = (np.concatenate(part) for part in zip(*drawn, strict=True))
    low, high = _band(true - false * odds, curve.net_benefit)
    return SurvivalDecisionCurve(**{**curve.__dict__, "lower": low, "upper": high})


def _drawn(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each row is drawn; a chunk of resamples at a time, the same however large."""
    random, chance = np.random.default_rng(seed), np.full(rows, 1 / rows)
    size = max(1, AT_ONCE // rows)
    for start in range(0, resamples, size):
        yield random.multinomial(rows, chance, min(size, resamples - start)).astype(float)


def _check_probabilities(risk: Floats, cut: Floats) -> None:
    if not ((risk >= 0) & (risk <= 1)).all():
        raise refuse(
            say("Predicted risk"),
            say("a value outside 0..1 or missing"),
            "a probability",
            "Give P(event by the horizon).",
        )
    if not ((cut > 0) & (cut < 1)).all():
        raise refuse(
            say("Threshold"),
            say("a value outside 0..1"),
            "0 < threshold < 1",
            "Give threshold probabilities.",
        )


def _positives(
    time: Floats, flag: Flags, risk: Floats, horizon: float, cut: Floats, weight: Floats
) -> tuple[Floats, Floats]:
    """True and false positive shares, (resamples, thresholds); rows by ascending time."""
    order = np.argsort(cut, kind="stable")
    moments, block = np.unique(time, return_inverse=True)
    dead, share = np.empty((2, weight.shape[0], cut.size))
    event_shares(
        block, flag, np.searchsorted(cut[order], risk, side="right"), weight,
        int(np.searchsorted(moments, horizon, side="right")),
        int(np.searchsorted(time, horizon, side="left")), dead, share,
    )  # fmt: skip
    back = np.argsort(order, kind="stable")
    dead, share = dead[:, back], share[:, back]
    return np.where(share > 0, dead * share, 0.0), np.where(share > 0, (1 - dead) * share, 0.0)


def _band(values: Floats, shown: Floats) -> tuple[Floats, Floats]:
    """Percentile band where at least half of the resamples can be estimated."""
    usable = np.isfinite(shown) & (np.isfinite(values).mean(axis=0) >= 0.5)
    bounds = np.full((2, shown.size), np.nan)
    bounds[:, usable] = np.nanpercentile(values[:, usable], [2.5, 97.5], axis=0)
    return bounds[0], bounds[1]
