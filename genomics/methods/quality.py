"""Quality of an expression table: depth, detected genes, housekeeping, sex, neighbours, PCA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.identifiers import Signature, map_identifiers
from genomics.methods.mcp_counter import log_per_million

TOP_GENES = 1000  # of highest variance: what PCA and correlations look at
COMPONENTS = 4
FEWEST_FOR_PAIRS = 8
TWINS = 0.9  # correlation over the variable genes, each centred; strangers lie around 0
CLEAR_SEX = 1.0  # log2: between XIST and the mean of chromosome Y
MOST_PAIRS = 200

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """One value per specimen unless said otherwise; NaN where the genes are not in the table."""

    library_size: Array  # sum of the values
    detected: NDArray[np.intp]  # genes above 0
    housekeeping: Array  # SD, log2, of the genes around their medians over specimens
    xist: Array  # log2(CPM + 1)
    chromosome_y: Array  # mean log2(CPM + 1)
    components: Array  # specimens × up to 4
    explained: Array  # share of the variance per component
    twins: tuple[tuple[int, int, float], ...]  # pairs of specimens and their correlation
    genes: dict[str, int]  # found of each set


def estimate_quality(tiles: ExpressionTiles, scale: str, markers: Signature) -> Quality:
    """What a table says of its own quality.

    Parameters
    ----------
    tiles : ExpressionTiles
    scale : {"counts", "cpm", "tpm", "log"}
        All but logarithms are looked at as log2(CPM + 1).
    markers : Signature
        With the sets ``Housekeeping``, ``XIST`` and ``Chromosome Y``.

    References
    ----------
    Eisenberg E., Levanon E. Y. Trends in Genetics 2013;29:569-574 (housekeeping genes).
    """
    detected = np.zeros(len(tiles.specimens), dtype=np.intp)
    variance = np.empty(len(tiles.genes))
    for start, values in tiles.blocks():
        detected += (values > 0).sum(axis=1)
        logs = _logs(values.T, tiles, scale)
        variance[start : start + values.shape[1]] = logs.var(axis=1)
    top = np.sort(np.argsort(-variance, kind="stable")[:TOP_GENES])
    logs = _logs(tiles.rows(top.tolist()), tiles, scale)
    centred = (logs - logs.mean(axis=1, keepdims=True)).T
    components, explained = principal_components(centred)
    sets = {name: _set(tiles, markers, name, scale) for name in markers.sets}
    return Quality(
        library_size=tiles.facts.totals,
        detected=detected,
        housekeeping=_spread(sets["Housekeeping"]),
        xist=_mean(sets["XIST"], len(tiles.specimens)),
        chromosome_y=_mean(sets["Chromosome Y"], len(tiles.specimens)),
        components=components,
        explained=explained,
        twins=find_twins(centred),
        genes={name: len(values) for name, values in sets.items()},
    )


def _logs(values: NDArray[Any], tiles: ExpressionTiles, scale: str) -> Array:
    if scale == "log":
        return np.asarray(values, dtype=np.float64)
    return log_per_million(values, tiles.facts.totals)


def _set(tiles: ExpressionTiles, markers: Signature, name: str, scale: str) -> Array:
    found = map_identifiers(tiles.genes, tiles.means, markers).rows
    rows = [found[g.symbol] for g in markers.sets[name] if g.symbol in found]
    return _logs(tiles.rows(rows), tiles, scale)


def _spread(values: Array) -> Array:
    if len(values) < 2:
        return np.full(values.shape[1], np.nan)
    around = values - np.median(values, axis=1, keepdims=True)
    return np.asarray(around.std(axis=0, ddof=1))


def _mean(values: Array, n: int) -> Array:
    return values.mean(axis=0) if len(values) else np.full(n, np.nan)


def principal_components(centred: Array, most: int = COMPONENTS) -> tuple[Array, Array]:
    """Scores of specimens on the first components, and the share of variance of each.

    Parameters
    ----------
    centred : array, specimens × genes, each gene around 0

    Returns
    -------
    scores : array, specimens × components; the largest loading of each is positive
    explained : array, shares of 1

    References
    ----------
    Singular value decomposition of the centred table; R prcomp, but for signs.
    """
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    n = min(most, max(1, len(centred) - 1), len(singular))
    largest = np.abs(right[:n]).argmax(axis=1)
    sign = np.where(right[np.arange(n), largest] < 0, -1.0, 1.0)
    total = float((singular**2).sum())
    share = singular[:n] ** 2 / total if total > 0 else np.zeros(n)
    return left[:, :n] * singular[:n] * sign, share


def find_twins(centred: Array, limit: float = TWINS) -> tuple[tuple[int, int, float], ...]:
    """Pairs of specimens that are too much alike to be two; the most alike first.

    Parameters
    ----------
    centred : array, specimens × genes, each gene around 0
    limit : float
        Correlation from which a pair is named.

    References
    ----------
    Pearson's correlation; the limit is ours.
    """
    if len(centred) < FEWEST_FOR_PAIRS:
        return ()
    around = centred - centred.mean(axis=1, keepdims=True)
    length = np.sqrt((around**2).sum(axis=1, keepdims=True))
    unit = np.divide(around, length, out=np.zeros_like(around), where=length > 0)
    found = []
    for first in range(len(unit) - 1):
        alike = unit[first + 1 :] @ unit[first]
        for place in np.flatnonzero(alike >= limit):
            found.append((first, first + 1 + int(place), float(alike[place])))
    return tuple(sorted(found, key=lambda pair: -pair[2])[:MOST_PAIRS])


def call_sex(xist: float | None, chromosome_y: float | None) -> str:
    """``female``, ``male`` or ``unclear`` by XIST against chromosome Y, log2.

    Tumours of men may have lost their Y: neither is high then, and the call is unclear.

    Parameters
    ----------
    xist, chromosome_y : float or None
        log2 expression of XIST and of the genes of Y; None where the table lacks them.

    References
    ----------
    Ours: XIST is of the inactive X, the genes of Y are of men.
    """
    if xist is None or chromosome_y is None or not np.isfinite([xist, chromosome_y]).all():
        return "unclear"
    if xist - chromosome_y > CLEAR_SEX:
        return "female"
    return "male" if chromosome_y - xist > CLEAR_SEX else "unclear"


def robust_outliers(values: Sequence[float], limit: float = 4.0) -> NDArray[np.bool_]:
    """Values farther than ``limit`` robust SD (1.4826 MAD) from the median; NaN is none.

    Parameters
    ----------
    values : sequence of float, one per specimen
    limit : float
        In robust SD.

    References
    ----------
    Median absolute deviation times 1.4826, as R mad.
    """
    numbers = np.asarray(values, dtype=np.float64)
    around = np.abs(numbers - np.nanmedian(numbers)) if np.isfinite(numbers).any() else numbers
    scale = 1.4826 * np.nanmedian(around) if np.isfinite(numbers).any() else 0.0
    with np.errstate(invalid="ignore"):
        return np.asarray(around > limit * scale) if scale > 0 else np.zeros(len(numbers), bool)
