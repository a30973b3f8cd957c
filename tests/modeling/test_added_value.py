"""With and without a marker: R's likelihood ratio, paired differences, and nothing from noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from modeling.methods.added_value import compare_frozen, compare_nested, compare_refitted
from modeling.methods.concordance import estimate_concordance
from modeling.methods.design_matrix import Term
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.spline_effects import estimate_spline_effects
from studies.methods.problems import DataProblem
from tests.modeling.lung_r import R, lung


def _rows(effect: float, n: int = 220, seed: int = 3):
    random = np.random.default_rng(seed)
    age, marker = random.normal(size=(2, n))
    time = random.exponential(20 / np.exp(0.5 * age + effect * marker))
    return np.minimum(time, 40), time < 40, np.column_stack([age, marker])


def test_a_marker_that_tells_and_one_that_does_not():
    for effect, tells in ((1.0, True), (0.0, False)):
        time, event, x = _rows(effect)
        found = compare_refitted(time, event, x, ["age", "marker"], ["marker"], [12.0], 12.0, 60)
        frozen = compare_frozen(
            time,
            event,
            (x @ [0.5, 1.0], x[:, 0]),
            ((x @ [1, 1] > 0) * 0.9, (x[:, 0] > 0) * 0.9),
            [12.0],
            12.0,
            60,
        )
        test = compare_nested(time, event, x, ["age", "marker"], ["marker"])
        assert (test.p_value < 0.01) is tells
        assert found.c_difference.is_told is tells
        assert found.auc_differences[0].is_told is tells
        assert (frozen.c_difference.value > 0.03) is tells
        apparent = found.c[0] - found.c[1]
        assert found.c_difference.value < apparent  # less optimism
        assert found.usable == 60


def _penalised(time, event, x):
    """Firth's likelihood of untied times, written out: minus its value at coefficients."""
    order = np.argsort(-time)  # everybody before a row is at risk with it
    flag, rows = event[order], x[order]

    def value(beta):
        risk = np.exp(rows @ beta)
        total = np.cumsum(risk)
        mean = np.cumsum(risk[:, None] * rows, axis=0) / total[:, None]
        square = np.cumsum(risk[:, None, None] * rows[:, :, None] * rows[:, None, :], axis=0)
        spread = square / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
        likelihood = (rows @ beta - np.log(total))[flag].sum()
        return -(likelihood + np.linalg.slogdet(spread[flag].sum(axis=0))[1] / 2)

    return value


@pytest.mark.parametrize("added", [["marker"], ["rare", "marker"]])
def test_a_marker_is_tested_by_the_penalised_likelihood_where_a_column_separates(added):
    time, event, x = _rows(0.8, 60)
    rare = (~event) & (np.arange(60) % 2 == 0)  # a level without events
    columns, names = np.column_stack([x, rare]), ["age", "marker", "rare"]
    with pytest.raises(DataProblem, match="separation"):
        compare_nested(time, event, columns, names, added)
    ours = compare_nested(time, event, columns, names, added, "firth")
    value = _penalised(time + np.arange(60) * 1e-9, event, columns)
    free = [k for k, name in enumerate(names) if name not in added]

    def held(beta):
        whole = np.zeros(3)
        whole[free] = beta
        return value(whole)

    top = minimize(value, np.zeros(3), tol=1e-12).fun
    less = minimize(held, np.zeros(len(free)), tol=1e-12).fun
    assert ours.statistic == pytest.approx(2 * (less - top), abs=1e-5)
    assert ours.degrees_of_freedom == len(added)
    fit = fit_firth_cox(time, event, columns, names)
    if added == ["marker"]:
        assert ours.p_value == pytest.approx(fit.likelihood_ratio_p()[1], abs=1e-8)
        found = compare_refitted(time, event, columns, names, added, [12.0], 12.0, 12, 0, "firth")
        assert found.c[0] == estimate_concordance(time, event, fit.linear_predictor(columns)).c
        assert np.isfinite(found.c_difference.value)


def test_the_differences_are_those_of_the_two_predictions():
    time, event, x = _rows(0.7)
    with_, without = x @ [0.5, 0.7], x[:, 0]
    risk = 1 / (1 + np.exp(-with_))
    found = compare_frozen(time, event, (with_, without), (risk, risk), [12.0], 12.0, 40, seed=1)
    c = [estimate_concordance(time, event, lp).c for lp in (with_, without)]
    assert found.c == tuple(c)
    assert found.c_difference.value == c[0] - c[1]
    assert found.c_difference.lower < c[0] - c[1] < found.c_difference.upper
    known = [d for d in found.net_benefit if np.isfinite(d.lower)]
    assert known  # the same risks: nothing is gained, and nothing varies
    assert all(d.value == d.lower == d.upper == 0 for d in known)
    again = compare_frozen(time, event, (with_, without), (risk, risk), [12.0], 12.0, 40, seed=1)
    assert again.c_difference == found.c_difference


def test_a_bend_is_found_where_there_is_one():
    random = np.random.default_rng(8)
    x = random.uniform(-2, 2, 400)
    time = random.exponential(10 / np.exp(x**2))
    flat = random.normal(size=400)
    table = pd.DataFrame({"bent": x, "flat": flat, "group": random.choice(["a", "b"], 400)})
    terms = [Term("bent"), Term("flat"), Term("group", ("a", "b"))]
    bent, straight = estimate_spline_effects(time, np.ones(400), table, terms)
    assert (bent.name, straight.name) == ("bent", "flat")
    assert bent.curvature.p_value < 1e-6 < 0.05 < straight.curvature.p_value
    middle = np.argmin(np.abs(bent.grid - np.median(x)))
    assert bent.log_ratio[0] > bent.log_ratio[middle] < bent.log_ratio[-1]


def test_likelihood_ratios_equal_r():
    """lung: ph.ecog given age and sex, and the bend of age in the model of all three."""
    rows, theirs = lung(), R["added"]
    names = ["age", "female", "ph.ecog"]
    x = rows[names].to_numpy(float)
    test = compare_nested(rows["time"], rows["event"], x, names, ["ph.ecog"])
    assert test.statistic == pytest.approx(theirs["chisq"], abs=1e-8)
    assert test.p_value == pytest.approx(theirs["p"], abs=1e-10)
    terms = [Term("age"), Term("female"), Term("ph.ecog")]
    age = estimate_spline_effects(rows["time"], rows["event"], rows, terms)[0]
    assert age.curvature.statistic == pytest.approx(theirs["bend"], abs=1e-6)
