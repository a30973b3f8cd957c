"""Expression tables: what is read, and every problem at once with its line and column."""

import gzip

import numpy as np
import pandas as pd
import pytest

from genomics.methods import expression_text
from genomics.methods.expression_table import read_expression_table
from studies.methods.problems import DataProblem

GOOD = "gene,P1,P2\nCD3D,5,0\nCD8A,7.5,2\n"


def problems(text, **options):
    with pytest.raises(DataProblem) as refused:
        read_expression_table(text.encode(), **options)
    return refused.value.problems


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        gzip.compress(GOOD.encode(), mtime=0),
        GOOD.replace("gene,", "").encode(),  # as R's write.table
        b'"","P1","P2"\n"CD3D",5,0\n"CD8A",7.5,2\n',  # as R's write.csv
    ],
)
def test_expression_table_reads_the_usual_spellings_alike(data):
    table = read_expression_table(data)
    assert table.genes == ("CD3D", "CD8A")
    assert table.specimens == ("P1", "P2")
    np.testing.assert_array_equal(table.values, [[5, 0], [7.5, 2]])


def test_expression_table_equals_pandas_on_real_counts(shared):
    path = shared / "data" / "genomics" / "crc_tcga_subset" / "crcTCGAsubset_expr.csv.gz"
    table = read_expression_table(path.read_bytes())
    expected = pd.read_csv(path, index_col=0)
    assert table.values.shape == (17045, 92)
    assert table.genes == tuple(expected.index)
    assert table.specimens == tuple(expected.columns)
    np.testing.assert_array_equal(table.values, expected.to_numpy())


def test_quotes_that_begin_later_are_read_as_quotes():
    plain = b"gene\tA\tB\nG1\t1\t2\nG2\t3\t4\n"
    late = b'gene\tA\tB\nG1\t1\t2\n"G2"\t3\t"4"\n'
    for column in (late, late.replace(b'"4"', b"4"), late.replace(b'"G2"', b"G2")):
        found, expected = read_expression_table(column), read_expression_table(plain)
        assert found.genes == expected.genes
        assert (found.values == expected.values).all()


def test_expression_table_keeps_a_gene_whose_name_reads_as_missing():
    assert read_expression_table(b"gene,P1,P2\nNA,1,2\nnan,3,4\n").genes == ("NA", "nan")


def test_expression_table_names_every_bad_cell_by_line_and_column():
    found = problems("gene,P1,P2\nA,1,2\nB,x,3\nC,4,\nD,5,NA\nE,6,7\nF,1e400,8\n")
    places = [(p.row, p.column, p.found) for p in found]
    assert places == [
        (3, "P1", "'x'"),
        (4, "P2", "an empty cell"),
        (5, "P2", "'NA'"),
        (7, "P1", "'1e400'"),
    ]


def test_expression_table_says_once_that_a_column_is_text():
    found = problems("gene,description,P1\nA,alpha,1\nB,beta,2\nC,gamma,x\n")
    assert [(p.row, p.column) for p in found] == [(None, "description"), (4, "P1")]


def test_expression_table_counts_what_it_does_not_list():
    rows = "".join(f"G{i},1,{'?' if i < 40 else i}\n" for i in range(100))
    found = problems("gene,P1,P2\n" + rows)
    assert len(found) == 26
    assert found[-1].found == "15 more cells without a number"


def test_expression_table_refuses_repeated_and_unnamed_specimens_together():
    found = problems("gene,P1,P2,P1,\nA,1,2,3,4\n")
    assert "'P1' 2 times" in found[0].found
    assert "column 5" in found[1].found


def test_expression_table_refuses_negative_counts_but_reads_negative_logarithms():
    text = "gene,P1,P2\nA,1,-2\nB,3,4\n"
    (found,) = problems(text)
    assert (found.row, found.column) == (2, "P2")
    assert "log" in found.remedy
    assert read_expression_table(text.encode(), scale="log").values.min() == -2
    logs = text.replace("-2", "-2.5").encode()
    assert read_expression_table(logs).values.min() == -2.5
    with pytest.raises(DataProblem):
        read_expression_table(logs, scale="cpm")


def test_expression_table_refuses_a_specimen_without_variation():
    (found,) = problems("gene,P1,P2\nA,1,0\nB,3,0\n")
    assert found.column == "P2"


def test_expression_table_leaves_summary_rows_out_and_says_so():
    table = read_expression_table(b"gene,P1\nA,1\nB,2\n__no_feature,9\nN_unmapped,7\n")
    assert table.genes == ("A", "B")
    assert "__no_feature" in table.notices[0].text


@pytest.mark.parametrize(
    "text",
    ["", "\n", "gene,P1\n", "gene\nA\n", "gene,P1\n,5\nB,1\n", "gene,P1,P2\nA,1,2\nB,1,2,3\n"],
)
def test_expression_table_refuses_what_is_no_table(text):
    assert problems(text)


def test_expression_table_refuses_a_short_line():
    assert problems("gene,P1,P2\nA,1,2\nB,1\n")[0].row == 3


def test_expression_table_refuses_broken_gzip_and_binary_files():
    for data in (gzip.compress(GOOD.encode())[:-9], b"PK\x03\x04\xff\xfe"):
        with pytest.raises(DataProblem):
            read_expression_table(data)


def test_a_damaged_or_bottomless_gzip_is_refused(monkeypatch):
    packed = gzip.compress(GOOD.encode() * 50)
    for data, most in ((packed[:12] + b"\xff" * 20 + packed[32:], 2**20), (packed, 100)):
        monkeypatch.setattr(expression_text, "MOST_BYTES", most)
        with pytest.raises(DataProblem):
            read_expression_table(data)
