"""A folder and a bucket behave alike."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from studies.identifiers import uuid7
from studies.storage import BucketStorage, DigestMismatch, FolderStorage, Storage, storage_at


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An S3 of this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        endpoint = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(
            Bucket="isotherm"
        )
        yield f"s3://isotherm/deep/er?endpoint={endpoint}&region=us-east-1"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return storage_at(f"file://{tmp_path}/files%20here")
    return storage_at(request.getfixturevalue("bucket"))


def test_bytes_come_back_by_their_digest(store: Storage) -> None:
    study, data = uuid7(), b"voxels" * 1000
    written = store.write(study, data)
    assert written == store.write(study, io.BytesIO(data))
    assert written.sha256 == hashlib.sha256(data).hexdigest()
    assert written.size == len(data)
    assert store.read(study, written.sha256) == data
    with store.open(study, written.sha256) as handle:
        assert handle.read() == data
    assert not store.exists(uuid7(), written.sha256), "content is shared inside a study only"
    store.delete(study, written.sha256)
    store.delete(study, written.sha256)
    assert not store.exists(study, written.sha256)


def test_bytes_that_changed_are_never_handed_out(store: Storage) -> None:
    study = uuid7()
    written = store.write(study, b"true")
    if isinstance(store, FolderStorage):
        (store.root / str(study) / written.sha256).write_bytes(b"false")
    elif isinstance(store, BucketStorage):
        key = f"{store.prefix}{study}/{written.sha256}"
        store.client.put_object(Bucket=store.bucket, Key=key, Body=b"false")
    with pytest.raises(DigestMismatch):
        store.read(study, written.sha256)


def test_parts_come_back_as_one_and_a_range_as_itself(store: Storage) -> None:
    study, upload = uuid7(), uuid7()
    parts = [b"a" * 3_000_000, b"b" * 3_000_000, b"c"]
    for number in (1, 0, 2):
        store.write_part(study, upload, number, io.BytesIO(parts[number]))
    with store.open_parts(study, upload, 3) as joined:
        written = store.write(study, joined)
    assert store.read(study, written.sha256) == b"".join(parts)
    with store.open_range(study, written.sha256, 2_999_998, 4) as handle:
        assert handle.read(4) == b"aabb"
    store.delete_parts(study, upload)
    with pytest.raises((OSError, ClientError)):
        store.open_parts(study, upload, 3).read()
