"""The stored files as backup and restore see them: names and bytes, in a folder or in a bucket."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

CHUNK = 2**20


class Files(Protocol):
    def names(self) -> list[str]: ...
    def open(self, name: str) -> BinaryIO: ...
    def put(self, name: str, source: BinaryIO) -> None: ...


class Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def names(self) -> list[str]:
        """By their path inside the folder; hidden ones are uploads not finished yet."""
        found = (path for path in self.root.rglob("[!.]*") if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def open(self, name: str) -> BinaryIO:
        return (self.root / name).open("rb")

    def put(self, name: str, source: BinaryIO) -> None:
        target = self.root / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(source, file, CHUNK)
            os.fsync(file.fileno())


class Bucket:
    def __init__(self, bucket: str, prefix: str, **where: str | None) -> None:
        import boto3  # not part of the standard library, and of use here only

        self.bucket, self.prefix = bucket, prefix
        self.client = boto3.client("s3", **where)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def names(self) -> list[str]:
        """By their key; hidden ones are uploads not finished yet."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        keys = (entry["Key"] for page in pages for entry in page.get("Contents", ()))
        names = (key.removeprefix(self.prefix) for key in keys)
        return sorted(name for name in names if not name.rpartition("/")[2].startswith("."))

    def open(self, name: str) -> BinaryIO:
        return self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"]

    def put(self, name: str, source: BinaryIO) -> None:
        self.client.upload_fileobj(source, self.bucket, self.prefix + name)


def files_at(url: str) -> Files:
    """What ``STORAGE_URL`` names; read as studies/storage.py reads it."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(unquote(parts.path)))
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    prefix = f"{parts.path.strip('/')}/".lstrip("/")
    where = {"endpoint_url": query.get("endpoint"), "region_name": query.get("region")}
    return Bucket(parts.netloc, prefix, **where)


def digest(source: BinaryIO) -> tuple[str, int]:
    """sha256 in hexadecimal, and the size in bytes."""
    sha256, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        sha256.update(chunk)
        size += len(chunk)
    return sha256.hexdigest(), size
