"""Agreement of marker genes with the densities of their proteins, patient by patient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm, spearmanr

FEWEST = 5
MARKERS = ("CD3", "CD8", "CD4", "CD68", "CD20")


def compare_markers(
    rna: pd.DataFrame, densities: Mapping[str, Mapping[tuple[str, str], float]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spearman's correlation of marker RNA and stained cells, by marker and region.

    Parameters
    ----------
    rna : table, patients × the sets of ``paper_markers``, mean log2(CPM + 1)
    densities : by patient, cells per mm² by (marker, region)

    Returns
    -------
    table : a row per patient, marker and region with both: patient, marker, region, rna, density
    found : a row per marker and region of 5 patients and more: marker, region, n, rho and its
        95 % interval (low, high)

    References
    ----------
    Bonett D. G., Wright T. A. Psychometrika 2000;65:23-28 (interval of Spearman's rho).
    """
    column_of = {marker: _column(rna, marker) for marker in MARKERS}
    rows = [
        (patient, marker, region, float(rna.at[patient, column_of[marker]]), float(density))
        for patient, found in densities.items()
        if patient in rna.index
        for (marker, region), density in sorted(found.items())
        if column_of.get(marker) and np.isfinite(rna.at[patient, column_of[marker]])
    ]
    table = pd.DataFrame(rows, columns=["patient", "marker", "region", "rna", "density"])
    compared = [
        (marker, region, *_spearman(mine["rna"], mine["density"]))
        for (marker, region), mine in table.groupby(["marker", "region"], sort=True)
        if len(mine) >= FEWEST
    ]
    return table, pd.DataFrame(compared, columns=["marker", "region", "n", "rho", "low", "high"])


def _column(rna: pd.DataFrame, marker: str) -> str | None:
    wanted = f"({marker})"
    return next((column for column in rna if str(column).endswith(wanted)), None)


def _spearman(x: pd.Series, y: pd.Series) -> tuple[int, float, float, float]:
    if x.nunique() < 2 or y.nunique() < 2:
        return len(x), np.nan, np.nan, np.nan
    rho = float(spearmanr(x, y).statistic)
    half = norm.ppf(0.975) * np.sqrt((1 + rho**2 / 2) / (len(x) - 3))
    z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    return len(x), rho, float(np.tanh(z - half)), float(np.tanh(z + half))
