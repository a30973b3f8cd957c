"""Plain numbers against Python's own reading of them, and what is left to a slower reader."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genomics.methods import expression_tiles
from genomics.methods.expression_table import read_text_table
from genomics.methods.expression_text import opener
from genomics.methods.plain_numbers import NotPlain, read_plain_block, whole_lines

CELLS = st.from_regex(r"-?[0-9]{1,8}(\.[0-9]{1,7})?", fullmatch=True)
TABLES = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=1)
)


@given(table=TABLES, ended=st.sampled_from(["\n", "\r\n"]))
def test_every_cell_is_what_float_makes_of_it(table, ended) -> None:
    text = "".join("\t".join([f"G{k}", *row]) + ended for k, row in enumerate(table))
    marks, values = read_plain_block(text.encode(), "\t", 1, len(table[0]), np.float64)
    expected = np.array([[float(cell) for cell in row] for row in table]).T
    assert values.tobytes() == np.ascontiguousarray(expected).tobytes()  # -0.0 and all
    assert [text[start:end] for start, end, _ in marks] == [f"G{k}" for k in range(len(table))]


@pytest.mark.parametrize(
    "cell",
    ["", " 1", "1 ", "+1", ".5", "5.", "1.2.3", "1e5", "0x1A", "nan", "NA", "-", '"1"', "1,5",
     "1234567890123456", "١"],
)  # fmt: skip
def test_what_is_no_plain_number_is_left_to_another_reader(cell: str) -> None:
    with pytest.raises(NotPlain):
        read_plain_block(f"G\t1\t{cell}\n".encode(), "\t", 1, 2, np.float64)


@pytest.mark.parametrize(
    "text", ["G\t1\n", "G\t1\t2\t3\n", "G\t1\t2\n\n", "\n", "G\t1\t2\rH\t1\t2\n"]
)
def test_a_line_of_other_fields_is_left_to_another_reader(text: str) -> None:
    with pytest.raises(NotPlain):
        read_plain_block(text.encode(), "\t", 1, 2, np.int32)


@pytest.mark.parametrize("cell", ["1.0", "2147483648", "1234567890"])
def test_what_no_int32_holds_is_left_to_another_reader(cell: str) -> None:
    with pytest.raises(NotPlain):
        read_plain_block(f"G\t{cell}\n".encode(), "\t", 1, 1, np.int32)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pieces_end_where_lines_do(size: int) -> None:
    text = b"G1\t1\nG2\t22\n\nG3\t3"
    pieces = list(whole_lines(io.BytesIO(text), size))
    assert b"".join(pieces) == text + b"\n"
    assert all(piece.endswith(b"\n") for piece in pieces)


@pytest.mark.parametrize("late", ["7", "7.25", "7e2", ' 7"'])
def test_a_file_reads_the_same_whichever_reader_ends_it(late: str, monkeypatch) -> None:
    """Counts up to one late cell: a decimal, an exponent, an error; blocks held or on disk."""
    rows = [f"G{k}\t{k}\t{2 * k}" for k in range(400)] + [f"L\t1\t{late}"]
    text = "\n".join(["gene\tA\tB", *rows]).encode()
    monkeypatch.setattr("genomics.methods.expression_table.FEWEST_BYTES_A_BLOCK", 64)
    read = []
    for held in (2**20, 0):
        monkeypatch.setattr(expression_tiles, "MOST_HELD_BYTES", held)
        if '"' in late:
            with pytest.raises(expression_tiles.DataProblem, match="7"):
                read_text_table(opener(io.BytesIO(text), "x"), "x")
            continue
        tiles = read_text_table(opener(io.BytesIO(text), "x"), "x")
        read.append(tiles.columns(0, 2))
        assert tiles.rows([400, 3]).tolist() == [[1, float(late)], [3, 6]]
        assert tiles.means[400] == (1 + float(late)) / 2
    if read:
        assert (read[0] == read[1]).all()
        assert read[0][400, 1] == float(late)
