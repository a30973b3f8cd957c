"""Two trees of stored results, number by number: equal, near, or different and where."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SHOWN = 200


@dataclass(frozen=True)
class Difference:
    """A place where two results say different things; texts and gaps have no ``size``."""

    place: str
    stored: Any
    again: Any
    size: float | None


@dataclass(frozen=True)
class Comparison:
    """``compared`` leaves; ``largest`` difference of numbers; the places that differ at all."""

    compared: int
    largest: float
    different: int
    beyond: int
    differences: tuple[Difference, ...]

    @property
    def verdict(self) -> str:
        if self.different == 0:
            return "equal"
        return "different" if self.beyond else "within_tolerance"


def compare_numbers(stored: Any, again: Any, tolerance: float = 1e-9) -> Comparison:
    """Every leaf of two trees of dictionaries, lists, numbers, texts and None.

    Parameters
    ----------
    stored, again : tree
        What was written down, and what came out now.
    tolerance : float
        Largest absolute difference of two numbers that still counts as near.

    Returns
    -------
    Comparison
        ``differences`` holds those beyond the tolerance first, at most 200. A missing key, a
        length or a type that differs, and a NaN on either side are beyond any tolerance.

    Raises
    ------
    ValueError
        A tolerance that is negative or no number.
    """
    if not tolerance >= 0:
        raise ValueError("the tolerance is a number from 0 on")
    compared, largest, beyond = 0, 0.0, 0
    found: list[Difference] = []
    for place, one, other in _leaves("", stored, again):
        compared += 1
        if _same(one, other):
            continue
        size = _size(one, other)
        beyond += size is None or size > tolerance
        largest = max(largest, size or 0.0)
        found.append(Difference(place, one, other, size))
    found.sort(key=lambda d: -(math.inf if d.size is None else d.size))
    return Comparison(compared, largest, len(found), beyond, tuple(found[:SHOWN]))


_ABSENT = "(absent)"


def _leaves(place: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}, key=str):
            yield from _leaves(
                f"{place}.{key}".lstrip("."), one.get(key, _ABSENT), other.get(key, _ABSENT)
            )
    elif _is_list(one) and _is_list(other):
        for index in range(max(len(one), len(other))):
            yield from _leaves(
                f"{place}[{index}]",
                one[index] if index < len(one) else _ABSENT,
                other[index] if index < len(other) else _ABSENT,
            )
    else:
        yield place, one, other


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    if _is_number(one) and _is_number(other):
        return one == other
    return type(one) is type(other) and one == other


def _size(one: Any, other: Any) -> float | None:
    if _is_number(one) and _is_number(other):
        size = abs(float(one) - float(other))
        return size if math.isfinite(size) else None
    return None
