"""gzip of which a part can be read alone: blocks that know nothing of each other.

One ordinary gzip member for every other reader. Its extra field (RFC 1952, 2.3.1.1) holds the
packed size and the digest of each block, so that a part is read, checked and unpacked by itself.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from isal import isal_zlib

from studies.methods.wording import say

BEGINNING = struct.Struct("<4sI2sH2sHI")  # gzip's own, then the field's name, length and layout
MAGIC = b"\x1f\x8b\x08\x04"  # deflate, with an extra field
FIELD = b"IV"
ENTRY = struct.Struct("<I8s")
MOST_BLOCKS = 5000  # the extra field ends at 65,535 bytes
LEVEL = 1
RAW = -15  # window bits of a bare deflate stream
UNPACKABLE: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]


class DamagedGzip(ValueError):
    """The bytes are not those that were packed."""


@dataclass(frozen=True)
class Head:
    """What stands before the first block.

    Parameters
    ----------
    size : int
        Bytes of the head.
    layout : int
        A number of the packer's own.
    offsets : tuple of int
        Where each block starts in the file, and where the last ends.
    digests : tuple of bytes
        The first 8 bytes of the sha256 of each packed block.
    """

    size: int
    layout: int
    offsets: tuple[int, ...]
    digests: tuple[bytes, ...]


def pack_blocks(blocks: Sequence[memoryview | bytes], layout: int = 0, threads: int = 1) -> bytes:
    """The blocks one after the other as one gzip member.

    ``threads`` share the blocks; the bytes are the same however many there are.

    Raises
    ------
    ValueError
        More blocks than the head can list.
    """
    if len(blocks) > MOST_BLOCKS:
        raise ValueError(f"{len(blocks)} blocks, at most {MOST_BLOCKS}")
    share = max(1, math.ceil(len(blocks) / threads))
    shares = [blocks[start : start + share] for start in range(0, len(blocks), share)]
    with ThreadPoolExecutor(threads) as pool:
        packed = [one for part in pool.map(_pack_share, shares) for one in part]
    checksum = size = 0
    for block in blocks:
        checksum = isal_zlib.crc32(block, checksum)
        size += memoryview(block).nbytes
    entries = b"".join(ENTRY.pack(len(data), digest) for data, digest in packed)
    extra = len(entries) + 4
    head = BEGINNING.pack(MAGIC, 0, b"\x04\xff", extra + 4, FIELD, extra, layout)
    trailer = struct.pack("<II", checksum, size & 0xFFFFFFFF)
    return b"".join((head, entries, *(data for data, _ in packed), _packer().flush(), trailer))


def _packer() -> Any:
    return isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, RAW)


def _pack_share(blocks: Sequence[memoryview | bytes]) -> list[tuple[bytes, bytes]]:
    """Each block packed, and its digest; a full flush: what follows refers to nothing before it."""
    packer, packed = _packer(), []
    for block in blocks:
        data = packer.compress(block) + packer.flush(isal_zlib.Z_FULL_FLUSH)
        packed.append((data, _digest(data)))
    return packed


def read_head(beginning: bytes) -> Head | None:
    """The head of a file from its first bytes; none when it was packed as one block.

    Raises
    ------
    DamagedGzip
        The bytes end before the head does.
    """
    if len(beginning) < BEGINNING.size or beginning[:4] != MAGIC:
        return None
    *_, field, extra, layout = BEGINNING.unpack_from(beginning)
    if field != FIELD:
        return None
    size = BEGINNING.size + extra - 4
    if len(beginning) < size:
        raise DamagedGzip(say("a head of {size} bytes ends after {n}", size=size, n=len(beginning)))
    entries = list(ENTRY.iter_unpack(beginning[BEGINNING.size : size]))
    offsets = tuple(accumulate((packed for packed, _ in entries), initial=size))
    return Head(size, layout, offsets, tuple(digest for _, digest in entries))


def unpack_blocks(head: Head, first: int, last: int, packed: bytes | memoryview) -> bytes:
    """Blocks ``first`` to ``last`` (not included) from their packed bytes, each checked.

    Raises
    ------
    DamagedGzip
        A block's digest is not the one of the head.
    """
    start, view = head.offsets[first], memoryview(packed)
    for block in range(first, last):
        data = view[head.offsets[block] - start : head.offsets[block + 1] - start]
        if _digest(data) != head.digests[block]:
            raise DamagedGzip(say("block {block} has another digest", block=block))
    try:
        return isal_zlib.decompressobj(RAW).decompress(packed)
    except UNPACKABLE as error:
        raise DamagedGzip(str(error)) from error


def unpack(data: bytes) -> bytes:
    """The whole of a gzip file.

    Raises
    ------
    DamagedGzip
        No gzip, or cut short.
    """
    unpacker = isal_zlib.decompressobj(zlib.MAX_WBITS + 16)
    try:
        plain = unpacker.decompress(data)
    except UNPACKABLE as error:
        raise DamagedGzip(str(error)) from error
    if not unpacker.eof:
        raise DamagedGzip(say("it breaks off"))
    return plain


def _digest(data: bytes | memoryview) -> bytes:
    return hashlib.sha256(data).digest()[:8]
