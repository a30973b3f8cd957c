"""The frozen fit: development patients only; everyone assigned; slides beside."""

from __future__ import annotations

import numpy as np
import pytest

from genomics import stages
from genomics.models import CellAbundance, ExpressionMatrix, Phenotype, PhenotypeFit
from genomics.selectors import fit_current, phenotype_table, training_ids
from genomics.services.abundances import matrix_open
from genomics.withdrawal import purge, uses_of
from studies import registry
from studies.models import Derivation, Patient
from studies.registry import facts
from tests.genomics.made import as_csv, hand_in, is_hot, make_counts, pseudonyms, start
from tests.people import People

pytestmark = pytest.mark.usefixtures("in_chinese")


def labels(people: People, source: str = "rna") -> dict[str, str]:
    names = dict(Patient.objects.values_list("pk", "pseudonym"))
    found = phenotype_table(people.study, source)["label"]
    return {names[patient_id]: label for patient_id, label in found.items()}


def test_development_is_fitted_and_everyone_assigned(with_phenotype: People) -> None:
    fit = PhenotypeFit.objects.get()
    assert fit.n_training == 24
    assert [row["k"] for row in fit.fit["criteria"]] == [2, 3, 4, 5, 6]
    found = labels(with_phenotype)
    assert {name: label == "hot" for name, label in found.items()} == {
        name: is_hot(name) for name in pseudonyms()
    }
    table = phenotype_table(with_phenotype.study)
    assert set(table.index[table["in_training"]]) == training_ids(with_phenotype.study)
    assert table["margin"].between(0, 1).all()
    assert facts("phenotype_rna", with_phenotype.study) == table["label"].to_dict()


def test_a_label_is_traced_to_the_uploaded_file(with_phenotype: People) -> None:
    matrix = ExpressionMatrix.objects.select_related("batch__file").get()
    above = dict[str, set[str]]()
    for parent, child in Derivation.objects.values_list("parent_digest", "child_digest"):
        above.setdefault(child, set()).add(parent)
    for digest in phenotype_table(with_phenotype.study)["digest"]:
        found, waiting = set(), {digest}
        while waiting:
            found |= waiting
            waiting = set().union(*(above.get(one, set()) for one in waiting)) - found
        assert matrix.batch.file.sha256 in found


def test_validating_patients_do_not_touch_the_fit(with_phenotype: People) -> None:
    before = PhenotypeFit.objects.get()
    counts = make_counts(seed=0)
    counts[pseudonyms()[24:]] = make_counts(seed=9)[pseudonyms()[24:]]
    hand_in(with_phenotype, "expression_matrix", as_csv(counts))
    start(with_phenotype, "genomics.phenotype_fit", seed=0)
    newest = PhenotypeFit.objects.order_by("-number").first()
    for name in ("mean", "sd", "centroids", "subsample_centroids", "sizes"):
        assert newest.fit[name] == before.fit[name]


def test_the_same_inputs_again_give_the_same_fit_and_no_row_more(with_phenotype: People) -> None:
    before = Phenotype.objects.count()
    job = start(with_phenotype, "genomics.phenotype_fit")
    assert job.state == "done"
    assert PhenotypeFit.objects.count() == 1
    assert Phenotype.objects.count() == before == 38


def test_another_seed_is_another_fit_with_the_same_labels(with_phenotype: People) -> None:
    before = labels(with_phenotype)
    start(with_phenotype, "genomics.phenotype_fit", seed=77)
    assert PhenotypeFit.objects.count() == 2
    assert labels(with_phenotype) == before
    assert fit_current(with_phenotype.study).number == 2
    start(with_phenotype, "genomics.phenotype_fit", seed=0)  # the first one speaks again
    assert fit_current(with_phenotype.study).number == 1
    assert PhenotypeFit.objects.count() == 2
    assert len(labels(with_phenotype)) == 38


def test_rna_that_changes_makes_the_fit_stale(with_phenotype: People) -> None:
    study, user = with_phenotype.study, with_phenotype.coordinator
    assert stages.genomics_stage(study, user).state == "ready"
    hand_in(with_phenotype, "expression_matrix", as_csv(make_counts(seed=4)))
    assert stages.genomics_stage(study, user).state == "stale"


def test_one_class_only_is_refused(cohort: People) -> None:
    counts = make_counts()
    counts[:] = counts[["P001"]].to_numpy()
    assert hand_in(cohort, "expression_matrix", as_csv(counts)).state == "ready"
    job = start(cohort, "genomics.phenotype_fit")
    assert job.state == "failed"
    assert "one class only" in job.problems[0]["remedy"]
    assert not PhenotypeFit.objects.exists()


def test_a_fit_without_development_rna_is_refused(cohort: People) -> None:
    hand_in(cohort, "expression_matrix", as_csv(make_counts(pseudonyms()[24:])))
    job = start(cohort, "genomics.phenotype_fit")
    assert job.state == "failed"
    assert job.problems[0]["where"] == "training cohort"


@pytest.mark.parametrize("params", [{"k": 1}, {"k": "two"}, {"seed": -1}])
def test_parameters_out_of_range_are_refused(with_rna: People, params: dict[str, object]) -> None:
    assert start(with_rna, "genomics.phenotype_fit", **params).state == "failed"


def test_a_label_by_slides_is_hot_from_3_and_absent_without_a_score(
    cohort: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = dict(Patient.objects.values_list("pseudonym", "pk"))
    scores = {ids["P001"]: 4, ids["P002"]: 3, ids["P003"]: 2, ids["P004"]: 0, ids["P005"]: None}
    monkeypatch.setitem(registry.patients._facts, "immunoscore", lambda study: scores)
    monkeypatch.setitem(registry.patients._facts, "immunoscore_rule", lambda study: {})
    for _ in range(2):
        assert start(cohort, "genomics.phenotype_from_ihc").state == "done"
    expected = {"P001": "hot", "P002": "hot", "P003": "cold", "P004": "cold"}
    assert labels(cohort, "ihc") == expected
    assert Phenotype.objects.count() == 4


def test_slides_without_any_score_are_refused(
    cohort: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.patients._facts, "immunoscore", lambda study: {})
    assert start(cohort, "genomics.phenotype_from_ihc").state == "failed"


def test_what_is_kept_of_a_patient_is_listed_and_purged(with_phenotype: People) -> None:
    patient = Patient.objects.get(pseudonym="P003")
    assert uses_of(patient) == {
        "genomics_cellabundance": 3,
        "genomics_expressioncolumn": 1,
        "genomics_phenotype": 1,
        "genomics_sequencingbatch": 0,
    }
    purge(patient)
    assert not any(row.scores for row in CellAbundance.objects.filter(patient=patient))
    matrix = ExpressionMatrix.objects.select_related("file", "batch__file").get()
    assert "P003" not in matrix_open(matrix).specimens
    assert matrix.batch.file.bytes_dropped_at is not None


def test_new_patients_are_assigned_to_the_frozen_fit_and_strange_ones_are_marked(
    with_phenotype: People,
) -> None:
    before, name = PhenotypeFit.objects.get(), pseudonyms()[30]
    counts = make_counts()
    counts[name] = np.random.default_rng(0).permutation(counts[name].to_numpy())
    hand_in(with_phenotype, "expression_matrix", as_csv(counts))
    job = start(with_phenotype, "genomics.phenotype_assign")
    assert job.state == "done", job.problems
    assert job.result["unusual"] >= 1
    assert list(PhenotypeFit.objects.all()) == [before]
    newest = Phenotype.objects.filter(patient__pseudonym=name).latest("stated_at")
    assert newest.unusual
    assert newest.distance > before.fit["farthest"]


def test_borderline_patients_are_left_out_of_training_by_a_recorded_rule(with_rna: People) -> None:
    start(with_rna, "genomics.phenotype_fit")
    Phenotype.objects.filter(patient__pseudonym__in=["P001", "P030"]).update(borderline=True)
    assert set(labels(with_rna).values()) == {"hot", "cold"}
    job = start(with_rna, "genomics.phenotype_fit", borderline="leave_out_of_training")
    assert job.state == "done", job.problems
    assert PhenotypeFit.objects.order_by("number").last().borderline_rule != "keep"
    Phenotype.objects.filter(patient__pseudonym__in=["P001", "P030"]).update(borderline=True)
    found = labels(with_rna)
    assert (found["P001"], found["P030"]) == ("borderline", "cold")  # P030 validates: stays
    assert phenotype_table(with_rna.study, as_found=True)["label"].isin(["hot", "cold"]).all()
    job = start(with_rna, "genomics.phenotype_fit", borderline="perhaps")
    assert job.problems[0]["where"] == "borderline"
