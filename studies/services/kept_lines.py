"""The checked lines of a table, kept between its check and its commit so that it is read once."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast

from django.db import transaction

from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import FileUse, ImportBatch

from .files import file_drop, file_read, file_store

FORMAT = "checked lines 2"


class KeptWriter:
    """Collects what a check stages, compressed, in a temporary file."""

    def __init__(self) -> None:
        self.file = tempfile.SpooledTemporaryFile(2**24)  # noqa: SIM115
        self.packed = _packing(self.file)

    def keep(self, table: str, text: str) -> None:
        _put(self.packed, table, text)

    def store(self, batch: ImportBatch, key: str, facts: dict[str, Any]) -> None:
        """Put the lines beside the batch, in place of those of an earlier check; facts first."""
        told = {"format": FORMAT, "key": key, "batch": str(batch.uid), **facts}
        self.packed.close()
        self.file.seek(0)
        kept_drop(batch)
        with tempfile.SpooledTemporaryFile(2**24) as whole:
            with _packing(whole) as packed:
                _put(packed, "facts", json.dumps(told))
            shutil.copyfileobj(self.file, whole)
            whole.seek(0)
            file = cast(BinaryIO, whole)
            stored = file_store(batch.study, file, "checked_lines", "checked.gz", batch)
        batch.checked_file = stored
        batch.save(update_fields=["checked_file"])

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True)
class KeptLines:
    """What a check kept: ``facts`` of the whole, and the lines as the database copies them."""

    facts: dict[str, Any]
    data: bytes

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        return ((table, text) for table, text in _chunks(self.data) if table != "facts")


def kept_read(batch: ImportBatch, key: str) -> KeptLines:
    """The lines of the batch's check.

    Raises
    ------
    DataProblem
        They are of another file, dictionary or reading of the columns, or no longer there.
    """
    stored = batch.checked_file
    if stored is not None and stored.bytes_dropped_at is None:
        data = file_read(stored)
        facts = json.loads(next(_chunks(data))[1])
        if (facts["format"], facts["key"], facts["batch"]) == (FORMAT, key, str(batch.uid)):
            return KeptLines(facts, data)
    raise refuse(
        batch.filename,
        say("another dictionary, other columns, or a file that was checked long ago"),
        "the file as it was checked",
        "Check the file again and look at the new difference.",
    )


def kept_drop(batch: ImportBatch) -> None:
    """Nothing is kept when it was stored, or is checked anew."""
    stored = batch.checked_file
    if stored is None:
        return
    batch.checked_file = None
    batch.save(update_fields=["checked_file"])
    FileUse.objects.filter(file=stored, table=batch._meta.db_table, row_id=batch.pk).delete()
    if not stored.uses.exists():
        transaction.on_commit(lambda: file_drop(stored))


def _packing(file: Any) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1)


def _put(packed: gzip.GzipFile, table: str, text: str) -> None:
    data = text.encode()
    packed.write(f"{table} {len(data)}\n".encode() + data)


def _chunks(data: bytes) -> Iterator[tuple[str, bytes]]:
    with gzip.open(BytesIO(data)) as packed:
        while head := packed.readline():
            table, size = head.decode().split()
            yield table, packed.read(int(size))
