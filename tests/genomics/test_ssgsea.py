"""ssGSEA against R GSVA 1.46, the definition written out gene by gene, and its laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomics.methods.ssgsea import ssgsea
from studies.methods.problems import DataProblem

TIES = ["order_invariant", "gsva_compatible"]


@pytest.fixture
def small(shared):
    folder = shared / "data" / "genomics" / "reference"
    values = pd.read_csv(folder / "small_expr.csv", index_col=0)
    sets = pd.read_csv(folder / "small_sets.csv")
    expected = pd.read_csv(folder / "small_ssgsea_gsva146_normFALSE.csv", index_col=0)
    rows = [
        [
            values.index.get_loc(g)
            for g in sets.loc[sets["set"] == name, "gene"]
            if g in values.index
        ]
        for name in expected.index
    ]
    return values.to_numpy(), rows, expected.to_numpy()


def test_ssgsea_gsva_compatible_equals_gsva_1_46(small):
    values, rows, expected = small
    assert np.abs(ssgsea(values, rows, "gsva_compatible") - expected).max() < 1e-11


def test_ssgsea_order_invariant_differs_from_gsva_1_46_only_where_genes_tie(small):
    values, rows, expected = small
    untied = [len(np.unique(column)) == len(column) for column in values.T]
    difference = np.abs(ssgsea(values, rows) - expected)[:, untied]
    assert difference.shape[1] > 0
    assert difference.max() < 1e-11


def walk(column, genes):
    """The definition step by step, ties by row order, as R's order(decreasing=TRUE)."""
    n = len(column)
    rank = pd.Series(column).rank().astype(int).to_numpy()
    order = sorted(range(n), key=lambda g: -rank[g])  # stable
    weights = np.array([rank[g] ** 0.25 if g in genes else 0.0 for g in order])
    inside = np.cumsum(weights) / weights.sum()
    outside = np.cumsum([g not in genes for g in order]) / (n - len(genes))
    return float((inside - outside).sum())


def test_ssgsea_gsva_compatible_walks_through_tied_counts_in_row_order():
    rng = np.random.default_rng(5)
    counts = rng.poisson(1.5, size=(300, 9)).astype(float)
    genes = [3, 50, 51, 120, 299]
    expected = [walk(counts[:, j], set(genes)) for j in range(9)]
    np.testing.assert_allclose(ssgsea(counts, [genes], "gsva_compatible")[0], expected, atol=1e-11)


counts = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).poisson(2.0, size=(80, 7)).astype(float)
)


@given(counts, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_ssgsea_does_not_depend_on_the_order_of_genes_or_specimens(values, random):
    sets = [[1, 5, 9], [0, 20, 40, 60, 79]]
    genes, columns = list(range(80)), list(range(7))
    random.shuffle(genes)
    random.shuffle(columns)
    place = {gene: row for row, gene in enumerate(genes)}
    shuffled = ssgsea(values[genes][:, columns], [[place[g] for g in s] for s in sets])
    np.testing.assert_allclose(shuffled, ssgsea(values, sets)[:, columns], atol=1e-11)


@given(counts)
@settings(max_examples=20, deadline=None)
def test_ssgsea_uses_ranks_only(values):
    sets = [[2, 3, 4]]
    np.testing.assert_array_equal(ssgsea(np.log2(values + 1), sets), ssgsea(values, sets))
    np.testing.assert_array_equal(ssgsea(values * 3.0, sets), ssgsea(values, sets))


@pytest.mark.parametrize("ties", TIES)
def test_ssgsea_rises_with_the_sets_own_genes(ties):
    """The sign trap: positions counted from the wrong end swap hot and cold without failing."""
    values = np.tile(np.arange(100.0)[:, None], (1, 2))
    top, bottom = list(range(90, 100)), list(range(10))
    scores = ssgsea(values, [top, bottom], ties)
    assert (scores[0] > 0).all()
    assert (scores[1] < 0).all()
    values[:10, 1] = 200.0
    assert ssgsea(values, [bottom], ties)[0, 1] > ssgsea(values, [bottom], ties)[0, 0]


def test_ssgsea_works_in_blocks_as_in_one_piece():
    values = np.random.default_rng(1).normal(size=(50, 150))
    alone = np.hstack([ssgsea(values[:, [j]], [[0, 1, 2]]) for j in range(150)])
    whole = ssgsea(values, [[0, 1, 2]], threads=1)
    np.testing.assert_allclose(whole, alone, atol=1e-12)
    np.testing.assert_array_equal(whole, ssgsea(values, [[0, 1, 2]], threads=3))


@pytest.mark.parametrize("order", ["C", "F"])
def test_ssgsea_leaves_its_input_alone(order):
    values = np.array(np.random.default_rng(2).normal(size=(30, 5)), order=order)
    before = values.copy()
    ssgsea(values, [[0, 1]])
    np.testing.assert_array_equal(values, before)


def test_ssgsea_allows_a_set_of_one_gene():
    values = np.arange(10.0)[:, None]
    assert ssgsea(values, [[9]])[0, 0] == pytest.approx(10 - (55 - 10) / 9)


@pytest.mark.parametrize(
    ("values", "sets"),
    [
        (np.array([[1.0], [np.nan]]), [[0]]),
        (np.ones((3, 1)), [[]]),
        (np.ones((3, 1)), [[0, 1, 2]]),
        (np.ones((3, 1)), []),
        (np.ones((0, 1)), [[0]]),
    ],
)
def test_ssgsea_refuses_what_has_no_score(values, sets):
    with pytest.raises(DataProblem):
        ssgsea(values, sets)


def test_ssgsea_refuses_an_unknown_rule_for_ties():
    with pytest.raises(DataProblem, match="order_invariant"):
        ssgsea(np.eye(3), [[0]], "first")
