"""The cohort table over HTTP, by a real worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.client import RefusedError
from dev.processes import Product
from tests.flows.conftest import open_study
from tests.studies.test_cohort_import import GOOD, table


def test_a_table_goes_in_and_a_bad_one_is_refused_with_its_list(
    product: Product, tmp_path: Path
) -> None:
    running = open_study(product, "Over HTTP", waived="consent is kept elsewhere")
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(table(GOOD, GOOD | {"patient_id": "P002", "site": "South"}))
    bad.write_bytes(table(GOOD | {"patient_id": "P003", "age_years": "abc"}))
    batch = running.upload("cohort_table", good)
    assert (batch["state"], batch["summary"]["new"]) == ("ready", 2)
    with pytest.raises(RefusedError, match="row 2, P003: found 'abc'"):
        running.upload("cohort_table", bad)
    assert [row["pseudonym"] for row in running.rows("patients/")] == ["P002", "P001"]
    abroad = running.clients["collaborator"].every(f"studies/{running.study}/patients/")
    assert [row["pseudonym"] for row in abroad] == ["P002"]
