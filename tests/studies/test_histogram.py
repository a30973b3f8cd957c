"""Bars of a histogram hold every value once, at round edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.methods.histogram import round_edges

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4))


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_every_value_lies_in_one_bar(values: list[float]):
    edges = np.array(round_edges(values))
    assert (np.diff(edges) > 0).all()
    assert edges.size <= 20
    assert np.histogram(values, edges)[0].sum() == len(values)
    assert max(values) < edges[-1]


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([], ()),
        ([3, 1, 2], (1, 2, 3, 4)),
        ([0.5, 30, 900], (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
        ([30, 61, 89], (30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90)),
    ],
)
def test_edges_are_round(values: list[float], edges: tuple[float, ...]):
    assert round_edges(values) == pytest.approx(edges)
