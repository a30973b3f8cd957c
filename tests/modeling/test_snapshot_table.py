from datetime import date

import numpy as np
import pandas as pd
import pytest

from modeling.methods.snapshot_table import (
    digest_table,
    read_snapshot_table,
    write_snapshot_table,
)
from studies.methods.problems import DataProblem


@pytest.fixture
def table():
    return pd.DataFrame({
        "patient": ["P2", "P1", "P3"],
        "suv": [4.5, np.nan, 3.25],
        "hot": [True, False, True],
        "site": ["North", None, "South"],
        "scan_on": [date(2024, 1, 2), None, date(2024, 5, 1)],
        "count": [1, 2, 3],
    })  # fmt: skip


def test_order_of_rows_and_columns_changes_no_byte(table):
    plain = write_snapshot_table(table, ["patient"])
    turned = table.iloc[[2, 0, 1]][["count", "scan_on", "site", "hot", "suv", "patient"]]
    assert write_snapshot_table(turned, ["patient"]) == plain
    assert digest_table(plain) == digest_table(write_snapshot_table(table.copy(), ["patient"]))


def test_one_value_changes_the_digest(table):
    plain = digest_table(write_snapshot_table(table, ["patient"]))
    table.loc[0, "suv"] = np.nextafter(4.5, 5)
    assert digest_table(write_snapshot_table(table, ["patient"])) != plain


def test_a_table_comes_back(table):
    back = read_snapshot_table(write_snapshot_table(table, ["patient"]))
    assert list(back["patient"]) == ["P1", "P2", "P3"]
    assert np.isnan(back["suv"][0])
    assert back["suv"][1] == 4.5
    assert back["scan_on"][1] == date(2024, 1, 2)
    assert back["site"][0] is None
    assert list(back["hot"]) == [False, True, True]
    assert write_snapshot_table(back, ["patient"]) == write_snapshot_table(table, ["patient"])


def test_nobody_is_refused(table):
    with pytest.raises(DataProblem, match="nobody"):
        write_snapshot_table(table.iloc[:0], ["patient"])


def test_two_rows_of_one_key_are_refused(table):
    table.loc[1, "patient"] = "P2"
    with pytest.raises(DataProblem, match="one row per patient"):
        write_snapshot_table(table, ["patient"])


def test_a_column_of_two_types_is_refused(table):
    table["mixed"] = ["a", 1, None]
    with pytest.raises(DataProblem, match="mixed"):
        write_snapshot_table(table, ["patient"])
