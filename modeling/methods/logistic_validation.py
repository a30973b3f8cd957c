"""What a logistic model will do in new patients: optimism by bootstrap, .632+ or folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from modeling.methods.corrected_indexes import (
    CorrectedIndex,
    Instability,
    correct_indexes,
    interval_of_c,
    somers_to_c,
)
from modeling.methods.logistic import fit_logistic
from modeling.methods.logistic_resampling import (
    FARTHEST,
    INDEXES,
    Penalty,
    fit_resampled,
    judge_resampled,
)
from modeling.methods.resampling_plans import Method, plan_resamples
from modeling.methods.survival_table import Floats
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

FEWEST_USABLE = 0.9  # of the resamples; fewer is a notice
SPREAD = ("r2", "brier")  # indexes of which the resamples tell an interval, beside C


@dataclass(frozen=True)
class ProbabilityGroups:
    """Calibration in groups of like predicted probability, with optimism.

    ``observed`` is the share with the outcome, ``corrected`` the same less the optimism of
    (observed − predicted); ``usable`` counts the resamples behind each group.
    """

    cuts: Floats
    n: tuple[int, ...]
    events: tuple[int, ...]
    predicted: Floats
    observed: Floats
    training: Floats
    test: Floats
    optimism: Floats
    corrected: Floats
    usable: tuple[int, ...]


@dataclass(frozen=True)
class LogisticValidation:
    """Corrected indexes by name; ``c`` is the AUC, slope and intercept are fitted together.

    ``intervals`` are those of the corrected r2 and Brier score, NaN with cross-validation.
    """

    method: Method
    resamples: int
    usable: int
    indexes: dict[str, CorrectedIndex]
    c: CorrectedIndex
    c_interval: tuple[float, float]
    intervals: dict[str, tuple[float, float]]
    groups: ProbabilityGroups | None
    instability: Instability | None
    notices: tuple[Notice, ...]


def validate_logistic(
    outcome: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    method: Method = "bootstrap",
    penalty: Penalty = "none",
    groups: int = 0,
    folds: int = 10,
    instability: int = 0,
) -> LogisticValidation:
    """AUC, Nagelkerke's R2, calibration slope and intercept, Brier score, corrected for optimism.

    Parameters
    ----------
    outcome, x, names
        As in :func:`modeling.methods.logistic.fit_logistic`; refitted in every resample.
    resamples, seed : int
    method : {"bootstrap", ".632+", "cross-validation"}
        Bootstrap: optimism is the mean of (index where fitted − index on all patients).
        .632+: tried on the patients that a resample left out; Dxy and C only.
        Cross-validation: predictions of all folds together are judged once a repeat.
    penalty : {"none", "firth"}
        The likelihood that the model and every refit maximise.
    groups : int
        Calibration groups of about equal count, borders of the original fit (bootstrap); 0: none.
    folds : int
    instability : int
        How many resamples' predictions are kept (bootstrap).

    Raises
    ------
    DataProblem
        What :func:`fit_logistic` refuses, or fewer than two usable resamples.

    Notes
    -----
    A resample with one class only, or a constant or collinear column, is not usable; where a
    column separates its classes the coefficient grows until the likelihood rests, and the
    resample counts. Intervals shift the percentiles of the index in the resamples so that their
    mean is the corrected one; slope and intercept are 1 and 0 wherever a model was fitted, so
    that resamples tell no interval of them.

    References
    ----------
    Harrell, Lee, Mark, Stat Med 1996;15:361. Efron, Tibshirani, JASA 1997;92:548. Noma et al.,
    Stat Med 2021;40:5691. Compared with R rms::validate; Firth's with a plain loop of
    :func:`fit_logistic` over replicated rows.
    """
    fit = fit_logistic(outcome, x, names, penalty)
    y = fit.outcome.astype(float)
    columns = fit.x / np.r_[1.0, fit.x[:, 1:].std(axis=0)]
    columns[:, 1:] -= columns[:, 1:].mean(axis=0)
    lp = fit.x @ fit.coefficients
    plain = method == "bootstrap"
    own = _Own(expit(lp), y, groups if plain else 0)
    told, gaps, kept = list[Floats](), list[Floats](), list[Floats]()
    runaway = 0
    for plan in plan_resamples(method, y.size, resamples, seed, folds):
        train, test = plan()
        beta = fit_resampled(columns, y, train, penalty)
        told.append(_judged(method, beta @ columns.T, y, train, test))
        runaway += int((np.abs(beta).max(axis=1) > FARTHEST).sum())
        predicted = expit(beta @ columns.T)
        if own.cuts.size:
            gaps.append(np.stack([own.gaps(predicted, train), own.gaps(predicted, test)], axis=1))
        if plain and sum(len(part) for part in kept) < instability:
            kept.append(predicted)
    found = np.concatenate(told)
    usable = int(np.isfinite(found[:, :, 0]).all(axis=1).sum())
    if usable < (1 if method == "cross-validation" else 2):  # a repeat judges everybody
        raise refuse(
            say("Validation"),
            say("{sum} usable resamples", sum=usable),
            "two or more",
            "Join rare levels or leave columns out.",
        )
    apparent = judge_resampled(lp[None], y, np.ones((1, y.size)))[0]
    indexes = correct_indexes(method, apparent, found, INDEXES)
    return LogisticValidation(
        method,
        len(found),
        usable,
        indexes,
        somers_to_c(indexes["dxy"]),
        _interval_of_c(method, indexes["dxy"], found[:, 0, 0]),
        _intervals(method, indexes, found),
        own.corrected(np.concatenate(gaps)) if gaps else None,
        Instability(float("nan"), own.predicted, np.concatenate(kept)[:instability])
        if kept else None,
        _notices(len(found), usable, runaway),
    )  # fmt: skip


class _Own:
    """The model on its own patients, in groups of like prediction."""

    def __init__(self, predicted: Floats, y: Floats, groups: int) -> None:
        self.predicted, self.y = predicted, y
        inner = np.unique(np.quantile(predicted, np.arange(1, groups) / max(groups, 1)))
        self.cuts = inner[inner > predicted.min()] if groups else np.empty(0)

    def gaps(self, predicted: Floats, weight: Floats) -> Floats:
        """Observed less predicted per group, (resamples, groups); NaN where nobody is."""
        weight = np.broadcast_to(weight, predicted.shape)
        member = np.searchsorted(self.cuts, predicted, "right")
        inside = [weight * (member == k) for k in range(self.cuts.size + 1)]
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [(w * (self.y - predicted)).sum(axis=1) / w.sum(axis=1) for w in inside]
        return np.column_stack(parts)

    def corrected(self, gaps: Floats) -> ProbabilityGroups:
        member = np.searchsorted(self.cuts, self.predicted, "right")
        n = np.bincount(member, minlength=self.cuts.size + 1)
        events = np.bincount(member, self.y, n.size)
        usable = np.isfinite(gaps).all(axis=1)  # a group drops out where either side lacks it
        counts = usable.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            training, test = (
                np.where(usable, gaps[:, k], 0.0).sum(axis=0) / counts for k in range(2)
            )
        optimism, observed = training - test, events / n
        return ProbabilityGroups(
            self.cuts, tuple(n.tolist()), tuple(events.astype(int).tolist()),
            np.bincount(member, self.predicted, n.size) / n, observed, training, test, optimism,
            observed - optimism, tuple(counts.tolist()),
        )  # fmt: skip


def _judged(method: Method, lp: Floats, y: Floats, train: Floats, test: Floats) -> Floats:
    """Indexes where fitted and where tried, (resamples, 2, 5); one per repeat of folds."""
    fitted = judge_resampled(lp, y, train)
    if method != "cross-validation":
        return np.stack([fitted, judge_resampled(lp, y, test)], axis=1)
    together = (lp * test).sum(axis=0)[None]
    whole = judge_resampled(together, y, np.ones((1, y.size)))
    return np.stack([fitted.mean(axis=0, keepdims=True), whole], axis=1)


def _interval_of_c(method: Method, dxy: CorrectedIndex, resampled: Floats) -> tuple[float, float]:
    if method == "cross-validation":
        return float("nan"), float("nan")
    return interval_of_c(dxy, resampled)


def _intervals(
    method: Method, indexes: dict[str, CorrectedIndex], found: Floats
) -> dict[str, tuple[float, float]]:
    if method != "bootstrap":
        return {}
    told = {}
    for name in SPREAD:
        known = found[:, 0, INDEXES.index(name)]
        known = known[np.isfinite(known)]
        low, high = np.quantile(known - known.mean() + indexes[name].corrected, [0.025, 0.975])
        told[name] = float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))
    return told


def _notices(resamples: int, usable: int, runaway: int) -> tuple[Notice, ...]:
    notices = []
    if usable < FEWEST_USABLE * resamples:
        text = say(
            "in {failed} of {size} resamples the model could not be fitted: rare levels or "
            "collinear columns",
            failed=resamples - usable, size=resamples,
        )  # fmt: skip
        notices.append(Notice("few_usable_resamples", text))
    if runaway:
        text = say(
            "in {runaway} of {size} resamples a coefficient had no finite maximum",
            runaway=runaway, size=resamples,
        )  # fmt: skip
        notices.append(Notice("separated_resamples", text))
    return tuple(notices)
