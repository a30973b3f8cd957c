"""CD3 and CD8 densities of the tumour centre and the invasive margin; biopsies have no margin."""

import numpy as np
import pandas as pd

from simulation.plan import StudyPlan
from simulation.randomness import stream

REGIONS = (
    ("CD3", "tumor_center", 900, 0.60),
    ("CD3", "invasive_margin", 1500, 0.55),
    ("CD8", "tumor_center", 280, 0.70),
    ("CD8", "invasive_margin", 480, 0.65),
)
LOADING = 0.88
SHARED_NOISE = 0.4
BIOPSY_SHARE = 0.05


def draw_densities(plan: StudyPlan, latent: pd.DataFrame) -> pd.DataFrame:
    """Long form: patient_id, specimen, marker, region, density, unit (cells/mm2)."""
    rng = stream(plan.seed, "densities")
    size = len(latent)
    loading = min(LOADING * plan.signal, 0.99)
    shared = rng.standard_normal(size)
    biopsy = rng.permutation(size) < round(BIOPSY_SHARE * size)
    parts = []
    for marker, region, median, spread in REGIONS:
        own = rng.standard_normal(size)
        noise = np.sqrt(SHARED_NOISE) * shared + np.sqrt(1 - SHARED_NOISE) * own
        score = loading * latent["z"] + np.sqrt(1 - loading**2) * noise
        parts.append(_rows(latent, biopsy, marker, region, median * np.exp(spread * score)))
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return table[~(table.pop("biopsy") & (table["region"] == "invasive_margin"))].reset_index(
        drop=True
    )


def _rows(
    latent: pd.DataFrame, biopsy: np.ndarray, marker: str, region: str, density: pd.Series
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": latent["patient_id"],
            "specimen": latent["patient_id"] + np.where(biopsy, "-B1", "-T1"),
            "marker": marker,
            "region": region,
            "density": density.round(1),
            "unit": "cells/mm2",
            "biopsy": biopsy,
        }
    )
