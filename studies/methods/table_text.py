"""Delimited text as spreadsheets write it: the encoding and the delimiter, evident or asked."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from .problems import DataProblem, refuse
from .table_lines import (
    LONGEST_CELL,
    LONGEST_LINE,
    Question,
    Table,
    TableOptions,
    UndecidedError,
    check_length,
    check_width,
    trimmed,
)
from .wording import marked, say

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": marked("Windows-1252, Western European"),
    "cp1250": marked("Windows-1250, Central European"),
    "cp1251": marked("Windows-1251, Cyrillic"),
    "gb18030": marked("GB18030, simplified Chinese"),
    "big5": marked("Big5, traditional Chinese"),
    "shift_jis": marked("Shift JIS, Japanese"),
    "euc_kr": marked("EUC-KR, Korean"),
    "mac_roman": marked("Mac Roman"),
}
DELIMITERS = {
    ",": marked("comma"), ";": marked("semicolon"), "\t": marked("tab"), "|": marked("bar"),
}  # fmt: skip
_ASKED = ("cp1252", "gb18030", "cp1250", "cp1251", "big5", "shift_jis", "euc_kr", "mac_roman")
_BINARY = bytes(n for n in range(32) if n not in b"\t\n\r\x0b\x0c\x1a")
_LOOKED_AT = 2**16


def open_text(data: bytes, options: TableOptions) -> Table:
    """A CSV file.

    Raises
    ------
    DataProblem
        Not text, no header, too many columns.
    UndecidedError
        More than one encoding or delimiter would do.
    """
    encoding = _encoding(data, options.encoding)
    _check_decodes(data, encoding)
    delimiter = _delimiter(data, encoding, options.delimiter)
    records = _records(data, encoding, delimiter)
    header = next((cells for _, cells in records if any(cells)), [])
    if not header:
        raise refuse(
            "file", say("an empty file"), "a header and patients", "Upload the table again."
        )
    read = [0]
    return Table(
        header=trimmed(header),
        lines=lambda: _lines(data, encoding, delimiter, read),
        share=lambda: read[0] / max(1, len(data)),
        facts={"encoding": ENCODINGS[encoding], "delimiter": DELIMITERS[delimiter]},
    )


def _encoding(data: bytes, asked: str) -> str:
    if asked and asked in ENCODINGS:
        return asked
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _not_text("UTF-32")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if wide := _unmarked_utf16(data[:_LOOKED_AT]):
        return wide
    if b"\0" in data:
        raise _not_text(say("characters of value 0"))
    if data[:_LOOKED_AT].translate(None, _BINARY) != data[:_LOOKED_AT]:
        raise _not_text(say("control characters: a binary file"))
    if _decodes(data, "utf-8"):
        return "utf-8-sig"
    raise UndecidedError(_ask_encoding(data))


def _unmarked_utf16(start: bytes) -> str:
    """Text of Latin letters in UTF-16 has every other byte 0, and no line is without one."""
    pairs = len(start) // 2
    even, odd = start[: 2 * pairs : 2].count(0), start[1 : 2 * pairs : 2].count(0)
    if pairs >= 4 and odd > pairs * 0.6 and even == 0:
        return "utf-16-le"
    if pairs >= 4 and even > pairs * 0.6 and odd == 0:
        return "utf-16-be"
    return ""


def _not_text(found: str) -> DataProblem:
    return refuse(
        "file", found, "text in UTF-8", "In the spreadsheet choose 'CSV UTF-8' when saving."
    )


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), 2**20):
            decoder.decode(data[start : start + 2**20])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _check_decodes(data: bytes, encoding: str) -> None:
    if not _decodes(data, encoding):
        raise _not_text(say("bytes that are not {encodings}", encodings=ENCODINGS[encoding]))
    if encoding.startswith("utf-16") and any(chr(0) in line for line in _text(data, encoding)):
        raise _not_text(say("characters of value 0"))


def _ask_encoding(data: bytes) -> Question:
    """Each encoding that the bytes allow, with the words that it makes of them."""
    sample = _first_words(data)
    choices = [
        (name, f"{ENCODINGS[name]}: {shown}")
        for name in _ASKED
        if _decodes(data, name) and (shown := sample.decode(name, "replace")).isprintable()
    ]
    if not choices:
        raise _not_text(say("text in no encoding that spreadsheets write"))
    return Question(
        "encoding",
        say("The file is not UTF-8. In which writing do its letters read right?"),
        tuple(choices),
    )


def _first_words(data: bytes) -> bytes:
    """The cells around the first letters beyond ASCII, cut where no letter is."""
    first = next(n for n, byte in enumerate(data) if byte > 127)
    start = max(data.rfind(mark, 0, first) for mark in (b"\n", b",", b";", b"\t", b'"')) + 1
    ends = [data.find(mark, first) for mark in (b"\n", b"\r", b",", b";", b"\t", b'"')]
    end = min((n for n in ends if n >= 0), default=len(data))
    return data[max(start, first - 40) : min(end, first + 80)]


def _delimiter(data: bytes, encoding: str, asked: str) -> str:
    """The one mark that stands in the header outside quotes; two or more are asked."""
    if asked in DELIMITERS:
        return asked
    line = next(_text(data, encoding), "")
    bare, quoted = [], False
    for character in line:
        quoted ^= character == '"'
        if not quoted:
            bare.append(character)
    here = {mark: bare.count(mark) for mark in DELIMITERS if mark in bare}
    if len(here) <= 1:
        return next(iter(here), ",")
    choices = tuple(
        (
            mark,
            say("{delimiters}: {number} columns", delimiters=DELIMITERS[mark], number=number + 1),
        )
        for mark, number in here.items()
    )
    raise UndecidedError(Question("delimiter", say("What stands between two cells?"), choices))


def _text(data: bytes, encoding: str) -> Iterator[str]:
    """Physical lines, none longer than a line may be."""
    handle = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    while line := handle.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise refuse(
                "file",
                say("a line of more than {longest_line:,} characters", longest_line=LONGEST_LINE),
                "a table with one line per patient",
                "Check that the file is a table with line ends.",
            )
        yield line


def _records(
    data: bytes, encoding: str, delimiter: str, read: list[int] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Numbered records; a cell that never closes its quote cannot swallow the file."""
    pending, row = 0, 0

    def fed() -> Iterator[str]:
        nonlocal pending
        for line in _text(data, encoding):
            pending += len(line)
            if read is not None:
                read[0] += len(line)
            if pending > 2 * LONGEST_LINE:
                found, remedy = say("a quote that is not closed"), say("Check the quotes.")
                raise refuse("file", found, "quotes in pairs", remedy, row + 1)
            yield line

    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(fed(), delimiter=delimiter)
    try:
        for cells in reader:
            row, pending = row + 1, 0
            check_width(len(cells), row)
            yield row, [cell.strip() for cell in cells]
    except csv.Error as error:
        remedy = say("Save the table as CSV anew.")
        raise refuse("file", str(error), "a CSV file", remedy, row + 1) from error


def _lines(
    data: bytes, encoding: str, delimiter: str, read: list[int]
) -> Iterator[tuple[int, list[str]]]:
    read[0] = 0
    records = _records(data, encoding, delimiter, read)
    written = ((row, cells) for row, cells in records if any(cells))
    next(written, None)
    for row, cells in written:
        check_length(row)
        yield row, cells
