"""What a Cox model will do in new patients: optimism by bootstrap, .632+ or cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
from modeling.methods.cox_resampling import CoxResampling
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.firth_resampling import FirthResampling
from modeling.methods.resampling_kernels import FIT_FAILED, FIT_LONG
from modeling.methods.resampling_plans import Method, plan_resamples
from modeling.methods.survival_table import Floats, check_survival
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

Penalty = Literal["none", "firth"]
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
    penalty: Penalty = "none",
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
    penalty : {"none", "firth"}
        The likelihood that the model and every refit maximise: the plain one or Firth's.

    Raises
    ------
    DataProblem
        What the fit refuses, a horizon beyond follow-up, or no usable resample.

    Notes
    -----
    A resample is a weight per patient. It is not usable when a column is constant or collinear
    in it; where a level has no event its coefficient grows until the likelihood rests, and the
    resample counts. The interval of C shifts the percentiles of C in the resamples so that their
    mean is the corrected C: it holds the sampling of patients and the refitting. Folds tell
    nothing of the sampling: with cross-validation it is NaN.

    With Firth's penalty a level without events in a resample keeps a finite coefficient and the
    resample counts; one that holds nobody of a level, or no more events than columns, is not
    usable. Its slope is above 1 where it was fitted, since it is shrunken: slope, R2, D, U and Q
    are told there as they are where it is tried, by refitting the slope without penalty.

    References
    ----------
    Harrell, Lee, Mark, Stat Med 1996;15:361. Efron, Tibshirani, JASA 1997;92:548. Noma et al.,
    Stat Med 2021;40:5691. Riley, Collins, Biom J 2023;65:2200302. Compared with R rms;
    Firth's with a plain loop of :func:`modeling.methods.firth_cox.fit_firth_cox` over
    replicated rows.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    if penalty == "firth" and stop != RELATIVE_STOP:
        raise ValueError("an early stop belongs to the plain likelihood")
    fit = (fit_firth_cox if penalty == "firth" else fit_cox)(time, flag, x, names)
    columns = np.asarray(x, dtype=float).reshape(time.size, -1)
    kind = FirthResampling if penalty == "firth" else CoxResampling
    work = kind(time, flag, columns, fit.coefficients, stop)
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
