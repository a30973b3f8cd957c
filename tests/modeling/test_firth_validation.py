"""Firth's model in resamples, held against a plain loop of its proven fit over replicated rows."""

from __future__ import annotations

import numpy as np
import pytest

from modeling.methods.concordance import estimate_concordance
from modeling.methods.cox import fit_cox
from modeling.methods.cox_resampling import CoxResampling
from modeling.methods.cox_validation import validate_cox
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.pipeline_validation import validate_pipeline
from modeling.methods.resampling_kernels import judge_shrunken
from modeling.methods.resampling_plans import plan_resamples
from studies.methods.problems import DataProblem
from tests.modeling.lung_r import lung
from tests.modeling.survival_reference import close

NAMES = ["age", "ph.ecog", "early", "rare"]  # early separates; rare is in few resamples an event
AT = 300.0


def _rows():
    rows = lung()
    rows["early"] = (rows["time"] <= 200).astype(float)
    rows["rare"] = (rows.index % 41 == 3).astype(float)
    return rows["time"].to_numpy(float), rows["event"].to_numpy(bool), rows[NAMES].to_numpy(float)


def _indexes(time, event, lp, trained):
    """Dxy, R2, slope, D, U, Q by the library's plain functions on replicated rows."""
    refit = fit_cox(time, event, lp)
    null, top = refit.log_likelihood
    frozen = fit_cox(time, event, lp * 1e-9, offset=lp).log_likelihood[0]
    ratio = 2 * (top - null)
    d, u = (ratio - 1) / (-2 * null), (frozen - top) / null + (1 / null if trained else 0)
    r2 = (1 - np.exp(-ratio / time.size)) / (1 - np.exp(2 * null / time.size))
    dxy = 2 * estimate_concordance(time, event, lp).c - 1
    return [dxy, r2, refit.coefficients[0], d, u, d - u]


def _gap(time, event, predicted, cuts):
    member = np.minimum(np.searchsorted(cuts, predicted, "right") - 1, cuts.size - 2)
    found = []
    for group in range(cuts.size - 1):
        inside = member == group
        curve = estimate_kaplan_meier(time[inside], event[inside])
        known = np.flatnonzero(curve.time <= AT)
        survival = curve.survival[known[-1]] if known.size else 1.0
        found.append(survival - predicted[inside].mean())
    return found


def test_refits_equal_a_plain_loop_over_replicated_rows():
    time, event, x = _rows()
    found = validate_cox(time, event, x, NAMES, resamples=12, seed=3, horizon=AT, groups=3,
                         penalty="firth")  # fmt: skip
    order = np.argsort(-time, kind="stable")
    time, event, x = time[order], event[order], x[order]
    train, _ = plan_resamples("bootstrap", time.size, 12, 3)[0]()
    told, gaps, survival = [], [], []
    for weight in train:
        drawn = np.repeat(np.arange(time.size), weight.astype(int))
        if np.ptp(x[drawn], axis=0).min() == 0:
            continue
        fit = fit_firth_cox(time[drawn], event[drawn], x[drawn], NAMES)
        lp, predicted = fit.linear_predictor(x), fit.survival(x, [AT])[:, 0]
        told.append([_indexes(time[drawn], event[drawn], lp[drawn], True),
                     _indexes(time, event, lp, False)])  # fmt: skip
        gaps.append([_gap(time[drawn], event[drawn], predicted[drawn], found.groups.cuts),
                     _gap(time, event, predicted, found.groups.cuts)])  # fmt: skip
        survival.append(predicted)
    assert found.usable == len(told) >= 10
    own = fit_firth_cox(time, event, x, NAMES)
    apparent = _indexes(time, event, own.linear_predictor(x), True)
    means = np.mean(told, axis=0)
    for k, name in enumerate(("dxy", "r2", "slope", "d", "u", "q")):
        index = found.indexes[name]
        close([index.apparent, index.training, index.test],
              [apparent[k], means[0][k], means[1][k]], 1e-6)  # fmt: skip
    assert found.indexes["slope"].training > 1  # shrunken, where it was fitted
    close([found.groups.training, found.groups.test], np.mean(gaps, axis=0), 1e-6)
    close(found.instability.predicted[order], own.survival(x, [AT])[:, 0], 1e-7)
    kept = found.instability.resampled
    close(kept[np.isfinite(kept[:, 0])][:, order], survival, 1e-6)


def test_a_resample_without_a_level_is_not_usable_and_said():
    time, event, x = _rows()
    x[:, 3] = np.arange(time.size) < 2
    found = validate_cox(time, event, x, NAMES, resamples=60, seed=1, penalty="firth")
    marked = x[np.argsort(-time, kind="stable"), 3] > 0
    drawn = [plan()[0][:, marked].sum(axis=1) for plan in
             plan_resamples("bootstrap", time.size, 60, 1)]  # fmt: skip
    assert found.usable == (np.concatenate(drawn) > 0).sum() < 60
    assert "few_usable_resamples" in [notice.code for notice in found.notices]
    with pytest.raises(DataProblem, match="separation"):
        validate_cox(time, event, x, NAMES, resamples=10)


def test_both_judges_agree_on_a_model_of_the_plain_likelihood():
    time, event, x = _rows()
    fit = fit_cox(time, event, x[:, :2])
    work = CoxResampling(time, event, x[:, :2], fit.coefficients, 1e-9)
    told = np.empty((2, 7))
    judge_shrunken(work.lp, work.event, work.last, work.whole, work.whole, 1e-9, 60, told,
                   np.empty(time.size, dtype=np.int64))  # fmt: skip
    close(told[0], work.apparent(), 1e-7)


def test_a_pipeline_that_ends_in_firths_fit_is_judged_as_its_refits_are():
    time, event, x = _rows()
    x = x[:, :3]

    def pipeline(drawn):
        fit = fit_firth_cox(time[drawn], event[drawn], x[drawn], NAMES[:3])
        return fit.linear_predictor(x)

    order = np.argsort(-time, kind="stable")  # as the refits hold the rows
    time, event, x = time[order], event[order], x[order]
    theirs = validate_pipeline(time, event, pipeline, resamples=10, seed=2, shrunken=True)
    ours = validate_cox(time, event, x, NAMES[:3], resamples=10, seed=2, penalty="firth")
    for name in ("dxy", "slope", "r2", "q"):
        close(ours.indexes[name].corrected, theirs.indexes[name].corrected, 1e-6)


def test_threads_change_nothing_and_folds_are_told():
    time, event, x = _rows()
    one, two = (
        validate_cox(time, event, x[:, :3], NAMES[:3], ".632+", 60, 5, threads=n, penalty="firth")
        for n in (1, 2)
    )
    assert one == two
    folded = validate_cox(time, event, x[:, :3], NAMES[:3], "cross-validation", 10, 5,
                          penalty="firth")  # fmt: skip
    assert (folded.usable, np.isnan(folded.c_interval[0])) == (10, True)
