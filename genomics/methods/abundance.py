"""Cell abundances of a table by a signature: identifiers, coverage, then one of three scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.identifiers import Coverage, Signature, check_coverage, map_identifiers
from genomics.methods.mcp_counter import log_per_million, marker_mean
from genomics.methods.ssgsea import Ties, ssgsea
from genomics.methods.zscore import combined_zscore
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

Method = Literal["ssgsea", "zscore", "mcpcounter"]
METHOD_VERSION = 1  # raised when the same matrix and signature may give other scores
SPECIMENS_AT_ONCE = 256


@dataclass(frozen=True)
class Abundances:
    """Raw scores, higher = more of the cells, and what the table had of the signature."""

    cell_types: tuple[str, ...]
    specimens: tuple[str, ...]
    scores: NDArray[np.float64]  # cell types × specimens
    coverage: tuple[Coverage, ...]
    notices: tuple[Notice, ...]

    def table(self) -> pd.DataFrame:
        """Cell types in rows, as the signature names them; specimens in columns."""
        return pd.DataFrame(self.scores, index=self.cell_types, columns=self.specimens)


def estimate_abundances(
    tiles: ExpressionTiles,
    signature: Signature,
    method: str = "ssgsea",
    ties: str = "order_invariant",
    per_million: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Abundances:
    """Scores of each cell type of a signature in each specimen.

    Parameters
    ----------
    tiles : ExpressionTiles
    signature : Signature
    method : {"ssgsea", "zscore", "mcpcounter"}
        Ranks within the specimen; combined z-scores over the specimens; mean of the markers.
    ties : {"order_invariant", "gsva_compatible"}
        Of ssGSEA.
    per_million : bool
        z-scores and means of log2(CPM + 1) instead of the values as they stand.
    progress : callable (specimens done, all), optional

    Raises
    ------
    DataProblem
        An unknown method; fewer than 70 % of the signature's pairs in the table, with the missing.

    References
    ----------
    Barbie D. A. et al. Nature 2009;462:108-112 (ssGSEA); Lee E. et al. PLoS Computational
    Biology 2008;4:e1000217 (combined z-score); Becht E. et al. Genome Biology 2016;17:218
    (MCP-counter).
    """
    if method not in get_args(Method):
        raise refuse("method", method, ", ".join(get_args(Method)), "Choose one of them.")
    genes = map_identifiers(tiles.genes, tiles.means, signature)
    coverage, notices = check_coverage(genes, tiles.genes, signature, specimens=tiles.specimens)
    sets = [
        [genes.rows[gene.symbol] for gene in members if gene.symbol in genes.rows]
        for members in signature.sets.values()
    ]
    said = [*genes.notices, *notices]
    if method == "ssgsea":
        scores = _ssgsea(tiles, sets, ties, progress)
    else:
        scores = _by_level(tiles, sets, method, per_million)
        said += _scale_notice(tiles, method, per_million)
    return Abundances(tuple(signature.sets), tiles.specimens, scores, coverage, tuple(said))


def _ssgsea(
    tiles: ExpressionTiles,
    sets: list[list[int]],
    ties: str,
    progress: Callable[[int, int], None] | None,
) -> NDArray[np.float64]:
    n = len(tiles.specimens)
    parts = []
    for start in range(0, n, SPECIMENS_AT_ONCE):
        block = tiles.columns(start, start + SPECIMENS_AT_ONCE)
        parts.append(ssgsea(block, sets, cast(Ties, ties)))
        if progress:
            progress(min(start + SPECIMENS_AT_ONCE, n), n)
    return np.hstack(parts)


def _by_level(
    tiles: ExpressionTiles, sets: list[list[int]], method: str, per_million: bool
) -> NDArray[np.float64]:
    rows = sorted({row for members in sets for row in members})
    place = {row: position for position, row in enumerate(rows)}
    values = tiles.rows(rows)
    if per_million:
        values = log_per_million(values, tiles.facts.totals)
    score = combined_zscore if method == "zscore" else marker_mean
    return score(values, [[place[row] for row in members] for members in sets])


def _scale_notice(tiles: ExpressionTiles, method: str, per_million: bool) -> list[Notice]:
    if per_million:
        return [Notice("log_per_million", say("{method}: of log2(CPM + 1).", method=method))]
    if tiles.facts.whole or tiles.facts.maximum > 40:
        text = say(
            "{method}: of the values as they stand, which look like no logarithms; the "
            "method expects log2 values normalised for depth.",
            method=method,
        )
        return [Notice("no_logarithms", text)]
    return []
