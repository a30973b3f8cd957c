"""What R made of the `lung` data, which also come with lifelines (the JSON names its source)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines.datasets import load_lung

FILE = Path(__file__).resolve().parents[1] / "references" / "lung_r.json"
COLUMNS = ["time", "status", "age", "sex", "ph.ecog", "ph.karno", "wt.loss"]
R = json.loads(FILE.read_text("utf-8"))


def lung() -> pd.DataFrame:
    """Complete rows as R had them, with the made-up columns of the reference."""
    rows = load_lung().dropna(subset=["time", "status", "age", "sex", "ph.ecog", "ph.karno",
                                      "wt.loss"]).reset_index(drop=True)  # fmt: skip
    number = np.arange(1, len(rows) + 1)
    return rows.assign(
        event=rows["status"].astype(int),
        female=(rows["sex"] == 2).astype(int),
        id=number,
        weight=1.0 + number % 3,
        offset=0.3 * np.sin(number),
        fraction=0.5 + (number % 4) / 2,
        cause=rows["status"].astype(int) * (1 + (number % 3 == 0)),
    )
