"""Optimism of a whole pipeline: selection, scaling and fit are done anew in every resample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.methods.corrected_indexes import (
    CorrectedIndex,
    correct_indexes,
    interval_of_c,
    somers_to_c,
)
from modeling.methods.resampling_kernels import judge, judge_shrunken, likelihood_of
from modeling.methods.resampling_plans import Method, plan_resamples
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

Pipeline = Callable[[NDArray[np.intp]], ArrayLike]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PipelineValidation:
    """Corrected indexes by name; ``refused`` says why resamples were not usable, with counts."""

    method: Method
    resamples: int
    usable: int
    indexes: dict[str, CorrectedIndex]
    c: CorrectedIndex
    c_interval: tuple[float, float]
    refused: dict[str, int]


def validate_pipeline(
    duration: ArrayLike,
    event: ArrayLike,
    pipeline: Pipeline,
    method: Method = "bootstrap",
    resamples: int = 200,
    seed: int = 0,
    folds: int = 10,
    progress: Progress | None = None,
    shrunken: bool = False,
) -> PipelineValidation:
    """Harrell's C, slope and their kin of whatever ``pipeline`` does, corrected for optimism.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
        Follow-up and 1 where the endpoint happened.
    pipeline : callable (row numbers) -> array, shape (n,)
        Does everything that learns from outcomes on the given rows (drawn ones repeat) and
        returns the linear predictor of ALL n rows, higher = higher risk. It may refuse with a
        DataProblem: that resample is not usable.
    method, resamples, seed, folds
        As in :func:`modeling.methods.cox_validation.validate_cox`.
    progress : callable (done, total)
    shrunken : bool
        The pipeline ends with a penalised model: where it was fitted its slope is not 1 but is
        refitted, as it is where it is tried.

    Raises
    ------
    DataProblem
        What the pipeline refuses on all rows, or when fewer than two resamples are usable.

    References
    ----------
    Steyerberg, Clinical Prediction Models, 2019, chapter 5.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    rows = _Rows(time, flag, shrunken)
    everyone = np.ones((1, time.size))
    own = rows.judge(np.asarray(pipeline(np.arange(time.size)), float), everyone[0], everyone[0])
    told, refused = [], dict[str, int]()
    plans = plan_resamples(method, time.size, resamples, seed, folds)
    total = resamples if method != "cross-validation" else folds * len(plans)
    for plan in plans:
        train, test = plan()
        for k, weight in enumerate(train):
            other = test[k] if len(test) > 1 else test[0]
            told.append(_one(rows, pipeline, weight, other, refused))
            if progress:
                progress(len(told), total)
    found = np.array(told)
    usable = int(np.isfinite(found[:, 0, 0]).sum())
    if usable < 2:
        raise refuse(
            say("Validation"),
            say("{usable} of {n} resamples in which the pipeline runs", usable=usable, n=len(told)),
            "two or more",
            "; ".join(refused) or "Choose fewer columns.",
        )
    indexes = correct_indexes(method, own[0], found)
    interval = (
        (float("nan"), float("nan"))
        if method == "cross-validation"
        else interval_of_c(indexes["dxy"], found[:, 0, 0])
    )
    return PipelineValidation(
        method, len(told), usable, indexes, somers_to_c(indexes["dxy"]), interval, refused
    )


def _one(
    rows: _Rows, pipeline: Pipeline, weight: Floats, other: Floats, refused: dict[str, int]
) -> Floats:
    """Weights are in the table's order."""
    try:
        drawn = np.repeat(np.arange(weight.size), weight.astype(int))
        lp = np.asarray(pipeline(drawn), dtype=float)
    except DataProblem as refusal:
        reason = str(refusal.problems[0])
        refused[reason] = refused.get(reason, 0) + 1
        return np.full((2, 7), np.nan)
    return rows.judge(lp, weight, other)


class _Rows:
    """Follow-up by descending time, as the kernels read it."""

    def __init__(self, time: Floats, event: Flags, shrunken: bool = False):
        self.shrunken = shrunken
        self.order = np.argsort(-time, kind="stable")
        ordered = time[self.order]
        self.event, self.last = event[self.order], np.r_[ordered[1:] != ordered[:-1], True]

    def judge(self, lp: Floats, train: Floats, test: Floats) -> Floats:
        told, rank = np.full((2, 7), np.nan), np.empty(lp.size, dtype=np.int64)
        mine, ours, theirs = lp[self.order], train[self.order], test[self.order]
        if np.ptp(mine) == 0:  # nothing was chosen: no order, no slope
            told[:] = 0.0
            told[:, 2] = 1.0
            return told
        if self.shrunken:
            judge_shrunken(mine, self.event, self.last, ours, theirs, 1e-9, 60, told, rank)
            return told
        value, null = (
            likelihood_of(mine, self.event, self.last, ours, slope)[0] for slope in (1.0, 0.0)
        )
        judge(mine, self.event, self.last, ours, theirs, value, null, 1e-9, 60, told, rank)
        return told
