"""A cohort like training is passed in silence; one from elsewhere is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genomics.methods.phenotype import CORE, PhenotypeFit, apply_phenotype, fit_phenotype
from genomics.methods.phenotype_shift import check_shift

CELLS = (*CORE, "Macrophages", "Mast cells")


def drawn(n: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    hot = np.where(np.arange(n) % 2, 1.0, -1.0)[:, None]
    values = rng.normal(shift, 1, size=(n, len(CELLS))) + 1.5 * hot
    return pd.DataFrame(values, index=[f"s{seed}_{k}" for k in range(n)], columns=list(CELLS))


@pytest.fixture(scope="module")
def fit() -> PhenotypeFit:
    return fit_phenotype(drawn(60, 0), subsamples=20, compared_counts=[2])


def codes(fit: PhenotypeFit, table: pd.DataFrame) -> set[str]:
    return {n.code for n in check_shift(fit, table, pd.Series("a cohort", index=table.index))}


def test_training_itself_is_never_unusual_and_keeps_its_labels(fit: PhenotypeFit) -> None:
    found = apply_phenotype(fit, drawn(60, 0))
    assert not found["unusual"].any()
    assert found["distance"].max() == pytest.approx(fit.farthest)
    assert found["label"].value_counts().tolist() == sorted(fit.sizes, reverse=True)


def test_a_cohort_like_training_is_passed_in_silence(fit: PhenotypeFit) -> None:
    assert codes(fit, drawn(40, 1)) == set()


def test_a_cohort_from_elsewhere_is_named(fit: PhenotypeFit) -> None:
    assert codes(fit, drawn(40, 1, shift=5)) == {
        "phenotype_out_of_distribution",
        "phenotype_cohort_shift",
    }


def test_a_fit_of_before_knows_no_farthest_and_marks_nobody(fit: PhenotypeFit) -> None:
    stored = fit.as_dict()
    del stored["farthest"]
    assert not apply_phenotype(PhenotypeFit.from_dict(stored), drawn(5, 1, 9))["unusual"].any()
