"""Bytes by content: ``study uid / sha256`` in a folder or in an S3-compatible bucket.

Both behave alike: written once, never renamed, never appended to; no path leaves this module.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import boto3
from botocore.exceptions import ClientError
from django.conf import settings

CHUNK = 2**20
PART = ".part-{:06d}"  # hidden: a backup passes unfinished uploads over


@dataclass(frozen=True)
class StoredDigest:
    """What was written: sha256 in hexadecimal, size in bytes."""

    sha256: str
    size: int


class DigestMismatch(OSError):
    """The bytes kept are not the bytes written."""


class Storage(Protocol):
    def write(self, study_uid: UUID, data: bytes | BinaryIO) -> StoredDigest: ...
    def open(self, study_uid: UUID, sha256: str) -> BinaryIO: ...
    def read(self, study_uid: UUID, sha256: str) -> bytes: ...
    def local(self, study_uid: UUID, sha256: str) -> Path: ...
    def exists(self, study_uid: UUID, sha256: str) -> bool: ...
    def delete(self, study_uid: UUID, sha256: str) -> None: ...
    def open_range(self, study_uid: UUID, sha256: str, start: int, size: int) -> BinaryIO: ...
    def write_part(
        self, study_uid: UUID, upload_uid: UUID, number: int, data: BinaryIO
    ) -> None: ...
    def open_parts(self, study_uid: UUID, upload_uid: UUID, count: int) -> BinaryIO: ...
    def delete_parts(self, study_uid: UUID, upload_uid: UUID) -> None: ...


class _Spooled:
    """``data`` in a local temporary file, hashed on the way."""

    def __init__(self, data: bytes | BinaryIO, folder: Path | None = None):
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        digest = hashlib.sha256()
        self.size = 0
        self.file = tempfile.NamedTemporaryFile(  # noqa: SIM115
            dir=folder, prefix=".incoming-", delete=False
        )
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            self.file.write(chunk)
            self.size += len(chunk)
        self.file.flush()
        self.sha256 = digest.hexdigest()

    def discard(self) -> None:
        self.file.close()
        Path(self.file.name).unlink(missing_ok=True)


class _Joined(io.RawIOBase):
    """Parts read one after the other, each opened when its turn comes."""

    def __init__(self, opened: Iterator[BinaryIO]):
        self._opened = opened
        self._part: BinaryIO | None = next(opened, None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._part is not None:
            if data := self._part.read(len(buffer)):
                buffer[: len(data)] = data
                return len(data)
            self._part.close()
            self._part = next(self._opened, None)
        return 0


def checked(data: bytes, sha256: str) -> bytes:
    """``data`` when its digest is ``sha256``; a stored file that changed is never handed out."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise DigestMismatch(f"stored bytes of {sha256} have digest {found}")
    return data


class FolderStorage:
    def __init__(self, root: Path):
        self.root = root

    def _path(self, study_uid: UUID, sha256: str) -> Path:
        return self.root / str(study_uid) / sha256

    def write(self, study_uid: UUID, data: bytes | BinaryIO) -> StoredDigest:
        folder = self.root / str(study_uid)
        folder.mkdir(parents=True, exist_ok=True)
        spooled = _Spooled(data, folder)
        try:
            os.fsync(spooled.file.fileno())
            os.replace(spooled.file.name, folder / spooled.sha256)
        finally:
            spooled.discard()
        return StoredDigest(spooled.sha256, spooled.size)

    def open(self, study_uid: UUID, sha256: str) -> BinaryIO:
        return self._path(study_uid, sha256).open("rb")

    def read(self, study_uid: UUID, sha256: str) -> bytes:
        return checked(self._path(study_uid, sha256).read_bytes(), sha256)

    def local(self, study_uid: UUID, sha256: str) -> Path:
        """Where the bytes lie, for libraries that read parts of a file; only to be read."""
        return self._path(study_uid, sha256)

    def exists(self, study_uid: UUID, sha256: str) -> bool:
        return self._path(study_uid, sha256).exists()

    def delete(self, study_uid: UUID, sha256: str) -> None:
        self._path(study_uid, sha256).unlink(missing_ok=True)

    def open_range(self, study_uid: UUID, sha256: str, start: int, size: int) -> BinaryIO:
        """The file from ``start`` on; the reader stops after ``size`` bytes."""
        handle = self.open(study_uid, sha256)
        handle.seek(start)
        return handle

    def _parts(self, study_uid: UUID, upload_uid: UUID) -> Path:
        return self.root / str(study_uid) / "parts" / str(upload_uid)

    def write_part(self, study_uid: UUID, upload_uid: UUID, number: int, data: BinaryIO) -> None:
        folder = self._parts(study_uid, upload_uid)
        folder.mkdir(parents=True, exist_ok=True)
        spooled = _Spooled(data, folder)
        try:
            os.replace(spooled.file.name, folder / PART.format(number))
        finally:
            spooled.discard()

    def open_parts(self, study_uid: UUID, upload_uid: UUID, count: int) -> BinaryIO:
        folder = self._parts(study_uid, upload_uid)
        names = (folder / PART.format(number) for number in range(count))
        return io.BufferedReader(_Joined(path.open("rb") for path in names), CHUNK)

    def delete_parts(self, study_uid: UUID, upload_uid: UUID) -> None:
        shutil.rmtree(self._parts(study_uid, upload_uid), ignore_errors=True)


class BucketStorage:
    def __init__(self, bucket: str, prefix: str, **client: Any):
        self.bucket, self.prefix = bucket, prefix
        self.client = boto3.client("s3", **client)

    def _key(self, study_uid: UUID, sha256: str) -> str:
        return f"{self.prefix}{study_uid}/{sha256}"

    def write(self, study_uid: UUID, data: bytes | BinaryIO) -> StoredDigest:
        spooled = _Spooled(data)
        try:
            if not self.exists(study_uid, spooled.sha256):
                key = self._key(study_uid, spooled.sha256)
                self.client.upload_file(spooled.file.name, self.bucket, key)
        finally:
            spooled.discard()
        return StoredDigest(spooled.sha256, spooled.size)

    def open(self, study_uid: UUID, sha256: str) -> BinaryIO:
        handle = tempfile.TemporaryFile()  # noqa: SIM115
        self.client.download_fileobj(self.bucket, self._key(study_uid, sha256), handle)
        handle.seek(0)
        return handle  # type: ignore[return-value]

    def read(self, study_uid: UUID, sha256: str) -> bytes:
        found = self.client.get_object(Bucket=self.bucket, Key=self._key(study_uid, sha256))
        return checked(found["Body"].read(), sha256)

    def local(self, study_uid: UUID, sha256: str) -> Path:
        """A copy on this machine, for libraries that read parts of a file; only to be read."""

        def fetch(target: Path) -> None:
            self.client.download_file(self.bucket, self._key(study_uid, sha256), str(target))

        return local_copy(f"{study_uid}-{sha256}", fetch)

    def exists(self, study_uid: UUID, sha256: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket, Key=self._key(study_uid, sha256))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return False
            raise
        return True

    def delete(self, study_uid: UUID, sha256: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self._key(study_uid, sha256))

    def open_range(self, study_uid: UUID, sha256: str, start: int, size: int) -> BinaryIO:
        found = self.client.get_object(
            Bucket=self.bucket,
            Key=self._key(study_uid, sha256),
            Range=f"bytes={start}-{start + size - 1}",
        )
        return found["Body"]

    def _part(self, study_uid: UUID, upload_uid: UUID, number: int) -> str:
        return f"{self.prefix}{study_uid}/parts/{upload_uid}/{PART.format(number)}"

    def write_part(self, study_uid: UUID, upload_uid: UUID, number: int, data: BinaryIO) -> None:
        key = self._part(study_uid, upload_uid, number)
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def open_parts(self, study_uid: UUID, upload_uid: UUID, count: int) -> BinaryIO:
        keys = (self._part(study_uid, upload_uid, number) for number in range(count))
        opened = (self.client.get_object(Bucket=self.bucket, Key=key)["Body"] for key in keys)
        return io.BufferedReader(_Joined(opened), CHUNK)

    def delete_parts(self, study_uid: UUID, upload_uid: UUID) -> None:
        folder = f"{self.prefix}{study_uid}/parts/{upload_uid}/"
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder
        )
        for entry in (entry for page in pages for entry in page.get("Contents", ())):
            self.client.delete_object(Bucket=self.bucket, Key=entry["Key"])


def local_copy(name: str, make: Callable[[Path], None]) -> Path:
    """A file or folder that ``make`` writes once per machine; the least used go when it is full."""
    folder = Path(settings.LOCAL_COPIES)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder / name
    if not found.exists():
        with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as making:
            new = Path(making, "new")
            make(new)
            with suppress(OSError):  # another process was faster
                new.rename(found)
        _forget_the_least_used(folder, found)
    os.utime(found)
    return found


def local_copies(prefix: str) -> list[Path]:
    """The copies whose names begin so, the one used last first."""
    found = Path(settings.LOCAL_COPIES).glob(f"{prefix}*")
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def local_drop(prefix: str, but: Path | None = None, older_than: float = 0) -> None:
    """Remove the copies whose names begin so and that were not used for so many seconds."""
    limit = time.time() - older_than
    for path in local_copies(prefix):
        if path != but and path.stat().st_mtime <= limit:
            path.unlink(missing_ok=True)


@contextmanager
def local_turn(name: str) -> Iterator[None]:
    """One process of this machine at a time."""
    folder = Path(settings.LOCAL_COPIES)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f".{name}.turn").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _forget_the_least_used(folder: Path, kept: Path) -> None:
    copies = sorted(folder.glob("[!.]*"), key=lambda path: path.stat().st_mtime)
    sizes = {path: _size(path) for path in copies}
    while copies and sum(sizes.values()) > settings.LOCAL_COPIES_BYTES:
        oldest = copies.pop(0)
        if oldest == kept:
            continue
        sizes.pop(oldest)
        shutil.rmtree(oldest, ignore_errors=True) if oldest.is_dir() else oldest.unlink()


def _size(path: Path) -> int:
    parts = path.rglob("*") if path.is_dir() else [path]
    return sum(part.stat().st_size for part in parts)


@lru_cache(maxsize=4)
def storage_at(url: str) -> Storage:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderStorage(Path(unquote(parts.path)))
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    prefix = f"{parts.path.strip('/')}/".lstrip("/")
    return BucketStorage(
        parts.netloc,
        prefix,
        endpoint_url=query.get("endpoint"),
        region_name=query.get("region"),
    )


def storage() -> Storage:
    """The storage of this installation, from ``STORAGE_URL``."""
    return storage_at(settings.STORAGE_URL)
