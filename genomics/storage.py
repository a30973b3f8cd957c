"""Expression matrices as Parquet: a column of genes, a column per specimen."""

from __future__ import annotations

import io
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genomics.methods.expression_table import ExpressionTable

GENES = "gene"


def matrix_bytes(table: ExpressionTable) -> bytes:
    """Parquet; whole numbers as integers, so that counts come back exactly and stay small."""
    values = table.values
    whole = (values == np.round(values)).all() and np.abs(values).max(initial=0) < 2**31
    columns = values.astype(np.int32) if whole else values
    arrays = [pa.array(table.genes), *(pa.array(column) for column in columns.T)]
    sink = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, names=[GENES, *table.specimens]), sink, compression="zstd"
    )
    return sink.getvalue()


def read_matrix(data: bytes) -> ExpressionTable:
    stored = pq.read_table(io.BytesIO(data))
    columns = [column.to_numpy() for column in stored.columns[1:]]
    return ExpressionTable(
        genes=tuple(stored.column(0).to_pylist()),
        specimens=tuple(stored.column_names[1:]),
        values=np.array(columns, dtype=np.float64).T.reshape(stored.num_rows, len(columns)),
    )


def without_specimens(table: ExpressionTable, labels: Collection[str]) -> ExpressionTable:
    """The same genes without some columns."""
    keep = [i for i, label in enumerate(table.specimens) if label not in labels]
    return ExpressionTable(
        table.genes, tuple(table.specimens[i] for i in keep), table.values[:, keep]
    )
