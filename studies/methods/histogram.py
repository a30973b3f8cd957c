"""Where the bars of a histogram begin: round numbers that hold every value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

FEW_VALUES = 12
MOST_BARS = 16
LONG_TAIL = 25.0  # largest over middle value from which steps grow by 1, 2, 5, 10


def round_edges(values: ArrayLike) -> tuple[float, ...]:
    """Ascending edges of half-open bars: edge ≤ value < next edge holds for every value.

    Few whole numbers have a bar each; a long tail above zero has bars that grow by 1, 2, 5, 10;
    anything else has equal bars of a round width.

    Parameters
    ----------
    values : array, shape (n,)
        Finite; in the unit of the variable.

    Returns
    -------
    tuple of float
        Empty when there is no value, else two edges or more.
    """
    known = np.unique(np.asarray(values, dtype=float))
    if known.size == 0:
        return ()
    whole = bool((known == np.round(known)).all())
    if whole and known[-1] - known[0] < FEW_VALUES:
        return tuple(float(edge) for edge in np.arange(known[0], known[-1] + 2))
    middle = float(np.median(np.asarray(values, dtype=float)))
    if known[0] > 0 and middle > 0 and known[-1] / middle > LONG_TAIL:
        return _growing(float(known[0]), float(known[-1]))
    return _equal(float(known[0]), float(known[-1]), whole)


def _equal(low: float, high: float, whole: bool) -> tuple[float, ...]:
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** np.floor(np.log10(span / MOST_BARS))
    steps = [power * factor for factor in (1, 2, 2.5, 5, 10, 20)]
    if whole:
        steps = [max(1.0, round(step)) for step in steps]
    for step in steps:
        first, last = np.floor(low / step), np.floor(high / step) + 1
        if last - first <= MOST_BARS:
            break
    edges = [float(f"{edge * step:.12g}") for edge in np.arange(first, last + 1)]
    if edges[0] > low:  # a quotient that was rounded up
        edges.insert(0, float(f"{(first - 1) * step:.12g}"))
    if edges[-1] <= high:
        edges.append(float(f"{(last + 1) * step:.12g}"))
    return tuple(edges)


def _growing(low: float, high: float) -> tuple[float, ...]:
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 2)
    rungs = [float(f"{factor}e{power}") for power in powers for factor in (1, 2, 5)]
    begin = max(i for i, rung in enumerate(rungs) if rung <= low)
    end = min(i for i, rung in enumerate(rungs) if rung > high)
    if end - begin > MOST_BARS:
        rungs = [rung for rung in rungs if f"{rung:e}".startswith("1")]
        begin = max(i for i, rung in enumerate(rungs) if rung <= low)
        end = min(i for i, rung in enumerate(rungs) if rung > high)
    step = max(1, -(-(end - begin) // MOST_BARS))
    kept = rungs[begin : end + 1 : step]
    return (*kept, *(() if kept[-1] > high else (rungs[end],)))
