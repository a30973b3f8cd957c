"""ComBat against R sva 3.46, frozen and applied; batches that go with what must stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studies.methods.batch_confounding import check_confounding, cramers_v
from studies.methods.combat import apply_combat, check_batches, fit_combat
from studies.methods.problems import DataProblem

RNG = np.random.default_rng(7)
VALUES = RNG.normal(6, 1, size=(30, 50)) + np.repeat([[0.0], [1.5]], 15, axis=0)
BATCHES = ["a"] * 15 + ["b"] * 15


@pytest.mark.parametrize("covariate", [False, True])
def test_combat_equals_sva_3_46(shared: Path, covariate: bool) -> None:
    folder = shared / "data" / "genomics" / "reference"
    values = pd.read_csv(folder / "combat_in.csv", index_col=0).to_numpy().T
    meta = pd.read_csv(folder / "combat_meta.csv", index_col=0)
    name = "combat_sva_cov" if covariate else "combat_sva_nocov"
    expected = pd.read_csv(folder / f"{name}.csv", index_col=0).to_numpy().T
    batches, extra = meta["batch"].astype(str).tolist(), None
    if covariate:
        extra = meta[["cov"]].to_numpy(dtype=float)
    fit = fit_combat([values[:, :60], values[:, 60:]], batches, extra, ["cov"])  # two blocks
    assert np.abs(apply_combat(fit, values, batches, extra) - expected).max() < 1e-6


def test_a_frozen_fit_treats_a_new_specimen_as_it_treated_its_own() -> None:
    fit = fit_combat([VALUES], BATCHES)
    together = apply_combat(fit, VALUES, BATCHES)
    alone = np.vstack([apply_combat(fit, VALUES[[k]], [BATCHES[k]]) for k in range(30)])
    np.testing.assert_array_equal(alone, together)
    some = apply_combat(fit, VALUES[:, [3, 40]], BATCHES, genes=[3, 40])
    np.testing.assert_array_equal(some, together[:, [3, 40]])
    gap = VALUES[:15].mean() - VALUES[15:].mean()
    assert abs(together[:15].mean() - together[15:].mean()) < 0.02 * abs(gap)


def test_the_order_of_specimens_changes_nothing() -> None:
    order = RNG.permutation(30)
    shuffled = [BATCHES[k] for k in order]
    fit, other = fit_combat([VALUES], BATCHES), fit_combat([VALUES[order]], shuffled)
    np.testing.assert_allclose(
        apply_combat(other, VALUES, BATCHES), apply_combat(fit, VALUES, BATCHES), atol=1e-9
    )


def test_a_gene_that_stands_still_in_a_batch_is_left_as_it_is() -> None:
    values = VALUES.copy()
    values[:15, 4] = 0.0
    corrected = apply_combat(fit_combat([values], BATCHES), values, BATCHES)
    np.testing.assert_array_equal(corrected[:, 4], values[:, 4])


def test_an_unseen_batch_is_refused_or_left() -> None:
    fit = fit_combat([VALUES], BATCHES)
    with pytest.raises(DataProblem, match="batch c"):
        apply_combat(fit, VALUES[:2], ["a", "c"])
    left = apply_combat(fit, VALUES[:2], ["a", "c"], unseen="uncorrected")
    np.testing.assert_array_equal(left[1], VALUES[1])
    assert [n.code for n in check_batches(fit, ["a", "c"], "uncorrected")] == ["batch_unseen"]


@pytest.mark.parametrize("batches", [["a"] * 30, ["a"] * 28 + ["b"] * 2])
def test_too_few_of_a_batch_are_refused(batches: list[str]) -> None:
    with pytest.raises(DataProblem):
        fit_combat([VALUES], batches)


@pytest.mark.parametrize(
    ("response", "refused"),
    [
        (["PD"] * 15 + ["PR"] * 15, True),  # the batch is the response
        (["PD"] * 13 + ["PR"] * 15 + ["PD"] * 2, True),  # nearly
        (["PD", "PR", "SD"] * 10, False),
        ([None] * 14 + ["PR"] + [None] * 15, False),  # one level known
    ],
)
def test_batches_that_go_with_an_outcome_are_refused(
    response: list[str | None], refused: bool
) -> None:
    if not refused:
        check_confounding(BATCHES, {"response": response})
        return
    with pytest.raises(DataProblem, match="response"):
        check_confounding(BATCHES, {"response": response})


def test_cramers_v_is_0_when_apart_and_1_when_one() -> None:
    assert cramers_v(np.array([[10, 10], [10, 10]]))[0] == 0
    assert cramers_v(np.array([[20, 0], [0, 20]]))[0] == pytest.approx(1)
