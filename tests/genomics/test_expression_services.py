"""A matrix from file to abundances, or a list of problems and nothing written."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from genomics.models import CellAbundance, ExpressionColumn, ExpressionMatrix
from genomics.selectors import abundance_table, scores_of
from genomics.services.abundances import matrix_open
from studies.models import Derivation, FileUse, Specimen, SpecimenChoice
from studies.services import file_read
from tests.genomics.made import as_csv, cohort_table, hand_in, make_counts, pseudonyms, shipped
from tests.people import People


def refused(people: People, data: bytes, **options: str) -> list[dict[str, str]]:
    batch = hand_in(people, "expression_matrix", data, options)
    assert batch.state == "failed"
    for model in (ExpressionMatrix, ExpressionColumn, CellAbundance, Specimen):
        assert not model.objects.exists()
    return batch.problems


def test_a_matrix_becomes_specimens_and_24_abundances(with_rna: People) -> None:
    matrix = ExpressionMatrix.objects.get()
    assert (matrix.scale, matrix.n_specimens) == ("counts", 38)
    table = abundance_table(with_rna.study)
    assert scores_of(table).shape == (38, 24)
    assert len(abundance_table(with_rna.study, "mcpcounter10")) == 38
    assert SpecimenChoice.objects.filter(purpose="rna").count() == 38
    codes = {notice["code"] for notice in matrix.notices}
    assert {"ranks_only", "scale_not_declared"} <= codes


def test_the_stored_matrix_is_the_uploaded_one(with_rna: People) -> None:
    matrix = ExpressionMatrix.objects.select_related("file", "batch__file").get()
    stored = matrix_open(matrix)
    counts = make_counts()
    assert stored.genes == list(counts.index)
    assert stored.specimens == tuple(counts.columns)
    np.testing.assert_array_equal(stored.columns(0, 38), counts.to_numpy())
    assert file_read(matrix.batch.file) == as_csv(counts)  # the raw upload is kept
    derived = Derivation.objects.get(child_digest=matrix.file.sha256)
    assert derived.parent_digest == matrix.batch.file.sha256
    assert FileUse.objects.filter(file=matrix.file, row_id=matrix.pk).count() == 1


def test_the_core_follows_the_infiltration_and_not_its_opposite(with_rna: People) -> None:
    table = abundance_table(with_rna.study)
    hot = [int(row.patient.pseudonym[1:]) % 2 for row in CellAbundance.objects.order_by(
        "patient_id").filter(signature__name="bindea24").select_related("patient")]  # fmt: skip
    for cell in ("T cells", "CD8 T cells", "Cytotoxic cells"):
        assert spearmanr(table.sort_index()[cell], hot).statistic > 0.8


def test_specimen_labels_with_a_number_find_their_patient(cohort: People) -> None:
    counts = make_counts()
    counts.columns = [f"{name}-T1" for name in counts.columns]
    assert hand_in(cohort, "expression_matrix", as_csv(counts)).state == "ready"
    specimen = Specimen.objects.select_related("patient").get(label="P001-T1")
    assert specimen.patient.pseudonym == "P001"


def test_of_two_specimens_the_rule_chooses_one(cohort: People) -> None:
    counts = make_counts()
    counts["P001-T2"] = counts["P001"]
    counts = counts.rename(columns={"P001": "P001-T1"})
    assert hand_in(cohort, "expression_matrix", as_csv(counts)).state == "ready"
    choice = SpecimenChoice.objects.get(patient__pseudonym="P001")
    assert choice.specimen.label == "P001-T1"
    assert len(abundance_table(cohort.study)) == 38


def test_a_newer_matrix_speaks_and_the_choice_stays(with_rna: People) -> None:
    before = abundance_table(with_rna.study)
    assert hand_in(with_rna, "expression_matrix", as_csv(make_counts(seed=5))).state == "ready"
    after = abundance_table(with_rna.study)
    assert len(after) == 38
    assert (before["specimen_id"] == after["specimen_id"]).all()
    assert (before["digest"] != after["digest"]).all()
    assert Specimen.objects.count() == 38


def test_columns_of_nobody_are_refused_all_at_once_or_left_out_when_asked(cohort: People) -> None:
    data = as_csv(make_counts([*pseudonyms(), "X1", "X2"]))
    assert [p["column"] for p in refused(cohort, data)] == ["X1", "X2"]
    left = hand_in(cohort, "expression_matrix", data, {"unknown_specimens": "leave_out"})
    assert left.state == "ready"
    assert "columns_left_out" in [n["code"] for n in left.notices]


def test_a_matrix_before_the_cohort_is_refused(as_coordinator: People) -> None:
    found = refused(as_coordinator, as_csv(make_counts()))
    assert len(found) == 38
    assert "cohort table first" in found[0]["remedy"]


def test_unknown_genes_are_refused_with_the_missing_ones(cohort: People) -> None:
    counts = make_counts()
    counts.index = [f"probe_{i}" for i in range(len(counts))]
    (problem,) = refused(cohort, as_csv(counts))
    assert "probe_0" in problem["found"]
    assert "CD3D" in problem["found"]


def test_what_is_spoiled_is_named_and_leaves_nothing(cohort: People) -> None:
    """A specimen twice, one without a count, a list of genes cut short, counts in logarithms."""
    counts = make_counts()
    twice = counts.rename(columns={"P002": "P001"})
    silent = counts.assign(P005=0)
    short = counts.drop(index=[g.symbol for g in shipped("bindea24").genes[:200]])
    logs = np.log2(counts + 1)
    for table, options, place, said in (
        (twice, {}, "P001", "'P001' 2 times"), (silent, {}, "P005", "0 for every gene"),
        (short, {}, None, "missing genes"), (logs, {"scale": "counts"}, None, ""),
    ):  # fmt: skip
        (problem,) = refused(cohort, as_csv(table), **options)
        assert problem["column"] == place
        assert said in problem["found"]
    assert not FileUse.objects.filter(table__startswith="genomics_").exists()
    # versions of Ensembl's names are taken off; what a spreadsheet made a date of is said
    ensembl = {g.symbol: f"{g.ensembl}.7" for g in shipped("bindea24").genes if g.ensembl}
    spoiled = counts.rename(index=ensembl | {"OTHER0": "1-Mar"})
    batch = hand_in(cohort, "expression_matrix", as_csv(spoiled))
    assert batch.state == "ready", batch.problems
    assert "identifiers_mangled" in [notice["code"] for notice in batch.notices]


def test_negative_counts_are_refused_by_line_and_column(cohort: People) -> None:
    counts = make_counts()
    counts.iloc[0, 2] = -4
    counts.iloc[7, 1] = -1
    places = [(p["row"], p["column"]) for p in refused(cohort, as_csv(counts))]
    assert places == [(2, "P003"), (9, "P002")]


@pytest.mark.parametrize("declared", ["log", "cpm"])
def test_a_scale_that_contradicts_the_values_is_refused(cohort: People, declared: str) -> None:
    (problem,) = refused(cohort, as_csv(make_counts()), scale=declared)
    assert problem["where"] == "scale"


def test_counts_and_their_logarithm_give_equal_abundances(with_rna: People) -> None:
    before = scores_of(abundance_table(with_rna.study))
    logs = np.log2(make_counts() + 1)
    batch = hand_in(with_rna, "expression_matrix", as_csv(logs), {"scale": "log"})
    assert batch.state == "ready", batch.problems
    np.testing.assert_allclose(scores_of(abundance_table(with_rna.study)), before)


def test_without_stromal_genes_the_matrix_goes_on_with_a_notice(cohort: People) -> None:
    batch = hand_in(cohort, "expression_matrix", as_csv(make_counts(beside=False)))
    assert batch.state == "ready", batch.problems
    assert "stromal_unavailable" in [notice["code"] for notice in batch.notices]


def test_the_same_file_again_is_the_batch_it_was(with_rna: People) -> None:
    hand_in(with_rna, "expression_matrix", as_csv(make_counts()))
    assert ExpressionMatrix.objects.count() == 1
    hand_in(with_rna, "cohort_table", cohort_table())
    assert CellAbundance.objects.count() == 3 * 38
