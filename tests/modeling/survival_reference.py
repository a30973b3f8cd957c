"""The datasets with values from R that survival methods are held against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "reference" / "stats"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/cox.json"))
BINARY = sorted(path.parent.name for path in FOLDER.glob("*/binary.json"))

every_dataset = pytest.mark.parametrize(
    "name", NAMES or [pytest.param("", marks=pytest.mark.skip("no reference values beside here"))]
)
every_binary_dataset = pytest.mark.parametrize(
    "name", BINARY or [pytest.param("", marks=pytest.mark.skip("no reference values beside here"))]
)


@cache
def values(name: str, file: str) -> dict:
    return json.loads((FOLDER / name / file).read_text())


def table(name: str, file: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name / file, keep_default_na=False, na_values=["NA", ""])


def survival(name: str, file: str = "input_complete.csv") -> tuple[np.ndarray, np.ndarray]:
    rows = table(name, file)
    return rows["time"].to_numpy(float), rows["event"].to_numpy() == 1


def design(name: str) -> tuple[np.ndarray, list[str]]:
    columns = table(name, "design_matrix.csv").drop(columns="foldid")
    return columns.to_numpy(float), list(columns)


def close(ours: object, theirs: object, atol: float) -> None:
    """Equal within ``atol``; R's missing values are our NaN."""
    a = np.asarray(ours, dtype=float)
    b = np.asarray(
        [np.nan if v is None else v for v in np.ravel(np.array(theirs, dtype=object))], dtype=float
    ).reshape(a.shape)
    np.testing.assert_allclose(a, b, rtol=0, atol=atol, equal_nan=True)
