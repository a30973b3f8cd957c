"""Volumes as files: NIfTI-1, packed, the same bytes for the same numbers, nothing but geometry."""

from __future__ import annotations

import gzip
import struct
import tempfile
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from imaging.methods.volume import Grid, Volume
from studies.methods.problems import refuse


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
FASTEST = 1  # PET noise hardly packs better at any price
GZIP = 31  # window bits that ask for gzip's frame


def volume_bytes(volume: Volume) -> bytes:
    """A volume as .nii.gz: bool as 8-bit, whole numbers as 16-bit, else 32-bit floats."""
    array = _smallest(volume.array)
    axes = volume.grid.axes * np.asarray(volume.grid.spacing) * LPS_TO_RAS[:, None]
    affine = np.column_stack([axes, np.asarray(volume.grid.origin) * LPS_TO_RAS])
    header = struct.pack(
        HEADER, 348, b"", b"", 0, 0, b"r", 0,
        3, *volume.grid.size, 1, 1, 1, 1,
        0, 0, 0, 0, CODES[array.dtype.name], array.itemsize * 8, 0,
        1, *volume.grid.spacing, 0, 0, 0, 0,
        352, 1, 0, 0, b"\0", 2, 0, 0, 0, 0, 0, 0, b"", b"", 0, 1,
        0, 0, 0, 0, 0, 0, *affine.ravel(), b"", b"n+1\0",
    )  # fmt: skip
    return _packed(header + bytes(4) + array.tobytes(), array.dtype == np.float32)


def read_volume(data: bytes) -> Volume:
    """The volume of a file that ``volume_bytes`` wrote (8-bit comes back as bool)."""
    try:
        plain = gzip.decompress(data)
        fields = struct.unpack(HEADER, plain[:348])
    except (OSError, EOFError, struct.error) as error:
        raise refuse(
            "stored volume",
            "bytes that cannot be read",
            "a packed NIfTI file",
            "Restore the file from a backup.",
        ) from error
    code, grid = fields[19], _grid(fields)
    array = np.frombuffer(plain, TYPES[code], offset=352).reshape(grid.shape)
    return Volume(array.astype(bool) if code == CODES["uint8"] else array.astype(np.float32), grid)


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


def _packed(data: bytes, noise: bool) -> bytes:
    """One gzip member; a PET's mantissas repeat nothing, so that only their bits are packed."""
    strategy = zlib.Z_HUFFMAN_ONLY if noise else zlib.Z_DEFAULT_STRATEGY
    packer = zlib.compressobj(FASTEST, zlib.DEFLATED, GZIP, zlib.DEF_MEM_LEVEL, strategy)
    return packer.compress(data) + packer.flush()


def _smallest(array: NDArray) -> NDArray:
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.min() >= -(2**15) and array.max() < 2**15:
        whole = array.astype("<i2")
        if np.array_equal(whole, array):
            return whole
    return array.astype("<f4")


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
