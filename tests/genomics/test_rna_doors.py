"""Specimens, signatures and annotations through their doors; the quality of what came in."""

from __future__ import annotations

import numpy as np
import pytest

from genomics.models import (
    AnnotationVersion,
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    SequencingBatch,
    SignatureVersion,
)
from genomics.selectors import abundance_table, scores_of
from studies.jobs import run_inline
from studies.models import Specimen
from studies.services import batch_job, batch_receive
from tests.genomics.made import as_csv, hand_in, make_counts, pseudonyms, start
from tests.genomics.test_formats import as_salmon
from tests.people import People


def specimen_table(*lines: str) -> bytes:
    return "\n".join(["specimen,patient_id,procedure,collected_on,batch", *lines]).encode()


def lab_names() -> dict[str, str]:
    return {name: f"LAB_{number:03d}" for number, name in enumerate(pseudonyms(), start=7)}


def test_a_table_of_specimens_names_the_columns_of_a_laboratory(cohort: People) -> None:
    lab = lab_names()
    counts = make_counts().rename(columns=lab)
    refused = hand_in(cohort, "expression_matrix", as_csv(counts))
    assert (refused.state, len(refused.problems)) == ("failed", 38)
    assert "specimen table" in refused.problems[0]["remedy"]
    rows = [f"{label},{name},resection,2021-02-01,run {n % 2}"
            for n, (name, label) in enumerate(lab.items())]  # fmt: skip
    batch = hand_in(cohort, "specimen_table", specimen_table(*rows))
    assert batch.summary == {"specimens": 38, "new": 38, "sequencing_batches": 2}
    assert hand_in(cohort, "expression_matrix", as_csv(counts)).state == "ready"
    column = ExpressionColumn.objects.select_related("patient").get(label="LAB_007")
    assert column.patient.pseudonym == "P001"
    assert SequencingBatch.objects.get(specimen__label="LAB_008").name == "run 1"
    assert Specimen.objects.count() == 38


def test_every_problem_of_a_specimen_table_is_listed(cohort: People) -> None:
    hand_in(cohort, "specimen_table", specimen_table("S1,P001,,,"))
    batch = hand_in(
        cohort, "specimen_table",
        specimen_table("S1,P002,,,", "S2,P999,cut,31.1.2021,", "S3,P003,,,", "S3,P003,,,"),
    )  # fmt: skip
    places = {(problem["row"], problem["column"]) for problem in batch.problems}
    assert places == {(2, "specimen"), (3, "patient_id"), (3, "procedure"), (3, "collected_on"),
                      (5, "specimen")}  # fmt: skip
    assert Specimen.objects.count() == 1


def receive(people: People, kind: str, data: bytes, name: str) -> object:
    batch = batch_receive(people.study, people.statistician, kind, data, name)
    job = batch_job(batch)
    assert job is not None
    run_inline(job)
    batch.refresh_from_db()
    return batch


def test_an_uploaded_signature_is_scored_in_every_matrix(with_rna: People) -> None:
    gmt = b"My cells\t\tCD3D\tENSG00000153563\t915\n".replace(b"\t915", b"")
    batch = receive(with_rna, "gene_signature", gmt, "mine.gmt")
    assert batch.summary == {"signature": "mine", "version": 1, "cell_types": 1, "pairs": 2}
    for method in ("ssgsea", "mcpcounter"):
        job = start(with_rna, "genomics.abundances", signature="mine", method=method)
        assert job.state == "done", job.problems
    table = abundance_table(with_rna.study, "mine", "mcpcounter")
    counts = make_counts()
    logs = np.log2(counts / counts.sum() * 1e6 + 1).loc[["CD3D", "CD8A"]].mean()
    np.testing.assert_allclose(np.sort(scores_of(table)["My cells"]), np.sort(logs))
    assert CellAbundance.objects.filter(signature__name="mine").count() == 2 * 38


def test_another_list_of_the_24_is_the_next_version(with_rna: People) -> None:
    receive(with_rna, "gene_signature", b"cell_type,gene_symbol\nT cells,CD3D\n", "bindea24.csv")
    versions = SignatureVersion.objects.filter(name="bindea24").values_list("version", "n_pairs")
    assert dict(versions) == {1: 496, 2: 1}
    batch = receive(with_rna, "gene_signature", b"T cells\t\t\n", "bindea24.csv")
    assert batch.state == "failed"
    job = start(with_rna, "genomics.abundances", signature="unheard")
    assert "bindea24, mcpcounter10" in job.problems[0]["expected"]


def test_a_transposed_matrix_is_named_and_not_taken_for_strangers(cohort: People) -> None:
    (problem,) = hand_in(cohort, "expression_matrix", as_csv(make_counts().T)).problems
    assert "transposed" in problem["remedy"]


def test_salmon_folders_need_an_annotation(cohort: People) -> None:
    batch = hand_in(cohort, "expression_matrix", as_salmon())
    assert "Upload the annotation" in batch.problems[0]["remedy"]
    table = "Transcript stable ID,Gene stable ID,Gene name\nENST00000000001,ENSG00000000001,A\n"
    receive(cohort, "gene_annotation", table.encode(), "ensembl110.csv")
    assert AnnotationVersion.objects.get().n_transcripts == 1
    batch = hand_in(cohort, "expression_matrix", as_salmon())
    assert "another one" in batch.problems[0]["remedy"]


def test_the_quality_of_a_matrix_is_kept_below_its_patients(cohort: People) -> None:
    counts = make_counts()
    counts["P002"] = counts["P001"] + (np.arange(len(counts)) % 7 == 0)
    counts.loc["XIST", "P003"], counts.loc["XIST", "P004"] = 900, 0
    hand_in(cohort, "expression_matrix", as_csv(counts))
    matrix = ExpressionMatrix.objects.get()
    assert [pair[:2] for pair in matrix.quality["twins"]] == [[0, 1]]
    columns = {c.label: c.quality for c in matrix.columns.all()}
    assert columns["P005"]["library_size"] == counts["P005"].sum()
    assert columns["P005"]["detected"] == (counts["P005"] > 0).sum()
    assert columns["P003"]["xist"] == pytest.approx(np.log2(900 / counts["P003"].sum() * 1e6 + 1))
    assert columns["P004"]["xist"] == 0
    before = columns["P007"]
    assert start(cohort, "genomics.quality").state == "done"
    assert matrix.columns.get(label="P007").quality == before
