"""Sequencing batches corrected through the users' doors: refused, frozen, traced, lifted."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client

from genomics.models import BatchCorrection, CellAbundance, ExpressionMatrix
from genomics.selectors import abundance_table, scores_of
from genomics.services.abundances import matrix_open
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import Derivation, Job
from studies.services import action_start
from tests.begun import begun_by
from tests.genomics.conftest import a_cohort
from tests.genomics.made import COHORTS, as_csv, hand_in, make_counts, pseudonyms, start
from tests.people import People

KIND = "genomics.batch_correct"


def batches(cohort_of_third: bool = False) -> dict[str, str]:
    """Two runs over all cohorts; the last cohort in a run of its own where asked."""
    last = set(pseudonyms()[-COHORTS["external_phenotype"] :])
    return {
        name: "run C" if cohort_of_third and name in last else f"run {'AB'[(k // 2) % 2]}"
        for k, name in enumerate(pseudonyms())
    }


def table_of(runs: dict[str, str]) -> bytes:
    lines = [f"{name},{name},{run}" for name, run in runs.items()]
    return "\n".join(["specimen,patient_id,batch", *lines]).encode()


def shifted(runs: dict[str, str]) -> bytes:
    counts = make_counts().astype(float)
    factor = np.exp(np.random.default_rng(1).normal(0, 0.8, len(counts)))
    second = [name for name, run in runs.items() if run == "run B"]
    counts[second] = counts[second].mul(factor, axis=0).round()
    return as_csv(counts.astype(int))


def its_batches(people: People, patch: object) -> People:
    runs = batches()
    with acting_as(people.coordinator):
        assert hand_in(people, "specimen_table", table_of(runs)).state == "ready"
        assert hand_in(people, "expression_matrix", shifted(runs)).state == "ready"
    return people


@pytest.fixture
@begun_by(a_cohort, its_batches)
def sequenced(as_coordinator: People) -> People:
    return as_coordinator


def test_a_correction_is_fitted_on_development_and_corrects_everyone(sequenced: People) -> None:
    before = abundance_table(sequenced.study)
    job = start(sequenced, KIND)
    assert job.state == "done", (job.problems, job.error_id)
    row = BatchCorrection.objects.get()
    assert (row.n_training, row.batches) == (24, {"run A": 12, "run B": 12})
    corrected = ExpressionMatrix.objects.get(correction=row)
    assert (corrected.scale, corrected.n_specimens) == ("log", 38)
    values = matrix_open(corrected).columns(0, 38)
    second = np.array([run == "run B" for run in batches().values()])
    original = np.log2(matrix_open(corrected.batch.expression_matrices.get(correction=None))
                       .columns(0, 38) + 1.0)  # fmt: skip
    gap, left = (abs(v[:, second].mean(axis=1) - v[:, ~second].mean(axis=1)).mean()
                 for v in (original, values))  # fmt: skip
    assert left < 0.4 * gap
    after = abundance_table(sequenced.study)
    assert (after["digest"] != before["digest"]).all()
    assert Derivation.objects.filter(
        parent_digest=row.file.sha256, child_digest=corrected.file.sha256
    ).exists()
    seen = Derivation.objects.filter(child_digest=row.file.sha256).values("parent_digest")
    owners = CellAbundance.objects.filter(inputs_digest__in=seen)
    assert set(owners.values_list("patient__partition", flat=True)) == {"development"}
    quality = corrected.columns.first().quality
    assert len(quality["before"]) == len(quality["after"]) == 2


def test_a_correction_can_be_lifted_and_comes_back_with_the_same_inputs(sequenced: People) -> None:
    plain = scores_of(abundance_table(sequenced.study))
    start(sequenced, KIND)
    corrected = scores_of(abundance_table(sequenced.study))
    assert start(sequenced, "genomics.batch_correction_lift").state == "done"
    np.testing.assert_array_equal(scores_of(abundance_table(sequenced.study)), plain)
    start(sequenced, KIND)
    np.testing.assert_array_equal(scores_of(abundance_table(sequenced.study)), corrected)
    assert BatchCorrection.objects.count() == 1
    assert CellAbundance.objects.filter(signature__name="bindea24").count() == 2 * 38


def test_specimens_without_a_batch_are_listed(with_rna: People) -> None:
    job = start(with_rna, KIND)
    assert job.state == "failed"
    assert len(job.problems) == 38
    assert "specimen table" in job.problems[0]["remedy"]


def test_an_unseen_batch_is_refused_unless_it_may_stay(cohort: People) -> None:
    runs = batches(cohort_of_third=True)
    hand_in(cohort, "specimen_table", table_of(runs))
    hand_in(cohort, "expression_matrix", shifted(runs))
    job = start(cohort, KIND)
    assert [problem["where"] for problem in job.problems] == ["batch run C"]
    job = start(cohort, KIND, unseen="uncorrected")
    assert job.state == "done", job.problems
    assert [notice["code"] for notice in job.result["notices"]] == ["batch_unseen"]
    client = Client()
    client.force_login(cohort.statistician)
    base = f"/studies/{cohort.study.uid}/genomics/batches/"
    page = client.get(base).content.decode()
    for text in ("run C", "in force", "batch_unseen"):
        assert text in page
    uid = BatchCorrection.objects.get().uid
    part = f"/studies/{cohort.study.uid}/drawn/genomics:correction/{uid}/"
    assert part in page
    assert "being drawn" in client.get(part).content.decode()
    job = Job.objects.get(kind="studies.page_draw", params__page="genomics:correction")
    with acting_as(job.acting_user):
        assert run_inline(job).state == "done", (job.problems, job.error_id)
    assert b"correction.svg" in client.get(part).content


def test_who_may_not_run_may_not_correct(sequenced: People) -> None:
    with pytest.raises(Exception, match="run"):
        run_inline(action_start(sequenced.study, sequenced.colleague, KIND, {}))
