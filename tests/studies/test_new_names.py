"""A name that nobody said before, and the known one that it may be a slip of."""

from __future__ import annotations

import pytest

from studies.methods.new_names import nearest_name


@pytest.mark.parametrize(
    ("name", "known", "nearest"),
    [
        ("Nroth", {"North": 5, "South": 9}, "North"),
        ("north-clinic", {"North Clinic": 1, "North": 9}, "North Clinic"),
        ("North Clinic", {"North": 1, "South": 2}, "North"),
        ("Zürich", {"Zurich": 1, "Munich": 1}, "Zurich"),
        ("Nor", {"North": 1, "Norway": 3}, "North"),
        ("Bern", {"Bonn": 1, "Born": 1, "Berg": 2}, "Berg"),
        ("North", {"South": 9}, ""),
        ("Xi'an", {"North": 1}, ""),
        ("北京医院", {"北京协和医院": 3, "上海医院": 1}, "北京协和医院"),
        (".", {"North": 1}, ""),
        ("North", {}, ""),
    ],
)
def test_a_slip_is_near_what_was_meant(name: str, known: dict[str, int], nearest: str) -> None:
    assert nearest_name(name, known) == nearest
