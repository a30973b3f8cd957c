import numpy as np
import pytest

from modeling.methods.concordance import estimate_concordance
from studies.methods.problems import DataProblem
from tests.modeling.survival_reference import close, every_dataset, survival, table, values


@every_dataset
def test_c_and_its_error_equal_r(name):
    theirs = values(name, "cox.json")["c_index_harrell"]
    lp = table(name, "cox_predictions.csv")["lp_uncentered"].to_numpy()
    ours = estimate_concordance(*survival(name), np.round(lp, 12))
    close(ours.c, theirs["c"], 1e-9)
    close(ours.std_error, theirs["se"], 1e-9)
    counts = theirs["counts"]
    assert (ours.concordant, ours.discordant, ours.tied_score, ours.tied_time) == tuple(
        counts[key] for key in ("concordant", "discordant", "tied.x", "tied.y")
    )


@every_dataset
def test_c_of_a_tied_marker_equals_r(name):
    theirs, meta = values(name, "cox.json")["marker_c"], values(name, "meta.json")
    marker = table(name, "input_complete.csv")[meta["marker"]].to_numpy(float)
    ours = estimate_concordance(*survival(name), -marker)  # R: higher = longer survival
    close(ours.c, theirs["c"], 1e-9)
    close(ours.std_error, theirs["se"], 1e-9)


def test_c_turns_over_with_the_score_and_ignores_monotone_change():
    random = np.random.default_rng(4)
    time, event, risk = (
        random.exponential(9, 700),
        random.random(700) < 0.6,
        random.normal(size=700),
    )
    c = estimate_concordance(time, event, risk).c
    assert estimate_concordance(time, event, -risk).c == pytest.approx(1 - c, abs=1e-12)
    assert estimate_concordance(time, event, np.exp(risk)).c == pytest.approx(c, abs=1e-12)


def test_c_refuses_when_no_pair_is_ordered():
    with pytest.raises(DataProblem, match="no pair"):
        estimate_concordance([1, 2, 3], [0, 0, 0], [1, 2, 3])


@every_dataset
def test_unos_c_and_its_error_equal_r(name):
    lp = np.round(table(name, "cox_predictions.csv")["lp_uncentered"].to_numpy(), 12)
    theirs = values(name, "cox.json")["c_index_uno"]
    ours = estimate_concordance(*survival(name), lp, "uno")
    close(ours.c, theirs["c"], 1e-9)
    close(ours.std_error, theirs["se"], 1e-9)
    close(ours.concordant, theirs["counts"]["concordant"], 1e-6)
    cut = values(name, "cox.json")["c_index_harrell_ymax_u"]
    horizon = values(name, "meta.json")["calibration_horizon"]
    ours = estimate_concordance(*survival(name), lp, horizon=horizon)
    close(ours.c, cut["c"], 1e-9)
    close(ours.std_error, cut["se"], 1e-9)
