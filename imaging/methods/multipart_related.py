"""multipart/related bodies, as DICOMweb sends objects: read by pieces, written by parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

PIECE = 2**20
MOST_OF_HEADERS = 16 * 2**10
BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)

Read = Callable[[int], bytes]


@dataclass(frozen=True)
class Part:
    """One object of a body.

    Parameters
    ----------
    content_type : str
        Of the part, in small letters, without parameters.
    pieces : iterator of bytes
        To be read to its end before the next part is asked for.
    """

    content_type: str
    pieces: Iterator[bytes]


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names.

    Raises
    ------
    DataProblem
        Another type, or no boundary.
    """
    found = BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/related") or found is None:
        raise refuse(
            "Content-Type",
            content_type or say("nothing"),
            'multipart/related; type="application/dicom"; boundary=…',
            "Send the objects as STOW-RS does.",
        )
    return found.group(1).encode()


def read_parts(read: Read, boundary: bytes) -> Iterator[Part]:
    """The parts of a body; memory holds a piece of it at a time.

    Parameters
    ----------
    read : callable (number of bytes)
        Gives at most so many bytes of the body, none at its end.

    Raises
    ------
    DataProblem
        The body breaks off, or is none of this boundary.
    """
    body = _Body(read, b"\r\n--" + boundary)
    for _ in body.until_boundary():  # whatever stands before the first
        pass
    while not body.at_end():
        yield Part(body.content_type(), body.until_boundary())


class _Body:
    def __init__(self, read: Read, mark: bytes):
        self._read, self._mark = read, mark
        self._held = b"\r\n"  # so that a boundary may come first

    def _more(self) -> None:
        data = self._read(PIECE)
        if not data:
            raise _broken()
        self._held += data

    def until_boundary(self) -> Iterator[bytes]:
        """The bytes before the next boundary, which is passed."""
        while (at := self._held.find(self._mark)) < 0:
            keep = len(self._mark) - 1
            if len(self._held) > keep:
                yield self._held[:-keep]
                self._held = self._held[-keep:]
            self._more()
        if at:
            yield self._held[:at]
        self._held = self._held[at + len(self._mark) :]

    def at_end(self) -> bool:
        """Whether the boundary just passed was the last."""
        while len(self._held) < 2:
            self._more()
        return self._held.startswith(b"--")

    def content_type(self) -> str:
        while (at := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > MOST_OF_HEADERS:
                raise _broken()
            self._more()
        lines = self._held[:at].decode("latin-1").split("\r\n")
        self._held = self._held[at + 4 :]
        named = dict(line.split(":", 1) for line in lines if ":" in line)
        kind = next((v for k, v in named.items() if k.strip().lower() == "content-type"), "")
        return kind.split(";")[0].strip().lower()


def _broken() -> DataProblem:
    return refuse(
        "body", say("one that breaks off"), "a whole multipart/related body", "Send it again."
    )


def write_parts(objects: Iterator[bytes], boundary: str, content_type: str) -> Iterator[bytes]:
    """A body of one part per object."""
    for data in objects:
        yield f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode()
        yield data
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()
