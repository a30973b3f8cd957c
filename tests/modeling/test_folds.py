import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.methods.folds import assign_folds, split_pairs
from studies.methods.problems import DataProblem


def keys(n):
    return [f"P-{i:03d}" for i in range(n)]


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 60), st.integers(10, 60), st.integers(2, 6), st.integers(0, 10_000))
def test_folds_are_level_in_size_and_class(ones, zeros, folds, seed):
    y = np.repeat([1, 0], [ones, zeros])
    table = assign_folds(keys(ones + zeros), y, folds, 2, seed)
    for row in table:
        for members in (row, row[y == 1], row[y == 0]):
            counts = np.bincount(members, minlength=folds)
            assert np.ptp(counts) <= 1


def test_row_order_changes_nothing():
    y = np.arange(40) % 2
    shuffled = np.random.default_rng(0).permutation(40)
    table = assign_folds(keys(40), y, 5, 3, 7)
    again = assign_folds([keys(40)[i] for i in shuffled], y[shuffled], 5, 3, 7)
    np.testing.assert_array_equal(again, table[:, shuffled])


def test_repeats_and_seeds_differ():
    y = np.arange(40) % 2
    table = assign_folds(keys(40), y, 5, 2, 1)
    assert (table[0] != table[1]).any()
    assert (assign_folds(keys(40), y, 5, 2, 2) != table).any()


def test_each_patient_is_held_out_once():
    fold = assign_folds(keys(23), np.arange(23) % 2, 5)[0]
    held = np.concatenate([test for _, test in split_pairs(fold)])
    assert sorted(held) == list(range(23))
    assert all(not set(fit) & set(test) for fit, test in split_pairs(fold))


def test_refuses_too_few_of_a_class():
    with pytest.raises(DataProblem, match="2 positive and 8 negative"):
        assign_folds(keys(10), [1, 1] + [0] * 8, 5)


def test_refuses_a_patient_twice():
    with pytest.raises(DataProblem, match="one row per patient"):
        assign_folds(["A", "A", "B", "C"], [0, 1, 0, 1], 2)
