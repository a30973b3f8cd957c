"""A cohort, and the same with RNA and a frozen phenotype."""

from __future__ import annotations

import pytest
from django.utils import translation

from studies.access import acting_as
from tests.begun import begun_by
from tests.genomics.made import as_csv, cohort_table, hand_in, make_counts, start
from tests.people import People


def a_cohort(people: People, patch: object) -> People:
    with acting_as(people.coordinator), translation.override("zh-hans"):
        batch = hand_in(people, "cohort_table", cohort_table())
    assert batch.state == "ready", batch.problems
    return people


def its_rna(people: People, patch: object) -> People:
    with acting_as(people.coordinator), translation.override("zh-hans"):
        batch = hand_in(people, "expression_matrix", as_csv(make_counts()))
    assert batch.state == "ready", batch.problems
    return people


def its_phenotype(people: People, patch: object) -> People:
    with acting_as(people.coordinator), translation.override("zh-hans"):
        job = start(people, "genomics.phenotype_fit")
    assert job.state == "done", (job.problems, job.error_id)
    return people


@pytest.fixture
@begun_by(a_cohort)
def cohort(as_coordinator: People) -> People:
    return as_coordinator


@pytest.fixture
@begun_by(a_cohort, its_rna)
def with_rna(as_coordinator: People) -> People:
    return as_coordinator


@pytest.fixture
@begun_by(a_cohort, its_rna, its_phenotype)
def with_phenotype(as_coordinator: People) -> People:
    return as_coordinator
