"""The declared scale against values of each kind; CPM and TPM from their definitions."""

import numpy as np
import pandas as pd
import pytest

from genomics.methods.scale import check_scale, estimate_scale
from studies.methods.problems import DataProblem

rng = np.random.default_rng(8)
COUNTS = rng.poisson(np.exp(rng.normal(3, 2, size=(400, 1))), size=(400, 6)).astype(float)
CPM = COUNTS / COUNTS.sum(axis=0) * 1e6
LENGTHS_KB = rng.uniform(0.5, 5, size=(400, 1))
TPM = COUNTS / LENGTHS_KB / (COUNTS / LENGTHS_KB).sum(axis=0) * 1e6
TABLES = {"counts": COUNTS, "cpm": CPM, "tpm": TPM, "log": np.log2(CPM + 1)}


def codes(values, declared):
    return {notice.code for notice in check_scale(values, declared)}


@pytest.mark.parametrize("scale", TABLES)
def test_scale_accepts_what_is_declared_truly(scale):
    assert codes(TABLES[scale], scale) == {"ranks_only"}


@pytest.mark.parametrize(
    ("values", "declared"),
    [("log", "counts"), ("log", "tpm"), ("counts", "log"), ("tpm", "log"), ("counts", "cpm")],
)
def test_scale_refuses_a_contradiction(values, declared):
    with pytest.raises(DataProblem, match="scale"):
        check_scale(TABLES[values], declared)


@pytest.mark.parametrize(
    ("values", "declared", "code"),
    [
        (CPM, "counts", "scale_per_million"),
        (COUNTS + 0.25, "counts", "scale_fractional_counts"),
        (CPM[:200], "tpm", "scale_partial_total"),
        (COUNTS * [1, 1, 1, 1, 1, 60], "counts", "scale_uneven_depth"),
    ],
)
def test_scale_says_what_is_unusual(values, declared, code):
    assert code in codes(values, declared)


def test_scale_refuses_an_unknown_name():
    with pytest.raises(DataProblem, match="counts, cpm, tpm, log"):
        check_scale(COUNTS, "fpkm")


def test_scale_of_real_counts(shared):
    path = shared / "data" / "genomics" / "crc_tcga_subset" / "crcTCGAsubset_expr.csv.gz"
    values = pd.read_csv(path, index_col=0, nrows=3000).to_numpy(dtype=float)
    assert estimate_scale(values) == "counts"
    assert estimate_scale(np.log2(values + 0.5)) == "log"
