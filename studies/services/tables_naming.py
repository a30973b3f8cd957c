"""Tables as they were handed in, asked whether they name somebody; refused ones, too."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from studies import registry
from studies.models import ImportBatch, Study

from .files import file_open

TEXT = ".csv"  # what every door of tables accepts
CHUNK = 2**20
_IN_NAMES = rb"[0-9A-Za-z_-]"


def batches_naming(study: Study, names: Sequence[str]) -> Iterator[ImportBatch]:
    """Tables of the study whose bytes are there and hold one of ``names`` as a whole word."""
    kinds = [door.name for door in registry.upload_kinds() if TEXT in door.accept]
    batches = ImportBatch.objects.filter(study=study, kind__in=kinds)
    there = batches.filter(file__bytes_dropped_at__isnull=True).select_related("file__study")
    wanted = _pattern(names)
    for batch in there.order_by("pk"):
        with file_open(batch.file) as stream:
            if any(wanted.search(text) for text in _texts(stream)):
                yield batch


def is_naming(told: Any, names: Sequence[str]) -> bool:
    """Whether a stored problem or notice names somebody, in whichever of its parts."""
    return _pattern(names).search(json.dumps(told, ensure_ascii=False).encode()) is not None


def _pattern(names: Iterable[str]) -> re.Pattern[bytes]:
    """Names as UTF-8 and as UTF-16 of either order write them, not as parts of longer ones."""
    found = []
    for name in names:
        found.append(b"(?<!%s)%s(?!%s)" % (_IN_NAMES, re.escape(name.encode()), _IN_NAMES))
        for encoding, unit in (
            ("utf-16-le", _IN_NAMES + rb"\x00"),
            ("utf-16-be", rb"\x00" + _IN_NAMES),
        ):
            found.append(b"(?<!%s)%s(?!%s)" % (unit, re.escape(name.encode(encoding)), unit))
    return re.compile(b"|".join(found))


def _texts(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a table, unpacked, each piece with the end of the one before."""
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            for member in archive.namelist():
                with archive.open(member) as part:
                    yield from _pieces(part)
        return
    stream.seek(0)
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    yield from _pieces(gzip.GzipFile(fileobj=stream) if packed else stream)


def _pieces(stream: Any) -> Iterator[bytes]:
    end = b""
    while piece := stream.read(CHUNK):
        yield end + piece
        end = piece[-CHUNK // 1024 :]
