"""Each leak is planted, through the API too, and seen to be refused before the first fit."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from genomics.models import (
    BatchCorrection,
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    Phenotype,
)
from genomics.services.phenotypes import phenotype_from_ihc
from imaging.models import (
    CellDensity,
    DicomStudy,
    ExtractorVersion,
    FeatureSet,
    Immunoscore,
    Roi,
    RoiChoice,
    Series,
)
from imaging.selectors.slides import rule_current
from imaging.services.immunoscores import immunoscore_compute
from modeling.methods.leak_origins import (
    FrozenFit,
    check_frozen_fits,
    check_identical_images,
    check_outcome_columns,
)
from modeling.methods.question import choose_features, outside_reasons, read_question
from modeling.models import DatasetSnapshot, ModelRun
from modeling.selectors import patient_dates
from modeling.services.prognosis_check import prognosis_check
from modeling.services.prognosis_choice import choice_read
from modeling.services.rad_score import rad_score_run
from modeling.services.rad_score_guard import cuts_refuse, scans_dated_before
from modeling.services.snapshots import snapshot_freeze, snapshot_read, still_given
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import (
    Cohort,
    CohortMember,
    Derivation,
    ImportBatch,
    Job,
    Patient,
    Specimen,
    SpecimenChoice,
    StoredFile,
    Study,
    Treatment,
)
from tests.begun import begins_with
from tests.modeling.prognosis_made import _store_version
from tests.modeling.rad_score_made import SMALL, with_features

pytestmark = begins_with(with_features(70))
QUICK = {**SMALL, "classifiers": ["random_forest"], "ablations": []}


def patients_of(use):
    return list(Patient.objects.filter(cohort_memberships__use=use).order_by("id"))


def one_image_on_both_sides(people):
    here, there = patients_of("development")[0], patients_of("validation")[0]
    volume = Series.objects.get(patient=here).volume
    Series.objects.filter(patient=there).update(volume=volume)
    return "one image for"


def identical_rows_on_both_sides(people):
    here, there = patients_of("development")[0], patients_of("validation")[0]
    for modality in ("PT", "CT"):
        vector = FeatureSet.objects.get(patient=here, modality=modality).vector
        FeatureSet.objects.filter(patient=there, modality=modality).update(vector=vector)
    return "equal rows for"


def rows_equal_but_for_rounding(people):
    here, there = patients_of("development")[0], patients_of("validation")[0]
    for modality in ("PT", "CT"):
        vector = np.float32(FeatureSet.objects.get(patient=here, modality=modality).vector)
        FeatureSet.objects.filter(patient=there, modality=modality).update(
            vector=[float(value) for value in vector]
        )
    return "equal rows for"


def an_encoder_that_saw_a_validating_patient(people):
    weights = ExtractorVersion.objects.get(modality="PT").weights
    seen = Series.objects.get(patient=patients_of("validation")[0]).volume
    Derivation.objects.create(
        study=people.study, parent_digest=seen.sha256, child_digest=weights.sha256
    )
    return "encoder.*validating cohort"


def centroids_that_saw_a_validating_patient(people):
    patient = patients_of("validation")[0]
    label = Phenotype.objects.filter(patient=patient, fit__isnull=False).first()
    batch = ImportBatch.objects.first()
    matrix = ExpressionMatrix.objects.create(
        study=people.study, batch=batch, file=batch.file, scale="counts", n_genes=1, n_specimens=1
    )
    column = ExpressionColumn.objects.create(
        patient=patient, matrix=matrix, specimen=label.specimen, label="C1", position=0
    )
    CellAbundance.objects.create(
        patient=patient, specimen=label.specimen, column=column,
        signature=label.fit.signature, scores={}, inputs_digest="seen",
    )  # fmt: skip
    Derivation.objects.create(
        study=people.study, parent_digest="seen", child_digest=label.fit.digest
    )
    return "centroids.*validating cohort"


def a_batch_correction_that_saw_a_validating_patient(people):
    """ComBat was fitted to somebody who validates now; the centroids were not."""
    label = Phenotype.objects.filter(fit__isnull=False).first()
    batch = ImportBatch.objects.first()
    fit = StoredFile.objects.create(study=people.study, sha256="c" * 64, size=1, kind="correction")
    correction = BatchCorrection.objects.create(
        study=people.study, number=1, file=fit, batches={}, unseen="refuse", n_training=2, n_genes=1
    )
    for n, use in enumerate(("development", "validation")):
        patient = patients_of(use)[0]
        specimen = Specimen.objects.get(patient=patient)
        matrix = ExpressionMatrix.objects.create(
            study=people.study, batch=batch, file=batch.file, scale="log", n_genes=1,
            n_specimens=1, correction=correction if use == "development" else None,
        )  # fmt: skip
        column = ExpressionColumn.objects.create(
            patient=patient, matrix=matrix, specimen=specimen, label=f"C{n}", position=0
        )
        CellAbundance.objects.create(
            patient=patient, specimen=specimen, column=column, signature=label.fit.signature,
            scores={}, inputs_digest=f"of {use}",
        )  # fmt: skip
        Derivation.objects.create(
            study=people.study, parent_digest=f"of {use}",
            child_digest=label.fit.digest if use == "development" else fit.sha256,
        )  # fmt: skip
    return "batch correction 1.*validating cohort"


def slides_scored(people):
    """Densities of everybody, cuts frozen on those of development."""
    batch, values = ImportBatch.objects.first(), np.random.default_rng(3)
    specimens = list(Specimen.objects.filter(study=people.study))
    CellDensity.objects.bulk_create(
        CellDensity(
            patient=one.patient, specimen=one, batch=batch, marker=marker, region=region,
            per_mm2=values.lognormal(6, 0.6), as_entered="", unit="/mm2",
        )
        for one in specimens for marker in ("CD3", "CD8")
        for region in ("tumor_center", "invasive_margin")
    )  # fmt: skip
    SpecimenChoice.objects.bulk_create(
        SpecimenChoice(patient=one.patient, specimen=one, purpose="slides", rule="made")
        for one in specimens
    )
    immunoscore_compute(people.study)


def cut_points_that_saw_a_validating_patient(people):
    """Cuts of slides are frozen, then a patient of development is moved to where is judged."""
    slides_scored(people)
    Phenotype.objects.filter(source="ihc").delete()
    phenotype_from_ihc(people.study)
    cuts_refuse(snapshot_freeze(people.study))  # as it is, nothing stands against it
    move_one_to_validation(people)
    return "Immunoscore rule 1.*development patients only"


def move_one_to_validation(people):
    cohort = Cohort.objects.get(role="internal_validation")
    moved = CohortMember.objects.filter(cohort__role="training").latest("id")
    patient = Patient.objects.get(pk=moved.patient_id)
    moved.delete()
    Patient.objects.filter(pk=patient.pk).update(partition="validation")
    CohortMember.objects.create(
        study=people.study, site=patient.site, patient=patient, cohort=cohort, use="validation"
    )


def a_scan_dated_after_the_outcome(people):
    choice = RoiChoice.objects.filter(patient__in=patients_of("development")).first()
    visit = Roi.objects.get(pk=choice.roi_id).series.dicom_study
    visit.scanned_on = Treatment.objects.get(patient=choice.patient, is_index=True).date.replace(
        year=2040
    )
    visit.save()
    return "after treatment began"


def a_feature_made_of_the_outcome(people):
    labels = dict(Phenotype.objects.filter(source="rna").values_list("patient_id", "label"))
    for row in FeatureSet.objects.filter(modality="PT"):
        hot = labels.get(row.patient_id) == "hot"
        FeatureSet.objects.filter(pk=row.pk).update(
            vector=[float(hot) + row.pk * 1e-6, *row.vector[1:]]
        )
    return "without one exception"


def too_few_of_a_class(people):
    hot = Phenotype.objects.filter(source="rna", label="hot").values_list("pk", flat=True)
    Phenotype.objects.filter(pk__in=list(hot)[3:]).update(label="cold")
    return "at least"


PLANTED = [
    one_image_on_both_sides,
    identical_rows_on_both_sides,
    rows_equal_but_for_rounding,
    an_encoder_that_saw_a_validating_patient,
    centroids_that_saw_a_validating_patient,
    a_batch_correction_that_saw_a_validating_patient,
    cut_points_that_saw_a_validating_patient,
    a_scan_dated_after_the_outcome,
    pytest.param(  # in few, chance separates too
        a_feature_made_of_the_outcome, marks=begins_with(with_features(130))
    ),
    too_few_of_a_class,
]


@pytest.mark.django_db
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_leak_stops_the_run_before_it_starts(as_statistician, plant):
    said = plant(as_statistician)
    with pytest.raises(DataProblem, match=said):
        rad_score_run(as_statistician.study, QUICK, 1, workers=1)
    assert not ModelRun.objects.exists()


def moved_to_validate(people):
    """After the rows were frozen: what was frozen says development, what is says validation."""
    cohort = Cohort.objects.get(role="internal_validation")
    patient = patients_of("development")[-1]
    CohortMember.objects.filter(patient=patient).delete()
    Patient.objects.filter(pk=patient.pk).update(partition="validation")
    CohortMember.objects.create(
        study=people.study, site=patient.site, patient=patient, cohort=cohort, use="validation"
    )
    return patient


@pytest.mark.django_db
def test_who_was_moved_since_the_rows_were_frozen_stops_a_run_on_them(as_statistician):
    people = as_statistician
    frozen = snapshot_freeze(people.study)
    patient = moved_to_validate(people)
    with pytest.raises(DataProblem, match=f"who validate today: {patient.pseudonym}"):
        rad_score_run(people.study, QUICK, 1, workers=1, snapshot=str(frozen.uid))
    again = Client()
    again.force_login(people.statistician)
    told = again.post(
        reverse("api:snapshot-check", args=[people.study.uid, frozen.uid]),
        {"recipe": QUICK, "seed": 1}, content_type="application/json",
    ).json()  # fmt: skip
    assert not told["passed"]
    other = Study.objects.create(name="Another study")
    with pytest.raises(DataProblem, match="Freeze one first"):
        rad_score_run(other, QUICK, 1, workers=1, snapshot=str(frozen.uid))
    assert not ModelRun.objects.exists()


@pytest.mark.django_db
def test_a_start_known_to_the_month_makes_no_scan_late(as_statistician):
    """Of such a start the first day is stored; the scan of a later day of the month may precede."""
    people = as_statistician
    a_scan_dated_after_the_outcome(people)
    late = DicomStudy.objects.get(scanned_on__year=2040)
    start = Treatment.objects.get(patient=late.patient, is_index=True)
    start.date, start.precision = late.scanned_on.replace(day=1), "month"
    start.save()
    rows = snapshot_freeze(people.study)
    assert scans_dated_before(rows, snapshot_read(rows)) == []
    assert patient_dates(late.patient) >= (late.scanned_on, late.scanned_on)
    Treatment.objects.filter(pk=start.pk).update(
        date=late.scanned_on - timedelta(days=1), precision="day"
    )
    [problem] = scans_dated_before(rows, snapshot_read(rows))  # corrected since they were frozen
    assert late.patient.pseudonym in problem.found


@pytest.mark.django_db
def test_a_frozen_prognosis_answers_for_the_rule_it_was_made_under(as_statistician, monkeypatch):
    """Slides and rules that come later change nothing of it; cuts that saw others stop it."""
    people, study = as_statistician, as_statistician.study
    slides_scored(people)
    score = _store_version(study, {p.pk: (p.pk % 89) / 89 for p in Patient.objects.all()})

    def cuts(**asked):
        told = prognosis_check(study, {"candidates": "none", "rad_score": str(score.uid), **asked})
        return {check["name"]: check["problems"] for check in told["checks"]}["cuts"]

    def frozen():
        question = choice_read(study, {"candidates": "none", "rad_score": str(score.uid)}).question
        return snapshot_freeze(study, dict(question))

    table, first = frozen(), rule_current(study)
    assert cuts() == cuts(snapshot=str(table.uid)) == []
    assert Derivation.objects.filter(
        parent_digest=first.digest, child_digest=table.sha256
    ).exists()  # its lineage names the rule
    batch = ImportBatch.objects.first()
    batch.pk, batch.uid = None, uuid4()
    batch.save()
    for one in list(CellDensity.objects.filter(patient=patients_of("development")[0])):
        one.pk, one.uid = None, uuid4()
        one.batch, one.per_mm2 = batch, one.per_mm2 * 3  # counted anew
        one.save()
    assert "densities" in str(cuts())
    assert cuts(snapshot=str(table.uid)) == []
    immunoscore_compute(study)
    assert rule_current(study) != first
    with monkeypatch.context() as before:  # a table of before lineage told: by its very scores
        before.setattr("modeling.selectors.origins.parents_of", lambda snapshot: set())
        assert cuts(snapshot=str(table.uid)) == []
        Immunoscore.objects.filter(rule=first, score=0).update(score=4)
        assert "no rule" in str(cuts(snapshot=str(table.uid)))
    assert still_given([table]) == set()  # other scores now
    move_one_to_validation(people)
    assert "nobody in the table's development cohort" in str(cuts(snapshot=str(frozen().uid)))
    assert cuts(snapshot=str(table.uid)) == []  # who validates now was of development then


@pytest.mark.django_db
def test_no_way_round_by_the_api(as_statistician):
    """A patient on both sides, outcome columns in a question, parameters past the schema."""
    people = as_statistician
    client = Client()
    client.force_login(people.statistician)
    questions = reverse("api:question-list", args=[people.study.uid])
    for features in (["target_rna"], ["rna_margin", "pet."], ["response_label"], ["cd8_high"]):
        asked = {"document": {"format": 1, "name": "x", "features": features}}
        answer = client.post(questions, asked, content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["where"].startswith("question.features.")
    refused = {"format": 1, "name": "x", "fit_on": ["external_response"]}
    answer = client.post(questions, {"document": refused}, content_type="application/json")
    assert "fit_on" in answer.json()["problems"][0]["found"]
    saved = client.post(
        questions, {"document": {"format": 1, "name": "x", "cohorts": ["external_response"]}},
        content_type="application/json",
    ).json()  # fmt: skip
    jobs = reverse("api:job-list", args=[people.study.uid])
    for params, said in (
        ({"question": saved["uid"]}, "development"),
        ({"recipe": {**QUICK, "fitting_cohorts": ["internal_validation"]}}, "fitting_cohorts"),
        ({"recipe": {**QUICK, "outer": {"folds": 5, "repeats": 1, "keys": []}}}, "recipe.outer"),
    ):
        params = {"recipe": QUICK, **params}
        job = client.post(
            jobs, {"kind": "modeling.rad_score_run", "params": params},
            content_type="application/json",
        ).json()  # fmt: skip
        done = run_inline(Job.objects.get(uid=job["uid"]))
        assert done.state == "failed"
        assert said in str(done.problems)
    coordinator = Client()
    coordinator.force_login(people.coordinator)
    validating = Cohort.objects.get(role="internal_validation")
    both = {"patients": [patients_of("development")[0].pseudonym]}
    answer = coordinator.post(
        reverse("api:cohort-members", args=[people.study.uid, validating.uid]), both,
        content_type="application/json",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "never in both" in answer.json()["problems"][0]["expected"]
    unknown = {"kind": "modeling.rad_score_run", "params": {"fit_on": "everybody"}}
    assert client.post(jobs, unknown, content_type="application/json").status_code == 422
    assert not ModelRun.objects.exists()
    assert DatasetSnapshot.objects.count() <= 1


def test_images_fits_and_columns_in_numbers():
    assert check_identical_images(["a", "a", "b"], ["x", "x", None]) == []
    assert "a, b" in check_identical_images(["a", "b"], ["x", "x"])[0].found
    clean = FrozenFit("PT encoder", {"a": "development", "b": "none"})
    assert check_frozen_fits([clean]) == []
    y = np.repeat([0, 1], 20)
    X = np.column_stack([y + np.linspace(0, 0.5, 40), np.tile([0.0, 1.0], 20)])
    found = check_outcome_columns(["pet.a", "pet.b"], X, y)
    assert "pet.a" in found[0].found
    assert "pet.b" not in found[0].found
    assert check_outcome_columns(["pet.a", "pet.b"], X[[0, 1, 38, 39]], y[[0, 1, 38, 39]]) == []
    X[0, 0] = 1.3  # one exception
    assert "almost without exception: pet.a" in check_outcome_columns(
        ["pet.a", "pet.b"], np.vstack([X, X]), np.concatenate([y, y])
    )[0].found  # fmt: skip
    assert "target_rna" in check_outcome_columns(["target_rna", "pet.b"], X, y)[0].found


def test_a_question_narrows_columns_and_says_who_is_outside():
    names = ["pet.a", "pet.b", "ct.a"]
    assert choose_features(names, ["pet.", "ct.a"]) == names
    with pytest.raises(DataProblem, match="mr"):
        choose_features(names, ["mr."])
    table = pd.DataFrame({"sex": ["F", "M", None], "age_years": [17.0, 50.0, np.nan]})
    said = outside_reasons(
        table, [{"variable": "age_years", "minimum": 18}, {"variable": "sex", "one_of": ["F"]}]
    )
    assert "17 under 18" in said[0]
    assert said[1] == "outside the question: sex M"
    assert "unknown" in said[2]
    with pytest.raises(DataProblem, match=r"filters\.0"):
        read_question({"format": 1, "name": "x", "filters": [
            {"variable": "age_years", "minimum": 9, "maximum": 1}]})  # fmt: skip
