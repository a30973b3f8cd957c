"""Files larger than their door takes are refused before, or while, they come in.

A form's body is read by whoever first asks for its fields, which is long before a view: so the
limit stands in front. What is known of the size at the start (Content-Length) is judged without
reading; else a file is let go as soon as it is larger than its door takes.
"""

from __future__ import annotations

import io
import re
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser
from django.http.request import QueryDict
from django.utils.datastructures import MultiValueDict

from studies import registry
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say

PAGE, API = "studies:upload", "api:import-list"
BESIDE = 2**20  # bytes of a form beside its files
HEAD = 2**14  # of a form, in which the API's clients say the kind
_KIND = re.compile(rb'name="?kind"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([\w-]{1,40})\r\n')


def limit_upload(request: HttpRequest, view_name: str, kind: str = "") -> None:
    """Put the limit in front of what reads the form."""
    handler = UploadLimit(request, kind, one_file=view_name == API)
    request.upload_handlers.insert(0, handler)
    request.upload_limit = handler  # type: ignore[attr-defined]


def too_large_for_any(request: HttpRequest, view_name: str) -> DataProblem | None:
    """Why a page's form is not read at all; the API reads its head, for the kind of the file."""
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if view_name == API or size <= settings.UPLOAD_MAX_BYTES + BESIDE:
        return None
    limit_upload(request, view_name)
    request.upload_limit.most = settings.UPLOAD_MAX_BYTES  # type: ignore[attr-defined]
    request.upload_limit._refuse(size)  # type: ignore[attr-defined]
    return refusal_of(request)


def refusal_of(request: HttpRequest) -> DataProblem | None:
    """Why a file of this request was not taken, once its form was read."""
    handler = getattr(request, "upload_limit", None)
    return DataProblem([handler.refused]) if handler is not None and handler.refused else None


class UploadLimit(FileUploadHandler):
    """Counts the bytes of each file; the first one too large ends the reading of the form."""

    def __init__(self, request: HttpRequest, kind: str, one_file: bool):
        super().__init__(request)
        self.kind, self.one_file = kind, one_file
        self.most, self.taken = largest_of(kind), 0
        self.refused: Problem | None = None
        self.is_inside = False

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> Any:
        if self.is_inside:
            return None
        self.is_inside, stream = True, input_data
        if self.one_file:
            head = input_data.read(min(HEAD, content_length))
            found = _KIND.search(head)
            self.kind = found[1].decode() if found else ""
            self.most, stream = largest_of(self.kind), _Joined(head, input_data)
        whole = self.most if self.one_file else settings.UPLOAD_MAX_BYTES
        if content_length > whole + BESIDE:
            self._refuse(content_length)
            return QueryDict(mutable=False), MultiValueDict()
        handlers = self.request.upload_handlers  # type: ignore[union-attr]
        return MultiPartParser(META, stream, handlers, encoding).parse()

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > self.most:
            self._refuse(self.taken)
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self, size: int) -> None:
        largest = self.most / 2**20
        self.refused = Problem(
            "file",
            say("more than {size:,.0f} MB", size=(size - 1) // 2**20),
            say("at most {largest:,.0f} MB in one file", largest=largest),
            say("Keep what is needed, or split it: at most {largest:,.0f} MB in one file.",
                largest=largest),
            column="file",
        )  # fmt: skip


def largest_of(kind: str) -> int:
    """Bytes that a door takes in one file; of a kind nobody said, what the smallest one takes."""
    most = settings.UPLOAD_MAX_BYTES
    door = registry.upload_kind(kind)
    if door is not None:
        return min(door.largest or most, most)
    return min([most, *(door.largest for door in registry.upload_kinds() if door.largest)])


class _Joined(io.RawIOBase):
    """What was read already, and the rest."""

    def __init__(self, head: bytes, rest: Any):
        self.head, self.rest = io.BytesIO(head), rest

    def read(self, size: int = -1) -> bytes:
        return self.head.read(size) or self.rest.read(size)
