"""The text of an expression table, opened from its beginning as often as it is read."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

MOST_BYTES = 8 * 2**30  # of text: 60,000 genes of 5,000 specimens are a quarter of it
LONGEST_LINE = 2**26
Open = Callable[[], BinaryIO]


def opener(stream: BinaryIO, name: str) -> Open:
    """Opens the text of a seekable file from its beginning, gzipped or not."""

    def fresh() -> BinaryIO:
        stream.seek(0)
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        text = gzip.GzipFile(fileobj=stream) if packed else stream
        return cast(BinaryIO, io.BufferedReader(_Bounded(cast(BinaryIO, text), name), 2**20))

    return fresh


class _Bounded(io.RawIOBase):
    """A stream that ends in a refusal: a few packed bytes may unpack to more than a disk holds."""

    def __init__(self, source: BinaryIO, name: str) -> None:
        self.source, self.name, self.read_bytes = source, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self.source.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise refuse_no_text(self.name, error) from error
        self.read_bytes += len(data)
        if self.read_bytes > MOST_BYTES:
            most = say("at most {most_bytes:g} GiB unpacked", most_bytes=MOST_BYTES / 2**30)
            remedy = say("Split the table by specimens.")
            raise refuse(self.name, say("a file that unpacks to more"), most, remedy)
        buffer[: len(data)] = data
        return len(data)


def refuse_no_text(name: str, error: Exception) -> DataProblem:
    """The refusal of a file that is no text: ``raise refuse_no_text(name, error)``.

    Parameters
    ----------
    name : str
        What to call the file.
    error : exception
        What reading it said.
    """
    return refuse(
        name, str(error), "a UTF-8 text table, gzipped or not", "Save the table as CSV or TSV."
    )


def first_lines(fresh: Open, name: str, count: int) -> list[str]:
    """The first lines of a text, empty where it has ended.

    Raises
    ------
    DataProblem
        A line longer than 64 MiB, or bytes that are no UTF-8.
    """
    stream = fresh()
    lines = [stream.readline(LONGEST_LINE) for _ in range(count)]
    if max(map(len, lines)) >= LONGEST_LINE:
        longest = say("lines of at most {longest_line} MiB", longest_line=LONGEST_LINE // 2**20)
        raise refuse(name, say("a longer line"), longest, "Save the table as CSV or TSV.")
    try:
        return [line.decode("utf-8-sig") for line in lines]
    except UnicodeDecodeError as error:
        raise refuse_no_text(name, error) from error
