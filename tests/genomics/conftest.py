"""A cohort, and the same with RNA and a frozen phenotype."""

from __future__ import annotations

import pytest

from tests.genomics.made import as_csv, cohort_table, hand_in, make_counts, start
from tests.people import People


@pytest.fixture
def cohort(as_coordinator: People) -> People:
    batch = hand_in(as_coordinator, "cohort_table", cohort_table())
    assert batch.state == "ready", batch.problems
    return as_coordinator


@pytest.fixture
def with_rna(cohort: People) -> People:
    batch = hand_in(cohort, "expression_matrix", as_csv(make_counts()))
    assert batch.state == "ready", batch.problems
    return cohort


@pytest.fixture
def with_phenotype(with_rna: People) -> People:
    job = start(with_rna, "genomics.phenotype_fit")
    assert job.state == "done", (job.problems, job.error_id)
    return with_rna
