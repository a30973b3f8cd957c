"""A patient read on a stored nomogram: R's numbers, the rulers' points, and who it speaks of."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.nomogram_reading import nomogram_stored, read_nomogram
from modeling.methods.prognosis import fit_prognosis
from modeling.methods.prognosis_plan import PrognosisPlan
from modeling.publication.r_script import write_report_script
from modeling.services.prognosis_metrics import nomogram_content
from studies.methods.problems import DataProblem


@pytest.fixture(scope="module")
def made():
    random = np.random.default_rng(5)
    n = 160
    table = pd.DataFrame({"score": random.uniform(0, 1, n), "age": random.normal(60, 9, n),
                          "stage": random.choice(["I", "II", "III"], n)})  # fmt: skip
    risk = np.exp(-2 * table["score"] + 0.03 * (table["age"] - 60) + (table["stage"] == "III"))
    time = random.exponential(20 / risk)
    event, time = (time < 48) & (random.random(n) < 0.9), np.minimum(time, 48)
    plan = PrognosisPlan(("age",), ("score", "stage"), {"stage": ("I", "II", "III")}, (12.0, 24.0))
    fit = fit_prognosis(table, time, event, plan)
    content = json.loads(json.dumps(nomogram_content(fit, "overall_survival", {})))
    return table, time, event, fit, nomogram_stored(content)


def test_a_reading_is_the_model_and_its_rulers(made):
    table, time, event, fit, stored = made
    for k in (0, 7, 99):
        row = table.iloc[k][[axis.name for axis in stored.nomogram.axes]].to_dict()
        told = read_nomogram(stored, row)
        points = fit.nomogram.points(table.iloc[[k]]).iloc[0]
        assert told.total_points == pytest.approx(points["total_points"], abs=1e-9)
        by_rulers = fit.nomogram.survival([told.total_points])[0]
        np.testing.assert_allclose(told.survival.survival[0], by_rulers, atol=1e-10)
        whole = fit_cox(time, event, _design(fit, table), fit.cox.names)
        theirs = whole.survival_interval(_design(fit, table)[[k]], stored.nomogram.times)
        np.testing.assert_allclose(told.survival.lower, theirs.lower, atol=1e-10)
        np.testing.assert_allclose(told.survival.upper, theirs.upper, atol=1e-10)
        assert told.applicability is not None


def _design(fit, table):
    return np.column_stack(
        [table[t.name] if not t.levels else np.column_stack(
            [(table[t.name] == level).astype(float) for level in t.levels[1:]]) for t in fit.terms]
    )  # fmt: skip


def test_the_curve_falls_from_one_inside_its_band(made):
    told = read_nomogram(made[4], _usual(made[4]))
    s, low, high = (part[0] for part in (told.curve.survival, told.curve.lower, told.curve.upper))
    assert (s[0], low[0], high[0]) == (1.0, 1.0, 1.0)
    assert (np.diff(s) <= 0).all()
    assert ((low <= s) & (s <= high)).all()
    assert told.curve_times[-1] == made[4].baseline.last_follow_up


def _usual(stored):
    return {v.name: v.usual for v in stored.support.variables}


def test_who_is_unlike_the_fitting_rows_is_told(made):
    stored = made[4]
    inside = read_nomogram(stored, _usual(stored)).applicability
    assert inside.inside
    assert inside.reasons == ()
    far = read_nomogram(stored, {**_usual(stored), "score": 1.9}).applicability
    assert not far.inside
    assert any("score" in reason and "outside the range" in reason for reason in far.reasons)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"score": None}, "score"), ({"score": float("nan")}, "score"), ({"stage": "IV"}, "stage"),
     ({"grade": 2.0}, "grade")],
)  # fmt: skip
def test_values_that_are_none_are_refused_by_name(made, change, named):
    with pytest.raises(DataProblem) as refusal:
        read_nomogram(made[4], {**_usual(made[4]), **change})
    told = refusal.value.problems[0]
    assert named in (told.column, told.found)


def test_the_script_of_a_report_agrees_in_r(made, rscript, tmp_path):
    """It fits the Cox model again (and stops where a coefficient differs) and reads survival."""
    table, time, event, fit, stored = made
    content = nomogram_content(fit, "overall_survival", {})
    model = {**content, "name": 'Nomogram "1"', "snapshot_sha256": "a" * 64}
    script, rows = tmp_path / "analysis.R", tmp_path / "fit_overall_survival.csv"
    script.write_text(write_report_script([json.loads(json.dumps(model))]), "utf-8")
    table.assign(duration_months=time, event=event).to_csv(rows, index=False)
    answer = subprocess.run([rscript, str(script), str(rows)], cwd=tmp_path, capture_output=True,
                            text=True, check=False)  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "largest difference of a coefficient" in answer.stdout
    assert "survival probabilities" in answer.stdout
    assert not answer.stderr  # no warning
    theirs = pd.read_csv(tmp_path / "r_survival_overall_survival.csv")
    ours = stored.nomogram.survival(theirs["total_points"])
    np.testing.assert_allclose(theirs[["survival_12", "survival_24"]].to_numpy(), ours, atol=1e-10)
