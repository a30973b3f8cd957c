"""Expression matrices as Parquet: a column of genes, a column per specimen, genes in groups."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genomics.methods.expression_tiles import LARGEST_WHOLE, ExpressionTiles
from studies.methods.wording import say
from studies.storage import CHUNK, DigestMismatch

GENES = "gene"
CELLS_A_GROUP = 2**24


def checked(stream: BinaryIO, sha256: str) -> BinaryIO:
    """The stream from its beginning, after its digest was found to be the one recorded."""
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise DigestMismatch(
            say(
                "stored bytes of {sha256} have digest {hexdigest}",
                sha256=sha256,
                hexdigest=digest.hexdigest(),
            )
        )
    stream.seek(0)
    return stream


def matrix_file(tiles: ExpressionTiles) -> BinaryIO:
    """Parquet in a temporary file; whole numbers as integers, so that counts come back exactly."""
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    kind = _type(tiles)
    schema = pa.schema(
        [(GENES, pa.string()), *((label, pa.from_numpy_dtype(kind)) for label in tiles.specimens)]
    )
    options: dict[str, Any] = {"compression": "zstd", "write_statistics": False}
    with pq.ParquetWriter(file, schema, use_dictionary=[GENES], **options) as writer:
        for start, values in _groups(tiles):
            genes = tiles.genes[start : start + values.shape[1]]
            columns = [pa.array(column) for column in values.astype(kind, copy=False)]
            writer.write_table(pa.Table.from_arrays([pa.array(genes), *columns], schema=schema))
    file.seek(0)
    return file


def _type(tiles: ExpressionTiles) -> np.dtype:
    facts = tiles.facts
    if facts.whole and max(abs(facts.minimum), facts.maximum) < LARGEST_WHOLE:
        return np.dtype(np.int32)
    return np.result_type(*tiles.types)


def _groups(tiles: ExpressionTiles) -> Iterator[tuple[int, Any]]:
    """Blocks put together until they are worth a group of the file."""
    most = max(1, CELLS_A_GROUP // len(tiles.specimens))
    held: list[Any] = []
    first = 0
    for start, values in tiles.blocks():
        if held and start + values.shape[1] - first > most:
            yield first, np.hstack(held)
            held, first = [], start
        held.append(values)
    yield first, np.hstack(held)


def read_tiles(stream: BinaryIO, name: str = "stored matrix") -> ExpressionTiles:
    """A stored matrix as tiles."""
    stored = pq.ParquetFile(stream)
    tiles = ExpressionTiles(stored.schema_arrow.names[1:], name)
    for number in range(stored.num_row_groups):
        group = stored.read_row_group(number)
        values = np.stack([column.to_numpy() for column in group.columns[1:]])
        tiles.add(group.column(0).to_pylist(), values)
    return tiles
