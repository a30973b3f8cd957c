"""Stored bytes to a browser: by ranges, with their digest as ETag, by no address of their own."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import parse_etags

from studies.models import StoredFile, Study
from studies.storage import storage

RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
PIECE = 256 * 1024
ASK_AGAIN = "private, max-age=0, must-revalidate"
KEEP = "private, max-age=31536000, immutable"


class _Bounded:
    """A file that ends after ``size`` bytes."""

    def __init__(self, handle: BinaryIO, size: int):
        self.handle, self.left = handle, size

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        data = self.handle.read(wanted) if wanted else b""
        self.left -= len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(PIECE):
            yield data

    def close(self) -> None:
        self.handle.close()


def stored_response(
    request: HttpRequest, study: Study, stored: StoredFile, filename: str, content_type: str
) -> HttpResponseBase:
    """The stored file, whole or one range of it; 304 for who has it, 416 for no such range.

    The caller has checked who asks. The digest goes along (ETag and Repr-Digest), so that the
    reader can compare what arrived with what was stored. An address that names the digest
    (``?sha256=``) gives these bytes or others, never newer ones: a browser keeps them for the
    session that it was given them in (``Vary: Cookie``) and does not ask again.
    """
    etag = f'"{stored.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": KEEP if request.GET.get("sha256") == stored.sha256 else ASK_AGAIN,
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(stored.sha256)).decode()}:",
        "X-Content-Type-Options": "nosniff",
    }
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or etag in known:
        return HttpResponse(status=304, headers=headers)
    asked = _range_of(request, etag, stored.size)
    if asked is None:
        return HttpResponse(
            status=416, headers=headers | {"Content-Range": f"bytes */{stored.size}"}
        )
    start, end = asked
    whole = (start, end) == (0, stored.size - 1)
    size = end - start + 1
    handle = storage().open_range(study.uid, stored.sha256, start, size)
    response = FileResponse(
        handle if hasattr(handle, "fileno") and end == stored.size - 1 else _Bounded(handle, size),
        filename=filename,
        content_type=content_type,
        status=200 if whole else 206,
        headers=headers,
    )
    response.block_size = PIECE
    response["Content-Length"] = str(size)
    if not whole:
        response["Content-Range"] = f"bytes {start}-{end}/{stored.size}"
    return response


def _range_of(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """First and last byte wanted; all of them when no range that can be served is asked for."""
    everything = (0, size - 1)
    asked = RANGE.match(request.headers.get("Range", ""))
    if not asked or request.headers.get("If-Range", etag) != etag:
        return everything
    first, last = asked.groups()
    if not first and not last:
        return everything
    if not first:
        wanted = int(last)
        return (max(size - wanted, 0), size - 1) if wanted else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if start >= size:
        return None
    return (start, end) if start <= end else everything
