"""A real trial (stage B/C colon cancer) from its table to a nomogram, with no database."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.figures.nomogram import draw_nomogram
from modeling.methods.cox import fit_cox
from modeling.methods.design_matrix import build_design
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.log_rank import compare_log_rank
from modeling.methods.nomogram import build_nomogram
from modeling.methods.prognosis import apply_prognosis, fit_prognosis
from modeling.methods.prognosis_evaluation import evaluate_prognosis
from modeling.methods.prognosis_plan import PrognosisPlan
from studies.figures.render import render_svg


@pytest.fixture(scope="module")
def colon(shared):
    folder = shared / "reference" / "stats" / "colon_os"
    if not folder.is_dir():
        pytest.skip("the colon cancer table is absent")
    return pd.read_csv(folder / "input_complete.csv"), json.loads(
        (folder / "meta.json").read_text()
    ), json.loads((folder / "nomogram.json").read_text())  # fmt: skip


def test_from_table_to_cox_and_nomogram(colon):
    rows, meta, theirs = colon
    design = build_design(rows, meta["covariates"], meta["factors"])
    fit = fit_cox(rows["time"], rows["event"], design.matrix, design.names)
    nomogram = build_nomogram(fit, design, rows, meta["times"])
    assert [axis.name for axis in nomogram.axes] == meta["covariates"]
    assert nomogram.points_per_unit == pytest.approx(theirs["sc"], abs=1e-6)
    total = nomogram.points(rows)["total_points"]
    survival = nomogram.survival(total)
    np.testing.assert_allclose(survival, fit.survival(design.matrix, meta["times"]), atol=1e-10)
    assert (np.diff(survival, axis=1) <= 0).all()
    assert "Total points" in render_svg(draw_nomogram(nomogram, "Colon cancer", unit="days"))


def test_treatment_arms_differ_as_published(colon):
    rows, _, _ = colon
    test = compare_log_rank(rows["time"], rows["event"], rows["rx"])
    assert test.p_value < 0.01
    groups = [
        SurvivalGroup(arm, arm, estimate_kaplan_meier(part["time"] / 30.4375, part["event"]))
        for arm, part in rows.groupby("rx", sort=False)
    ]
    figure = draw_kaplan_meier(groups, "Colon cancer", test=f"log-rank p = {test.p_value:.4f}")
    assert "Number at risk" in render_svg(figure)


def test_prognosis_of_one_half_holds_in_the_other(colon):
    rows, meta, _ = colon
    months, event = rows["time"].to_numpy() / 30.4375, rows["event"].to_numpy() == 1
    factors = {name: tuple(levels) for name, levels in meta["factors"].items()}
    candidates = tuple(name for name in meta["covariates"] if name != "nodes")
    plan = PrognosisPlan(candidates, ("nodes",), factors, (12.0, 24.0, 36.0))
    first = np.arange(len(rows)) % 2 == 0
    fit = fit_prognosis(rows[first], months[first], event[first], plan, seed=1)
    again = fit_prognosis(rows[first], months[first], event[first], plan, seed=1)
    np.testing.assert_array_equal(fit.cox.coefficients, again.cox.coefficients)
    assert "nodes" in fit.columns
    lp = apply_prognosis(fit, rows[~first])
    survival = np.exp(-np.outer(np.exp(lp), fit.cox.baseline_at(plan.times)))
    judged = evaluate_prognosis(months[~first], event[~first], lp, survival, plan.times, 24.0)
    assert 0.58 < judged.concordance.c < 0.75
    assert all(0.58 < auc.auc < 0.85 for auc in judged.auc)
    assert 0.6 < judged.calibration.slope < 1.4
    assert 0.8 < judged.calibration.observed_expected < 1.25
