"""Many values of many patients in one go: rows of a query as columns, by COPY, without objects."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import connection
from numpy.typing import NDArray

from studies.marks import note_query


def copied(query: str, parameters: Sequence[Any], names: Sequence[str]) -> pa.Table:
    """The rows of a query, every column as text; row policies hold as for any query."""
    buffer = io.BytesIO()
    note_query(query)
    with connection.cursor() as cursor:
        statement = f"COPY ({query}) TO STDOUT (FORMAT csv)"
        with cursor.cursor.copy(statement, parameters) as rows:  # type: ignore[attr-defined]
            for data in rows:
                buffer.write(data)
    if buffer.tell() == 0:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    buffer.seek(0)
    return pa_csv.read_csv(
        buffer,
        read_options=pa_csv.ReadOptions(column_names=list(names)),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def whole_numbers(column: Any) -> NDArray[np.int64]:
    return np.asarray(pc.cast(column, pa.int64()).to_numpy(), dtype=np.int64)


def numbers(column: Any) -> NDArray[np.float64]:
    """NaN where nothing stands."""
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)


def codes(column: Any) -> tuple[list[str], NDArray[np.int64]]:
    """The texts that occur, and per row the place of its text among them; -1 for none."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string())
    if not isinstance(encoded, pa.DictionaryArray):
        return [], np.full(len(column), -1, dtype=np.int64)
    places = np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(), dtype=np.int64)
    return list(encoded.dictionary.to_pylist()), places
