import json

import numpy as np
import pandas as pd
import pytest

from modeling.methods.cox import fit_cox
from modeling.methods.design_matrix import build_design
from modeling.methods.nomogram import (
    build_nomogram,
    nomogram_as_dict,
    nomogram_from_dict,
    pretty_ticks,
)
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, design, every_dataset, survival, table, values


def _nomogram(name):
    meta, rows = values(name, "meta.json"), table(name, "input_complete.csv")
    columns = build_design(rows, meta["covariates"], meta["factors"])
    fit = fit_cox(*survival(name), columns.matrix, columns.names)
    return build_nomogram(fit, columns, rows, meta["times"]), rows


@every_dataset
def test_design_equals_model_matrix(name):
    meta, rows = values(name, "meta.json"), table(name, "input_complete.csv")
    matrix, names = design(name)
    ours = build_design(rows, meta["covariates"], meta["factors"])
    assert list(ours.names) == names
    np.testing.assert_array_equal(ours.matrix, matrix)


@every_dataset
def test_axes_equal_rms(name):
    ours, _ = _nomogram(name)
    theirs = values(name, "nomogram.json")
    assert [axis.name for axis in ours.axes] == list(theirs["axes"])
    for axis, expected in zip(ours.axes, theirs["axes"].values(), strict=True):
        shown = [f"{v:g}" if isinstance(v, float) else v for v in axis.values]
        assert shown == expected["values"]
        close(axis.linear, expected["xbeta"], 1e-8)
        close(axis.points, expected["points"], 1e-6)
    close(ours.points_per_unit, theirs["sc"], 1e-6)
    close(ours.intercept, theirs["intercept"], 1e-8)
    close(ours.center, theirs["center"], 1e-8)


@every_dataset
def test_total_to_survival_equals_rms(name):
    ours, theirs = _nomogram(name)[0], table(name, "nomogram_total_to_survival.csv")
    close(ours.linear_predictor(theirs["total_points"]), theirs["lp"], 1e-8)
    columns = [f"S{time:g}" for time in ours.times]
    close(ours.survival(theirs["total_points"]), theirs[columns].to_numpy(), 1e-8)


@every_dataset
def test_every_patient_equals_rms(name):
    ours, rows = _nomogram(name)
    theirs = table(name, "nomogram_patients.csv")
    total = ours.points(rows)["total_points"]
    close(total, theirs["total_points"], 1e-6)
    close(ours.linear_predictor(total), theirs["lp_rms"], 1e-8)
    columns = [f"S{time:g}" for time in ours.times]
    close(ours.survival(total), theirs[columns].to_numpy(), 1e-8)


@every_dataset
def test_inverse_finds_the_total_again(name):
    ours, theirs = _nomogram(name)[0], values(name, "nomogram.json")["fun_axes"]
    for time in ours.times:
        axis = theirs[f"S{time:g}"]
        total = ours.total_for(axis["at"], time)
        back = ours.survival(total)[:, ours.times.index(time)]
        close(back, axis["at"], 1e-12)
        close(total, axis["total_points"], 1e-3)  # rms reads its axis off a table of 1000 steps


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (39, 82, range(35, 90, 5)),
        (-24, 68, range(-30, 80, 10)),
        (0, 1, np.arange(0, 1.1, 0.1)),
        (0.13, 0.87, np.arange(0.1, 0.95, 0.1)),
        (0, 2380, range(0, 2600, 200)),
        (2.3, 9.4, np.arange(2, 10, 1)),
        (0.002, 0.0071, np.arange(0.002, 0.008, 0.0005)),
        (1, 33, range(0, 40, 5)),
    ],
)
def test_pretty_gives_the_ticks_of_r(low, high, ticks):
    np.testing.assert_allclose(
        pretty_ticks(low, high, 10)[: len(list(ticks))], list(ticks), atol=1e-12
    )


def test_nomogram_refuses_horizons_and_values_it_does_not_know():
    random = np.random.default_rng(5)
    rows = pd.DataFrame({"age": random.normal(60, 9, 80), "sex": random.choice(["m", "f"], 80)})
    columns = build_design(rows, ["age", "sex"], {"sex": ["m", "f"]})
    time = random.exponential(20, 80)
    fit = fit_cox(time, np.ones(80), columns.matrix, columns.names)
    with pytest.raises(DataProblem, match="beyond follow-up"):
        build_nomogram(fit, columns, rows, [1e6])
    nomogram = build_nomogram(fit, columns, rows, [10])
    with pytest.raises(DataProblem, match="level"):
        nomogram.points(pd.DataFrame({"age": [50.0], "sex": ["other"]}))
    with pytest.raises(DataProblem, match="without a number"):
        nomogram.points(pd.DataFrame({"age": [np.nan], "sex": ["m"]}))


def test_nomogram_survives_json():
    random = np.random.default_rng(5)
    rows = pd.DataFrame({"age": random.normal(60, 9, 80), "sex": random.choice(["m", "f"], 80)})
    columns = build_design(rows, ["age", "sex"], {"sex": ["m", "f"]})
    fit = fit_cox(random.exponential(20, 80), np.ones(80), columns.matrix, columns.names)
    nomogram = build_nomogram(fit, columns, rows, [5, 10])
    again = nomogram_from_dict(json.loads(json.dumps(nomogram_as_dict(nomogram))))
    total = nomogram.points(rows)["total_points"]
    np.testing.assert_array_equal(again.points(rows)["total_points"], total)
    np.testing.assert_array_equal(again.survival(total), nomogram.survival(total))
