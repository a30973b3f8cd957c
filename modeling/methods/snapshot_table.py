"""Canonical bytes of a table: the same rows and columns give the same digest, in any order."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from studies.methods.problems import refuse
from studies.methods.wording import say


def write_snapshot_table(table: pd.DataFrame, key: Sequence[str]) -> bytes:
    """Parquet bytes of a table, rows sorted by key and columns by name (the key first).

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, booleans, text or dates; missing values are null. The index is
        left out.
    key : sequence of str
        Columns that together name a row.

    Returns
    -------
    bytes
        Uncompressed, with neither index nor clock nor order of arrival in them: equal for
        equal contents under one version of pyarrow, which the snapshot records.

    Raises
    ------
    DataProblem
        No rows, a key that is missing or occurs twice, a column of several types.
    """
    _check(table, key)
    columns = [*key, *sorted(set(table.columns) - set(key))]
    ordered = table[columns].sort_values(list(key), kind="stable").reset_index(drop=True)
    arrays = [_column(ordered[name], name) for name in columns]
    buffer = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, names=columns),
        buffer,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        version="2.6",
        row_group_size=1 << 20,
        store_schema=False,
    )
    return buffer.getvalue()


def read_snapshot_table(data: bytes) -> pd.DataFrame:
    """The table of ``write_snapshot_table``; missing numbers are NaN, missing texts None.

    Parameters
    ----------
    data : bytes
    """
    return pq.read_table(io.BytesIO(data)).to_pandas(date_as_object=True)


def digest_table(data: bytes) -> str:
    """sha256 of the bytes, in hexadecimal: what ``sha256sum`` prints of the file.

    Parameters
    ----------
    data : bytes
    """
    return hashlib.sha256(data).hexdigest()


def _check(table: pd.DataFrame, key: Sequence[str]) -> None:
    if table.empty:
        raise refuse(
            "snapshot",
            "nobody",
            "at least one patient",
            "Choose cohorts with patients whose data are complete.",
        )
    rows = table[list(key)]
    if rows.isna().to_numpy().any() or rows.duplicated().any():
        raise refuse(
            "snapshot",
            say("rows without a key, or two of one key"),
            "one row per patient",
            "Keep one row per patient and cohort.",
        )


def _column(values: pd.Series, name: str) -> pa.Array:
    """Whole numbers become floats when any is missing, so that types depend on nothing else."""
    if pd.api.types.is_bool_dtype(values):
        return pa.array(values, pa.bool_())
    if pd.api.types.is_numeric_dtype(values):
        floats = values.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # no negative zero
        return pa.array(floats, pa.float64(), from_pandas=True)
    kept = values.where(values.notna(), None)
    kinds = {type(value) for value in kept if value is not None}
    if len(kinds) > 1:
        raise refuse(
            say("column {name} of the frozen table", name=name),
            ", ".join(sorted(k.__name__ for k in kinds)),
            "values of one type",
            "Mend the values at their source.",
        )
    return pa.array(list(kept), pa.string() if not kinds or kinds == {str} else None)
