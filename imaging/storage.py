"""Volumes as files: NIfTI-1, packed, the same bytes for the same numbers, nothing but geometry."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from imaging.methods.seekable_gzip import (
    MOST_BLOCKS,
    DamagedGzip,
    pack_blocks,
    read_head,
    unpack,
    unpack_blocks,
)
from imaging.methods.volume import Box, Grid, Volume, crop_grid
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class Piece:
    """Where something lies on a shelf."""

    offset: int
    size: int


class Shelf:
    """Bytes put aside until it is known whether they are wanted; gone when it closes."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()

    def put(self, data: bytes) -> Piece:
        offset = self._file.seek(0, 2)
        self._file.write(data)
        return Piece(offset, len(data))

    def get(self, piece: Piece) -> bytes:
        self._file.seek(piece.offset)
        return self._file.read(piece.size)


HEADER = "<i10s18sihcB8hfffhhhh8ffffhcBffffii80s24shhffffff4f4f4f16s4s"
CODES = {"uint8": 2, "int16": 4, "float32": 16}
TYPES = {code: np.dtype(name).newbyteorder("<") for name, code in CODES.items()}
LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
BEGINNING = 352  # bytes before the first voxel
BLOCK = 16 * 2**10  # bytes of a slice to pack together, at least
BLOCKS = MOST_BLOCKS // 2  # each costs a digest and a flush
MOST_PACKERS = 4  # threads that pack one volume
MOST_UNPACKED = 2**16  # of a head and its first block, packed

ReadRange = Callable[[int, int], bytes]


def volume_bytes(volume: Volume) -> bytes:
    """A volume as .nii.gz: bool as 8-bit, whole numbers as 16-bit, else 32-bit floats.

    Bands of rows of each slice are packed apart, so that a part can be read alone.
    """
    array = _smallest(volume.array)
    axes = volume.grid.axes * np.asarray(volume.grid.spacing) * LPS_TO_RAS[:, None]
    affine = np.column_stack([axes, np.asarray(volume.grid.origin) * LPS_TO_RAS])
    header = struct.pack(
        HEADER, 348, b"", b"", 0, 0, b"r", 0,
        3, *volume.grid.size, 1, 1, 1, 1,
        0, 0, 0, 0, CODES[array.dtype.name], array.itemsize * 8, 0,
        1, *volume.grid.spacing, 0, 0, 0, 0,
        BEGINNING, 1, 0, 0, b"\0", 2, 0, 0, 0, 0, 0, 0, b"", b"", 0, 1,
        0, 0, 0, 0, 0, 0, *affine.ravel(), b"", b"n+1\0",
    )  # fmt: skip
    rows = _rows_together(array)
    bands = (
        memoryview(slice_[start : start + rows]).cast("B")
        for slice_ in array
        for start in range(0, array.shape[1], rows)
    )
    blocks = [header + bytes(BEGINNING - len(header)), *bands]
    return pack_blocks(blocks, rows, min(len(os.sched_getaffinity(0)), MOST_PACKERS))


def _rows_together(array: NDArray) -> int:
    """Rows of a slice to a block: some 16 KiB, more where the file would have too many."""
    slices, rows, columns = array.shape
    wanted = math.ceil(BLOCK / (columns * array.itemsize))
    return min(max(wanted, math.ceil(rows / max(1, BLOCKS // slices))), rows)


def read_volume(data: bytes) -> Volume:
    """The volume of a file that ``volume_bytes`` wrote (8-bit comes back as bool)."""
    try:
        plain = unpack(data)
        fields = struct.unpack(HEADER, plain[:348])
    except (DamagedGzip, struct.error) as error:
        raise _unreadable() from error
    grid = _grid(fields)
    return Volume(_numbers(plain, fields[19], grid.shape, BEGINNING), grid)


def head_digest(data: bytes) -> str:
    """sha256 of what stands before the first block, whose digests it holds; empty without any."""
    head = read_head(data)
    return hashlib.sha256(data[: head.size]).hexdigest() if head else ""


class PackedVolume:
    """A stored volume of which parts are read alone, each part checked.

    Parameters
    ----------
    read : callable (first byte, number of bytes)
    sha256 : str
        Of the head, as ``head_digest`` gave it when the volume was stored.
    """

    def __init__(self, read: ReadRange, sha256: str):
        self._read = read
        try:
            beginning = read(0, MOST_UNPACKED)
            head = read_head(beginning)
            if head is None or hashlib.sha256(beginning[: head.size]).hexdigest() != sha256:
                raise DamagedGzip("another head")
            self._head = head
            fields = struct.unpack(HEADER, self._blocks(0, 1)[:348])
        except (DamagedGzip, struct.error) as error:
            raise _unreadable() from error
        self._code, self.grid = fields[19], _grid(fields)

    def part(self, box: Box) -> Volume:
        """The voxels of a box; of the file no more is read than the bytes from its first to its
        last block, and of these only its own blocks are unpacked."""
        (x0, y0, z0), (x1, y1, z1) = box
        rows = self._head.layout
        columns, height, _ = self.grid.size
        bands = math.ceil(height / rows)
        first, last = y0 // rows, math.ceil(y1 / rows)
        start, end = 1 + z0 * bands + first, 1 + (z1 - 1) * bands + last
        try:
            packed = memoryview(self._span(start, end))
            slabs = [
                self._unpacked(1 + z * bands + first, 1 + z * bands + last, packed, start)
                for z in range(z0, z1)
            ]
        except DamagedGzip as error:
            raise _unreadable() from error
        shape = (min(last * rows, height) - first * rows, columns)
        top = first * rows
        kind = TYPES[self._code]
        array = np.stack([
            np.frombuffer(slab, kind).reshape(shape)[y0 - top : y1 - top, x0:x1] for slab in slabs
        ])  # fmt: skip
        return Volume(_as_used(array), crop_grid(self.grid, box))

    def _span(self, first: int, last: int) -> bytes:
        offsets = self._head.offsets
        return self._read(offsets[first], offsets[last] - offsets[first])

    def _blocks(self, first: int, last: int) -> bytes:
        return unpack_blocks(self._head, first, last, self._span(first, last))

    def _unpacked(self, first: int, last: int, packed: memoryview, start: int) -> bytes:
        offsets = self._head.offsets
        span = packed[offsets[first] - offsets[start] : offsets[last] - offsets[start]]
        return unpack_blocks(self._head, first, last, span)


def _numbers(plain: bytes, code: int, shape: tuple[int, ...], offset: int) -> NDArray:
    return _as_used(np.frombuffer(plain, TYPES[code], math.prod(shape), offset).reshape(shape))


def _as_used(array: NDArray) -> NDArray:
    return array.astype(bool if array.dtype == np.uint8 else np.float32)


def _unreadable() -> DataProblem:
    return refuse(
        say("stored volume"),
        say("bytes that cannot be read"),
        "a packed NIfTI file",
        "Restore the file from a backup.",
    )


def read_grid(packed: BinaryIO) -> Grid:
    """Where the voxels of a stored volume stand; its numbers are not unpacked."""
    with gzip.GzipFile(fileobj=packed) as file:
        return _grid(struct.unpack(HEADER, file.read(348)))


def _grid(fields: tuple[Any, ...]) -> Grid:
    affine = np.array(fields[-14:-2], np.float64).reshape(3, 4) * LPS_TO_RAS[:, None]
    spacing = np.linalg.norm(affine[:, :3], axis=0)
    direction = affine[:, :3] / spacing
    return Grid(
        fields[8:11],  # type: ignore[arg-type]
        tuple(affine[:, 3].tolist()),
        tuple(spacing.tolist()),
        tuple(direction.ravel().tolist()),
    )


def _smallest(array: NDArray) -> NDArray:
    if array.dtype == bool:
        return np.ascontiguousarray(array).view(np.uint8)
    if array.dtype == np.int16:
        return array.astype("<i2", order="C", copy=False)
    whole = _whole_numbers(array)
    return array.astype("<f4", order="C", copy=False) if whole is None else whole


def _whole_numbers(array: NDArray) -> NDArray | None:
    """The same numbers with 16 bits, if they are the same."""
    whole = np.empty(array.shape, "<i2")
    with np.errstate(invalid="ignore"):  # what does not fit is not equal either
        for slice_, into in zip(array, whole, strict=True):
            into[...] = slice_
            if not np.array_equal(into, slice_):
                return None
    return whole


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """An RGB picture (rows, columns, 3) as PNG."""
    rows, columns, _ = picture.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), picture.reshape(rows, -1)], axis=1)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
