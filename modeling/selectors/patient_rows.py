"""Where stored results hold a number per patient, and what is left without them (decision 0006).

A path names its way by dots; ``[]`` goes through a list. What ends in ``groups`` or ``bins`` is of
groups of patients: only those of too few lose their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studies.patient_figures import FEWEST

RESULTS_OF_A_RUN = (
    "schoenfeld.time", "schoenfeld.transformed", "schoenfeld.scaled",
    "fixed_columns.instability.predicted", "fixed_columns.instability.resampled",
    "fixed_columns.groups", "classifiers[].calibration.bins",
)  # fmt: skip
METRICS = ("predicted", "calibration.groups", "calibration.bins")
CONTENT_OF_A_VERSION = ("support.together.distances",)
EXAMINED = ("groups",)
DIFFERENCES = ("[].place", "[].stored", "[].again")  # a place may be a pseudonym
OF_GROUPS = ("groups", "bins")


def without_patients(stored: Any, paths: Sequence[str]) -> tuple[Any, list[str]]:
    """``stored`` with null at the paths that are there, and which of them those are."""
    gone = []
    for path in paths:
        left = _without(stored, path.replace("[]", ".[]").lstrip(".").split("."))
        if left is not stored:
            gone.append(path)
            stored = left
    return stored, gone


def _without(part: Any, names: Sequence[str]) -> Any:
    """The same object where nothing is left out."""
    name, *rest = names
    if name == "[]" and isinstance(part, list):
        left = [_without(one, rest) for one in part]
        return part if all(a is b for a, b in zip(left, part, strict=True)) else left
    if not isinstance(part, Mapping) or part.get(name) is None:
        return part
    if not rest:
        found = _of_enough(part[name]) if name in OF_GROUPS else None
    else:
        found = _without(part[name], rest)
    return part if found is part[name] else {**part, name: found}


def _of_enough(groups: Any) -> Any:
    """Groups of too few keep their size alone; a table by columns goes whole, of two groups that
    are compared the one that is too small.
    """
    if isinstance(groups, Mapping):
        return None if any(0 < n < FEWEST for n in groups.get("n") or ()) else groups
    left = [_enough(one) for one in groups]
    return groups if all(a is b for a, b in zip(left, groups, strict=True)) else left


def _enough(group: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same object where it is of enough."""
    if "n_first" in group:
        gone = [side for side in ("first", "other") if 0 < group[f"n_{side}"] < FEWEST]
        return {**group, **dict.fromkeys(gone)} if gone else group
    if not 0 < _size(group) < FEWEST:
        return group
    return {key: value if key == "n" else None for key, value in group.items()}


def _size(group: Mapping[str, Any]) -> int:
    of_a_share = group.get("observed")
    stated = of_a_share.get("n") if isinstance(of_a_share, Mapping) else group.get("n")
    return int(stated or 0)
