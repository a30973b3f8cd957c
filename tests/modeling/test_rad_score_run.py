"""A Rad-Score run on made features: rows once, equal numbers, leaks refused, nothing apparent."""

from __future__ import annotations

import re

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import translation

from genomics.models import Phenotype
from imaging.models import FeatureSet, Roi, RoiChoice, TargetDecision
from modeling.lineage import lineage_step
from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Prediction,
    PredictionKind,
    SnapshotMember,
)
from modeling.selectors import parents_of
from modeling.services.rad_score import rad_score_run
from modeling.services.snapshots import snapshot_freeze, snapshot_read, still_given
from modeling.storage import canonical_json, read_estimator
from studies.access import acting_as
from studies.methods.problems import DataProblem
from studies.models import Cohort, Derivation, EndpointValue, Patient
from studies.services import file_read
from studies.storage import storage
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, make_control, with_features

FEATURES = with_features(120)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("in_chinese"),
    begins_with(FEATURES),
]


@pytest.fixture
def made(as_statistician):
    return as_statistician


def run_small(people, seed=1, **options):
    return rad_score_run(people.study, SMALL, seed, workers=1, **options)


def with_small_run(people, patch):
    """``run_small`` is then this run, the same again."""
    with acting_as(people.statistician), translation.override("zh-hans"):
        run_small(people)
    return people


ran = begins_with(FEATURES, with_small_run)


@ran
def test_a_run_leaves_a_version_with_predictions_and_an_evaluation_in_every_cohort(made):
    run = run_small(made)
    version = ModelVersion.objects.get(run=run)
    judged = {(e.cohort.role, e.target): e.basis for e in version.evaluations.all()
              if e.basis != Basis.APPARENT}  # fmt: skip
    assert judged == {
        ("training", "rna"): Basis.OUT_OF_FOLD,
        ("internal_validation", "rna"): Basis.APPLIED,
        ("external_phenotype", "ihc"): Basis.APPLIED,
        ("external_phenotype", "rna"): Basis.APPLIED,
        ("external_response", "response"): Basis.APPLIED,
    }
    assert version.evaluations.filter(basis=Basis.APPARENT).count() == 1
    for evaluation in version.evaluations.all():
        auc = evaluation.metrics["auc"]
        if auc["estimate"] == 1:  # perfect in few patients: no certainty is claimed
            assert (auc["lower"], auc["upper"]) == (None, None)
            assert auc["reason"]
        else:
            assert auc["lower"] <= auc["estimate"] <= auc["upper"]
        assert evaluation.n == evaluation.metrics["n"] > 0
        assert evaluation.metrics["threshold"] == version.threshold
    kinds = Prediction.objects.filter(version=version).values_list(
        "kind", "patient__cohort_memberships__use"
    )
    assert set(kinds) == {("out_of_fold", "development"), ("applied", "validation")}
    rna = version.evaluations.get(cohort__role="external_phenotype", target="rna")
    assert rna.metrics["kappa_with_ihc"]["estimate"] > 0.3


@ran
def test_all_classifiers_share_patients_and_only_one_is_chosen(made):
    results = run_small(made).results
    assert [row["name"] for row in results["classifiers"]] == SMALL["classifiers"]
    assert [row["chosen"] for row in results["classifiers"]] == [True, False, False]
    assert results["choice"]["rule"] == "fixed"
    assert len({row["n"] for row in results["classifiers"]}) == 1
    assert "p_adjusted" in results["classifiers"][1]["difference"]
    assert [row["name"] for row in results["ablations"]] == ["pet_only", "volume_only"]
    assert len(results["ablations"][0]["cohorts"]) == 5


def test_shuffled_voxels_stand_beside_the_features_where_they_were_extracted(made):
    recipe = {**SMALL, "classifiers": ["logistic_regression"], "ablations": ["shuffled_voxels"],
              "choose": {"rule": "fixed", "classifier": "logistic_regression"}}  # fmt: skip
    without = rad_score_run(made.study, recipe, 1, workers=1)
    assert without.results["ablations"] == []
    assert "control: beside" in str(without.notices)
    make_control(made.study)
    run = rad_score_run(made.study, recipe, 1, workers=1)
    [row] = run.results["ablations"]
    assert row["columns"] == 16
    training = row["cohorts"][0]
    assert training["rad_score_gains"]["estimate"] > 0.1, "shuffled, they know nothing"
    assert run.results["classifiers"] == without.results["classifiers"]
    # a control is an input like the others: as long as it speaks, the run is not out of date
    assert still_given([run.snapshot])


class Killed(Exception):
    pass


def numbers_of(run):
    judged = Evaluation.objects.filter(version__run=run).order_by("id")
    return canonical_json([run.results, list(judged.values_list("metrics", flat=True))])


def run_and_be_killed(people, kept):
    with transaction.atomic():
        run = run_small(people)
        kept += [run.results_sha256, numbers_of(run)]
        raise Killed


def test_two_runs_of_the_same_snapshot_and_seed_give_equal_bytes(made):
    """On one process and on two; the first as if its worker had been killed before the end."""
    snapshot_freeze(made.study)
    kept: list = []
    with pytest.raises(Killed):
        run_and_be_killed(made, kept)
    digest, numbers = kept
    assert not ModelRun.objects.exists()
    second = rad_score_run(made.study, SMALL, 1, workers=2)
    assert second.threads == 2
    assert second.results_sha256 == digest
    assert numbers_of(second) == numbers


@ran
def test_the_same_again_is_the_earlier_run(made):
    first = run_small(made)
    assert run_small(made).pk == first.pk
    assert ModelVersion.objects.count() == 1
    assert DatasetSnapshot.objects.count() == 1
    assert run_small(made, seed=2).pk != first.pk
    assert [v.number for v in ModelVersion.objects.order_by("number")] == [1, 2]


def test_a_run_stopped_half_way_leaves_the_snapshot_and_nothing_else(made):
    class Stop(Exception):
        pass

    def stop(done, total, message=""):
        if done > 30:
            raise Stop

    with pytest.raises(Stop):
        run_small(made, progress=stop)
    assert DatasetSnapshot.objects.count() == 1
    assert not ModelRun.objects.exists()
    run_small(made)
    assert DatasetSnapshot.objects.count() == ModelRun.objects.count() == 1


def test_members_are_in_or_out_with_a_reason(made):
    patient = Patient.objects.filter(cohort_memberships__cohort__role="training").first()
    FeatureSet.objects.filter(patient=patient, modality="CT").delete()
    snapshot = snapshot_freeze(made.study)
    member = SnapshotMember.objects.get(snapshot=snapshot, patient=patient)
    assert (member.included, member.reason) == (False, "no CT features of a baseline scan")
    assert snapshot.members.count() == Patient.objects.count()
    table = snapshot_read(snapshot)
    assert patient.pseudonym not in set(table["pseudonym"])
    assert len(table) == snapshot.members.filter(included=True).count()


def test_who_cannot_be_judged_has_a_score_and_counts_in_survival(made):
    """NE is left out of the AUC and listed, but neither of the score nor of OS and PFS."""
    patients = list(Patient.objects.filter(cohort_memberships__cohort__role="external_response"))
    values = EndpointValue.objects.filter(definition__name="response_at_6_months")
    values.filter(patient__in=patients[:3]).update(label="NE")
    values.filter(patient=patients[3]).update(label="")
    version = ModelVersion.objects.get(run=run_small(made))
    judged = version.evaluations.get(cohort__role="external_response")
    unknown = values.filter(patient__in=patients, label__in=["NE", ""]).count()
    assert unknown >= 4
    assert judged.n == len(patients) - unknown
    assert version.predictions.filter(patient__in=patients).count() == len(patients)
    told = [n for n in version.fitting_snapshot.notices if n["code"] == "scored_not_judged"]
    assert sum(int(re.search(r": (\d+) patient", n["text"])[1]) for n in told) >= unknown


@ran
def test_the_stored_model_gives_the_stored_predictions(made):
    version = ModelVersion.objects.get(run=run_small(made))
    pipeline = read_estimator(file_read(version.file), version.sha256)
    table = snapshot_read(version.fitting_snapshot)
    rows = table[table["use"] == "validation"]
    scores = pipeline.predict_proba(rows[version.content["features"]].to_numpy())[:, 1]
    stored = dict(
        Prediction.objects.filter(version=version, kind=PredictionKind.APPLIED).values_list(
            "patient__pseudonym", "value"
        )
    )
    np.testing.assert_allclose([stored[key] for key in rows["pseudonym"]], scores)


@ran
def test_lineage_runs_from_the_features_to_the_version(made):
    version = ModelVersion.objects.get(run=run_small(made))
    snapshot = version.fitting_snapshot
    assert Derivation.objects.filter(
        parent_digest=snapshot.sha256, child_digest=version.sha256
    ).exists()
    parents = set(
        Derivation.objects.filter(child_digest=snapshot.sha256).values_list(
            "parent_digest", flat=True
        )
    )
    included = snapshot.members.filter(included=True).first().patient_id
    assert {f"PT{included}", f"CT{included}", f"u{included}"} <= parents


def test_another_target_lesion_is_another_table_and_leaves_the_frozen_one(made):
    """A reader's choice: no features of it yet, so out with the reason; in the lineage once in."""
    first = snapshot_freeze(made.study)
    frozen = file_read(first.table)
    choice = RoiChoice.objects.filter(patient__partition="development").first()
    earlier = choice.roi
    decision = TargetDecision.objects.create(
        patient=choice.patient, rule="chosen_by_reader", lesion=earlier.lesion, roi=earlier,
        reason="biopsied", decided_by=made.coordinator, product_version="1", digest="7" * 64,
    )  # fmt: skip
    RoiChoice.objects.filter(pk=choice.pk).update(rule="chosen_by_reader", decision=decision)
    same = snapshot_freeze(made.study)
    assert same == first, "the same region again: the same numbers"
    assert still_given([first])
    other = Roi.objects.create(
        patient=choice.patient, series=earlier.series, lesion=earlier.lesion, batch=earlier.batch,
        name="another", mask=earlier.mask, source_digest="8" * 64, voxels=5, volume_ml=3.0,
    )  # fmt: skip
    RoiChoice.objects.filter(pk=choice.pk).update(roi=other)
    assert not still_given([first]), "out of date"
    second = snapshot_freeze(made.study)
    member = second.members.get(patient=choice.patient)
    assert (member.included, "no PET features" in member.reason) == (False, True)
    FeatureSet.objects.bulk_create(
        FeatureSet(patient=row.patient, roi=other, modality=row.modality, vector=row.vector,
                   extractor_version=row.extractor_version, inputs_digest=f"{row.pk:064x}")
        for row in FeatureSet.objects.filter(roi=earlier)
    )  # fmt: skip
    third = snapshot_freeze(made.study)
    assert third.members.get(patient=choice.patient).included
    assert decision.digest in parents_of(third)
    assert "target_by_reader" in {notice["code"] for notice in third.notices}
    step = lineage_step(made.study, decision.digest, made.statistician)
    assert step.node.kind == "target"
    assert third.sha256 in {node.digest for node in step.went_into["snapshot"]}
    first.refresh_from_db()
    assert file_read(first.table) == frozen
    assert first.members.get(patient=choice.patient).included


def test_one_class_only_is_refused(made):
    Phenotype.objects.update(label="hot")
    with pytest.raises(DataProblem, match="patients are hot"):
        run_small(made)
    assert not DatasetSnapshot.objects.exists()


def test_nobody_complete_is_refused(made):
    FeatureSet.objects.all().delete()
    with pytest.raises(DataProblem, match="nobody complete"):
        run_small(made)


@begins_with()
def test_no_training_cohort_is_refused(as_statistician):
    with pytest.raises(DataProblem, match="nobody in a development cohort"):
        run_small(as_statistician)


def test_one_image_under_two_patients_is_refused(made):
    one, other = FeatureSet.objects.filter(modality="PT").order_by("id")[:2]
    for modality in ("PT", "CT"):
        vector = FeatureSet.objects.get(patient=one.patient, modality=modality).vector
        FeatureSet.objects.filter(patient=other.patient, modality=modality).update(vector=vector)
    with pytest.raises(DataProblem, match="same image"):
        run_small(made)
    assert not ModelRun.objects.exists()


def test_a_scan_of_after_the_start_of_treatment_is_refused(made):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE imaging_dicomstudy SET scanned_on = '2100-01-01'")
    with pytest.raises(DataProblem, match="after treatment began"):
        run_small(made)


def test_a_tampered_snapshot_is_refused(made):
    snapshot = snapshot_freeze(made.study)
    root = storage()._path(made.study.uid, snapshot.sha256)
    data = bytearray(root.read_bytes())
    data[100] ^= 1
    root.write_bytes(bytes(data))
    with pytest.raises((DataProblem, OSError), match="digest"):
        snapshot_read(snapshot)


@ran
def test_a_tampered_model_is_refused(made):
    version = ModelVersion.objects.get(run=run_small(made))
    data = bytearray(file_read(version.file))
    data[50] ^= 1
    with pytest.raises(DataProblem, match="bytes were changed"):
        read_estimator(bytes(data), version.sha256)


def test_a_cohort_of_one_class_is_said_and_not_judged(made):
    Phenotype.objects.filter(
        patient__cohort_memberships__cohort__role="internal_validation"
    ).update(label="cold")
    run = run_small(made)
    assert "cohort_not_judged" in {notice["code"] for notice in run.notices}
    internal = Cohort.objects.get(role="internal_validation")
    assert not Evaluation.objects.filter(cohort=internal).exists()
