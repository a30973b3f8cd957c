"""What a Cox model will do in new patients: optimism by bootstrap, .632+ or cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.corrected_indexes import (
    CorrectedGroups,
    CorrectedIndex,
    Instability,
    correct_indexes,
    interval_of_c,
    somers_to_c,
)
from modeling.methods.cox import RELATIVE_STOP, fit_cox
from modeling.methods.resampling_kernels import (
    FIT_FAILED,
    FIT_LONG,
    group_gaps,
    judge,
    maximise,
    null_likelihood,
    predict_at,
    resample_cox,
)
from modeling.methods.resampling_plans import CHUNK, Method, Plan, plan_resamples
from modeling.methods.risk_sets import RiskSets
from modeling.methods.survival_calibration import calibration_cuts
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

RMS_STOP, RMS_STEPS, MOST_STEPS = 1e-4, 10, 60
FEWEST_USABLE = 0.9  # of the resamples; fewer is a notice


@dataclass(frozen=True)
class CoxValidation:
    """Corrected indexes by name; ``slope`` is the shrinkage that new patients will show."""

    method: Method
    resamples: int
    usable: int
    indexes: dict[str, CorrectedIndex]
    c: CorrectedIndex
    c_interval: tuple[float, float]
    groups: CorrectedGroups | None
    instability: Instability | None
    notices: tuple[Notice, ...]


def validate_cox(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    method: Method = "bootstrap",
    resamples: int = 1000,
    seed: int = 0,
    horizon: float | None = None,
    groups: int = 5,
    folds: int = 10,
    instability: int = 200,
    stop: float = RELATIVE_STOP,
    threads: int = 2,
) -> CoxValidation:
    """Harrell's C, slope and their kin of a Cox model (Efron ties), corrected for optimism.

    Parameters
    ----------
    duration, event, x, names
        As in :func:`modeling.methods.cox.fit_cox`; the model is refitted in every resample.
    method : {"bootstrap", ".632+", "cross-validation"}
        Bootstrap: optimism is the mean of (index where fitted − index on all patients).
        .632+: tried on the patients that a resample left out; Dxy and C only.
        Cross-validation: ``folds`` folds, repeated until ``resamples`` models are fitted.
    resamples, seed : int
        The same seed gives the same numbers with any number of threads.
    horizon : float or None
        For calibration by groups and for the instability of predictions; None leaves both out.
    groups : int
        Calibration groups of about equal count; the borders are those of the original fit.
    folds : int
    instability : int
        How many resamples' predictions are kept (bootstrap with a horizon).
    stop : float
        Relative change of the log likelihood that ends a fit. 1e-4 does what R's rms does by
        default: from zero, ten steps at most, an early end, which flatters slope and R2 where a
        level has hardly any events.
    threads : int

    Raises
    ------
    DataProblem
        What :func:`fit_cox` refuses, a horizon beyond follow-up, or no usable resample.

    Notes
    -----
    A resample is a weight per patient. It is not usable when a column is constant or collinear
    in it; where a level has no event its coefficient grows until the likelihood rests, and the
    resample counts. The interval of C shifts the percentiles of C in the resamples so that their
    mean is the corrected C: it holds the sampling of patients and the refitting. Folds tell
    nothing of the sampling: with cross-validation it is NaN.

    References
    ----------
    Harrell, Lee, Mark, Stat Med 1996;15:361. Efron, Tibshirani, JASA 1997;92:548. Noma et al.,
    Stat Med 2021;40:5691. Riley, Collins, Biom J 2023;65:2200302. Compared with R rms.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    fit = fit_cox(time, flag, x, names)
    columns = np.asarray(x, dtype=float).reshape(time.size, -1)
    work = _Work(time, flag, columns, fit.coefficients, stop)
    if horizon is not None:
        _check_horizon(horizon, float(time.max()))
        work.calibrate_at(horizon, groups)
    plans = plan_resamples(method, time.size, resamples, seed, folds)
    kept = instability if horizon is not None and method == "bootstrap" else 0
    told, gaps, survival, state = work.run(plans, kept, threads)
    usable = int((state != FIT_FAILED).sum())
    if usable < 2:
        raise refuse(
            say("Validation"),
            say(
                "{usable} of {size} resamples in which the model fits",
                usable=usable,
                size=state.size,
            ),
            "two or more",
            "Join rare levels or leave columns out.",
        )
    indexes = correct_indexes(method, work.apparent(), told)
    return CoxValidation(
        method,
        state.size,
        usable,
        indexes,
        somers_to_c(indexes["dxy"]),
        _interval(method, indexes["dxy"], told[:, 0, 0]),
        work.corrected_groups(gaps) if horizon is not None else None,
        work.instability(survival) if kept else None,
        _notices(state),
    )


class _Work:
    """The rows as the kernels read them: descending time, columns scaled to SD 1."""

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
        beta, ends = self.start.copy(), np.flatnonzero(self.last) + 1
        _, self.value = maximise(
            self.x, self.event, self.whole, ends, ends.size, beta, *self.rule,
            np.empty(self.x.shape), np.empty((int(event.sum()), scale.size)),
        )  # fmt: skip
        self.lp: Floats = self.x @ beta
        self.pull: Floats = self._pull(beta) if early else np.zeros(self.x.shape)
        self.horizon, self.predicted = 0.0, np.empty(time.size)
        self.cuts: Floats = np.empty(0)

    def calibrate_at(self, horizon: float, groups: int) -> None:
        self.horizon = float(horizon)
        predict_at(self.lp, self.time, self.event, self.last, self.whole, self.horizon,
                   self.predicted)  # fmt: skip
        size = max(1, self.time.size // groups)
        self.cuts = calibration_cuts(self.predicted, max(1, self.time.size // size))

    def _pull(self, beta: Floats) -> Floats:
        """About how much the coefficients move when a patient is drawn once more."""
        sets = RiskSets(self.time, self.event, self.x, "efron")
        residual = np.empty(self.x.shape)
        residual[sets.order] = sets.score_residuals(beta)
        return residual @ np.linalg.inv(sets.evaluate(beta)[2])

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
            parts = list(pool.map(self._chunk, plans, keep))
        told, gaps, survival, state = (
            np.concatenate([part[k] for part in parts]) for k in range(4)
        )
        return told, gaps, survival, state

    def _chunk(self, plan: Plan, keep: int) -> tuple[np.ndarray, ...]:
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


def _check_horizon(horizon: float, longest: float) -> None:
    if not 0 < horizon <= longest:
        raise refuse(
            say("Horizon"),
            say("{horizon:g}, beyond follow-up: not estimable", horizon=horizon),
            say("above 0, at most {longest:g}", longest=longest),
            "Choose an earlier horizon.",
        )


def _interval(method: Method, dxy: CorrectedIndex, resampled: Floats) -> tuple[float, float]:
    if method == "cross-validation":
        return float("nan"), float("nan")
    return interval_of_c(dxy, resampled)


def _notices(state: Floats) -> tuple[Notice, ...]:
    failed, runaway = int((state == FIT_FAILED).sum()), int((state == FIT_LONG).sum())
    notices = []
    if failed > (1 - FEWEST_USABLE) * state.size:
        text = "resamples the model could not be fitted: rare levels or collinear columns"
        notices.append(
            Notice(
                "few_usable_resamples",
                say("in {failed} of {size} {text}", failed=failed, size=state.size, text=text),
            )
        )
    if runaway:
        text = "resamples a coefficient had no finite maximum"
        notices.append(
            Notice(
                "separated_resamples",
                say("in {runaway} of {size} {text}", runaway=runaway, size=state.size, text=text),
            )
        )
    return tuple(notices)
