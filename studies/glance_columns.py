"""Columns of the study at a glance from arrays: numbers, levels, survival times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.methods.histogram import round_edges
from studies.methods.selection import (
    CATEGORY,
    CENSORED,
    EVENT,
    NUMBER,
    SURVIVAL,
    Column,
)

Places = NDArray[np.int64]


def number_column(
    key: str, title: str, group: str, values: NDArray[np.float64], unit: str = "",
    limits: NDArray[np.int8] | None = None,
) -> Column:  # fmt: skip
    known = np.isfinite(values)
    kept = None if limits is None or not limits[known].any() else np.where(known, limits, 0)
    exact = known if kept is None else known & (kept == 0)
    return Column(
        key, title, NUMBER, group, unit, values=values,
        limits=None if kept is None else kept.astype(np.int8), edges=round_edges(values[exact]),
    )  # fmt: skip


def level_column(
    key: str, title: str, group: str, texts: list[str], placed: Places, labels: Mapping[str, str],
    unnamed: str = "",
) -> Column:  # fmt: skip
    """Levels of ``labels`` in their order, then what else occurs, marked by ``unnamed``."""
    occurring = {texts[place] for place in np.unique(placed) if place >= 0}
    others = sorted(occurring - set(labels))
    levels = [*labels.items(), *((code, f"{code}{unnamed}") for code in others)]
    place_of = {text: place for place, text in enumerate(texts)}
    held = np.array(
        [
            placed == place_of[code] if code in place_of else np.zeros(placed.size, dtype=bool)
            for code, _ in levels
        ],
        dtype=bool,
    ).reshape(len(levels), placed.size)
    return Column(key, title, CATEGORY, group, levels=tuple(levels), held=held)


def survival_column(
    key: str, title: str, group: str, months: NDArray[np.float64], event: NDArray[np.bool_]
) -> Column:
    known = np.isfinite(months)
    return Column(
        key, title, SURVIVAL, group, "months",
        levels=((EVENT, "event"), (CENSORED, "censored")),
        held=np.array([known & event, known & ~event]), values=months,
    )  # fmt: skip


def places_of(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[Places, Any]:
    """Where each wanted id stands in ``ids``, and whether it does."""
    if ids.size == 0:
        return np.zeros(wanted.size, dtype=np.int64), np.zeros(wanted.size, dtype=bool)
    at = np.minimum(np.searchsorted(ids, wanted), ids.size - 1)
    return at, ids[at] == wanted


def spread(found: NDArray[np.float64], at: Places, there: Any, size: int) -> NDArray[np.float64]:
    values = np.full(size, np.nan)
    values[at[there]] = found[there]
    return values
