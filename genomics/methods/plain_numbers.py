"""A text table of plain numbers at the speed of memory: digits, a point, a minus sign.

What is written in any other way (an exponent, quotes, blanks, an empty cell) is not guessed at:
the block is refused as a whole, and a slower reader decides what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from studies.methods.compiled import compiled_on_first_use

LINE, RETURN, POINT, MINUS, ZERO = (ord(one) for one in "\n\r.-0")
MOST_DIGITS = (
    15  # such a number and a power of ten up to 10^15 are doubles: their quotient is exact
)
MOST_WHOLE_DIGITS = 9  # of an int32
POWERS = 10.0 ** np.arange(MOST_DIGITS + 1)


class NotPlain(ValueError):
    """Something else than plain numbers stands in a block."""


def read_plain_block(
    text: bytes, separator: str, names: int, columns: int, dtype: DTypeLike
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Numbers of whole lines.

    Parameters
    ----------
    text : bytes
        Lines, the last one ended too.
    separator : str
        One ASCII character.
    names : int
        Fields before the numbers of each line, at least one.
    columns : int
        Numbers in each line.
    dtype : int32 or float64
        int32 takes whole numbers of at most nine digits.

    Returns
    -------
    marks : array of shape (lines, 3)
        Where the line begins, and where its first two fields end (the second: 0 without one).
    values : array of shape (columns, lines)
        Equal to what ``float`` makes of each cell, to the last bit.

    Raises
    ------
    NotPlain
        A cell that is not such a number, or a line of more or fewer fields.

    References
    ----------
    Clinger WD. How to read floating point numbers accurately. PLDI 1990 (an integer below 2^53 over
    a power of ten up to 10^22 is rounded once).
    """
    lines = text.count(b"\n")
    marks = np.zeros((lines, 3), dtype=np.int64)
    values = np.empty((columns, lines), dtype=dtype)
    whole = values.dtype.kind == "i"
    most = MOST_WHOLE_DIGITS if whole else MOST_DIGITS
    data = np.frombuffer(text, dtype=np.uint8)
    if _parse(data, ord(separator), names, marks, values, whole, most, POWERS) >= 0:
        raise NotPlain
    return marks, values


@compiled_on_first_use
def _parse(text, separator, names, marks, values, whole, most, powers):
    """Fill marks and values; -1, or the place of what is no plain number."""
    columns, lines = values.shape
    place = 0
    for line in range(lines):
        marks[line, 0] = place
        for name in range(names):
            while text[place] != separator:
                if text[place] == LINE:
                    return place
                place += 1
            if name < 2:
                marks[line, name + 1] = place
            place += 1
        for column in range(columns):
            negative = text[place] == MINUS
            if negative:
                place += 1
            number, digits, point = 0, 0, 0
            while True:
                digit = int(text[place]) - ZERO
                if 0 <= digit <= 9:
                    number = number * 10 + digit
                    digits += 1
                elif text[place] == POINT and digits > 0 and point == 0:
                    point = digits
                else:
                    break
                place += 1
                if digits > most:
                    return place
            if digits == point or (whole and point > 0):  # nothing, nothing after the point
                return place
            if column + 1 == columns:
                if text[place] == RETURN:
                    place += 1
                if text[place] != LINE:
                    return place
            elif text[place] != separator:
                return place
            place += 1
            if whole:
                values[column, line] = -number if negative else number
            else:
                value = number / powers[digits - point] if point > 0 else number * 1.0
                values[column, line] = -value if negative else value
    return -1


def whole_lines(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The rest of a stream in pieces of about ``size`` bytes that end where a line does."""
    rest = b""
    while data := stream.read(size):
        data = rest + data
        end = data.rfind(b"\n") + 1
        if end:
            yield data[:end]
        rest = data[end:]
    if rest:
        yield rest + b"\n"
