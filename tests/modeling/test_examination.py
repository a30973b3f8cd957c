"""A Rad-Score examined, validated again, recalibrated, and applied to who comes later."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from scipy.stats import mannwhitneyu

from genomics.models import Phenotype
from imaging.models import FeatureSet, Roi, RoiChoice, Series, TargetRule
from modeling.elsewhere import cohorts_offered
from modeling.methods.applicability import apply_applicability, fit_applicability
from modeling.methods.family_importance import (
    ImportanceCommon,
    estimate_family_importance,
    feature_families,
)
from modeling.methods.group_comparison import compare_groups
from modeling.methods.input_drift import compare_inputs
from modeling.methods.recalibration import (
    apply_recalibration,
    estimate_recalibrated,
    fit_recalibration,
)
from modeling.models import Basis, Examination, ModelVersion, PatientScore, Reproduction
from modeling.selectors import proofs_of
from modeling.services.examination import ExaminationPlan, version_examine
from modeling.services.fan_out import SHARE
from modeling.services.patient_score import patient_score
from modeling.services.reproduction import version_reproduce
from modeling.services.version_manifest import digests_check
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Cohort, CohortMember, Consent, EndpointValue, Job, Patient
from studies.services import action_start
from tests.begun import begins_with
from tests.modeling.rad_score_made import with_features
from tests.modeling.test_version_life import release, run_as_job, with_a_run

pytestmark = [pytest.mark.django_db, begins_with(with_features(130), with_a_run)]


@pytest.fixture
def made(begun, as_statistician):
    return begun


def step(people, kind, **params):
    job = run_inline(action_start(people.study, people.statistician, kind, params))
    assert job.state == "done", job.problems
    return job.result


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def test_an_examination_holds_every_part_and_shows_it(made, settings, monkeypatch):
    people, version = made
    values = EndpointValue.objects.filter(definition__name="response_at_6_months")
    asked = {"version": str(version.uid), "shuffled_voxels": "no", "resamples": "4"}
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # no process of its own for so few fits
    step(people, "modeling.rad_score_examine", **asked)
    found = Examination.objects.get()
    results = found.results
    assert set(results) == {"format", "groups", "cuts", "subgroups", "importance",
                            "learning_curve", "drift", "sensitivity", "permutation_test",
                            "resampled", "shapley"}  # fmt: skip
    told = {(row["variable"], row["cohort"]) for row in results["groups"]}
    assert ("target_response", "external_response") in told
    assert ("target_rna", "training") in told
    assert [cut["name"] for cut in results["cuts"]] == ["training_median", "half", "youden",
                                                         "own_median"]  # fmt: skip
    assert {row["by"] for row in results["subgroups"]} == {"site", "sex", "age"}
    for cohort in {row["cohort"] for row in results["subgroups"]}:
        rows = [r for r in results["subgroups"] if r["cohort"] == cohort and r["by"] == "sex"]
        judged = version.evaluations.filter(cohort__name=cohort, target=rows[0]["target"]).first()
        assert sum(r["n"] for r in rows if r["target"] == rows[0]["target"]) <= judged.n
    sizes = [point["n"] for point in results["learning_curve"]]
    assert sizes == sorted(sizes)
    assert len(sizes) >= 3
    chance, left_out = results["permutation_test"], results["resampled"]
    assert (chance["cohort"], chance["n"], chance["permutations"]) == ("training", sizes[-1], 4)
    assert chance["p"] == 0.2  # none of four was as good
    assert left_out["usable"] == left_out["resamples"] == 4
    assert left_out["left_out"] <= left_out["corrected"] <= left_out["apparent"]
    shapley, importance = results["shapley"], results["importance"]
    assert (shapley["n"], shapley["cohort"]) == (importance["n"], importance["cohort"])
    assert sum(row["columns"] for row in shapley["families"]) == 16
    assert {row["cohort"] for row in results["drift"]} == {
        "internal_validation", "external_phenotype", "external_response"}  # fmt: skip
    if values.filter(label="NE").exists():
        assert any(row["name"] == "not_evaluable_as_non_responder"
                   for row in results["sensitivity"])  # fmt: skip
    assert step(people, "modeling.rad_score_examine", **asked)["examination"] == str(found.uid)
    with pytest.raises(DatabaseError), transaction.atomic():
        Examination.objects.update(results={})
    settings.RUN_SHARES = 3  # the same numbers when the refits and shuffles are shared out
    other = run_inline(action_start(people.study, people.statistician,
                                    "modeling.rad_score_examine", asked))  # fmt: skip
    shared = version_examine(version, ExaminationPlan(0, False, 5), job=other)
    assert Job.objects.filter(kind=SHARE, parent=other).count() == 3 + 2
    assert shared.results["learning_curve"] == results["learning_curve"]
    assert shared.results["importance"] == results["importance"]
    assert shared.results["resampled"]["apparent"] == left_out["apparent"]
    client = client_of(people.statistician)
    page = client.get(reverse("modeling:result", args=[people.study.uid, version.uid]))
    text = page.content.decode()
    for title in ("Rad-Score by group", "The cuts side by side", "Answered otherwise",
                  "Subgroups", "Drift of the inputs", "More patients, better score?",
                  "chance and overfitting", "What moves a patient"):  # fmt: skip
        assert title in text or title == "Answered otherwise"
    figure = reverse("modeling:result_figure", args=[people.study.uid, version.uid, "importance"])
    assert f'data-explore="{figure}"' in text
    listed = client.get(reverse("api:examination-list", args=[people.study.uid])).json()
    own = f"/api/v1/studies/{people.study.uid}/examinations/{shared.uid}/figures/importance/vega/"
    assert client.get(figure).json() == client.get(own).json()
    assert [row["uid"] for row in listed["results"]] == [str(shared.uid), str(found.uid)]
    assert listed["results"][1]["results"] == results


@begins_with(with_features(130))
def test_a_look_more_and_a_child_that_is_set_right(as_statistician):
    people = as_statistician
    here = {"patient__cohort_memberships__cohort__role": "internal_validation"}
    labels = Phenotype.objects.filter(**here).order_by("id")
    for row in labels[::3]:  # a score that errs here, so that there is a slope to find
        other = "cold" if row.label == "hot" else "hot"
        Phenotype.objects.filter(pk=row.pk).update(label=other)
    version = run_as_job(people)
    cohort = Cohort.objects.get(role="internal_validation")
    asked = {"version": str(version.uid), "cohort": cohort.name}
    first = step(people, "modeling.version_validate", **asked)
    assert first["look"] == "second evaluation on this cohort"
    again = step(people, "modeling.version_validate", **asked)
    assert again["look"] == first["look"]  # the same rows: nothing new was seen
    rows = version.evaluations.filter(cohort=cohort, basis=Basis.APPLIED).order_by("id")
    before, after = (row.metrics["auc"]["estimate"] for row in rows)
    assert before == after  # the frozen version says the same of the same patients
    refused = run_inline(action_start(people.study, people.statistician,
                                      "modeling.version_validate",
                                      asked | {"cohort": "training"}))  # fmt: skip
    assert refused.state == "failed"
    assert "validating cohort" in str(refused.problems)
    child = ModelVersion.objects.get(
        uid=step(people, "modeling.version_recalibrate", **asked)["version"]
    )
    assert list(child.parents.all()) == [version]
    assert child.evaluations.get().basis == Basis.OUT_OF_FOLD
    assert version.evaluations.filter(cohort=cohort).count() == 2  # the parent is as it was
    own = run_inline(action_start(people.study, people.statistician, "modeling.version_validate",
                                  {"version": str(child.uid), "cohort": cohort.name}))  # fmt: skip
    assert "recalibrated to" in str(own.problems)
    offered = cohorts_offered(child, people.statistician)
    no = {one.name: one.said for one in offered["validate"]["others"]}
    assert no == {"internal_validation": "this version was recalibrated to it"}
    no = {one.name: one.said for one in offered["recalibrate"]["others"]}
    assert "no phenotype" in no["external_response"]
    assert "internal_validation" in {one.name for one in offered["recalibrate"]["possible"]}
    elsewhere = {"version": str(child.uid), "cohort": "external_phenotype"}
    step(people, "modeling.version_validate", **elsewhere)
    told = {e.target: e.metrics["auc"]["estimate"] for e in
            child.evaluations.filter(basis=Basis.APPLIED)}  # fmt: skip
    parent = {e.target: e.metrics["auc"]["estimate"] for e in
              version.evaluations.filter(cohort__name="external_phenotype")}  # fmt: skip
    assert told == pytest.approx(parent)  # the order of patients is the same
    corrected = child.fitting_snapshot.members.filter(included=True).latest("id").patient_id
    Patient.objects.filter(pk=corrected).update(pseudonym="A-0")
    proof = version_reproduce(child, workers=1)  # its own numbers, too, and every later look
    assert proof.verdict == "equal", proof.differences
    assert {"recalibration", "recalibrated_evaluation", "recalibrated_predictions", "later_looks",
            "recalibrated_later_looks", "comparison"} <= set(proof.parts)  # fmt: skip
    assert list(proofs_of(child)) == list(proofs_of(version)) == [proof]
    only = {name: part for name, part in proof.parts.items() if not name.startswith("recal")}
    Reproduction.objects.create(
        study=proof.study, run=proof.run, verdict="equal", tolerance=0, compared=1, parts=only,
        library_versions={},
    )  # fmt: skip
    assert list(proofs_of(child)) == [proof]  # the other computed its parent alone
    child.content["recalibration"]["slope"] *= 1.01  # as if an owner had written it
    assert any("coefficients" in text for text in digests_check(child))
    pages = client_of(people.statistician)
    for name in ("version", "card", "result"):
        address = reverse(f"modeling:{name}", args=[people.study.uid, child.uid])
        assert pages.get(address).status_code == 200


def newcomer(people, name, vector, consent=True):
    """A patient of no cohort with a scan and features."""
    other = CohortMember.objects.filter(cohort__role="training").first().patient
    patient = Patient.objects.create(study=people.study, site=other.site, pseudonym=name)
    if consent:
        Consent.objects.create(patient=patient, scope="imaging", date="2020-01-01")
    for row in FeatureSet.objects.filter(patient=other).select_related("roi__series"):
        series, roi = row.roi.series, Roi.objects.get(pk=row.roi_id)
        if row.modality == "PT":
            visit = series.dicom_study
            visit.pk, visit.uid, visit.dicom_study_uid = None, None, f"1.9.{name}"
            visit = type(visit).objects.create(
                patient=patient, dicom_study_uid=f"1.9.{name}", scanned_on=visit.scanned_on
            )
            made = Series.objects.create(
                patient=patient, dicom_study=visit, batch=series.batch, series_uid=f"1.8.{name}",
                modality="PT", content_digest="b" * 64, volume=series.volume, state="ready",
            )  # fmt: skip
            lesion = type(roi.lesion).objects.create(patient=patient, number=1)
            mine = Roi.objects.create(
                patient=patient, series=made, lesion=lesion, batch=roi.batch, name="lesion",
                mask=roi.mask, source_digest="c" * 64, voxels=5, volume_ml=3.0,
            )  # fmt: skip
            RoiChoice.objects.create(patient=patient, roi=mine, rule=TargetRule.LARGEST_MTV)
    for row in FeatureSet.objects.filter(patient=other):
        FeatureSet.objects.create(
            patient=patient, roi=mine, modality=row.modality, vector=vector,
            extractor_version=row.extractor_version, inputs_digest=f"{name}{row.modality}",
        )  # fmt: skip
    return patient


def test_a_newcomer_is_scored_with_consent_where_the_version_applies(made):
    people, version = made
    user = people.statistician
    typical = newcomer(people, "NEW-1", [0.1] * 8)
    with pytest.raises(DataProblem, match="version that is draft"):
        patient_score(version, typical, user)
    page = reverse("modeling:scores", args=[people.study.uid, version.uid])
    assert 'name="pseudonym"' not in client_of(user).get(page).content.decode()
    release(people, version)
    assert 'name="pseudonym"' in client_of(user).get(page).content.decode()
    row = patient_score(version, typical, user)
    assert row.applicable
    assert 0 <= row.value <= 1
    assert row.consent[0]["scope"] == "imaging"
    assert patient_score(version, typical, user) == row
    odd = patient_score(version, newcomer(people, "NEW-2", [40.0] * 8), user)
    assert (odd.applicable, odd.value, odd.distance_percentile) == (False, None, 100.0)
    assert "outside the training range" in odd.reasons[1]
    without = newcomer(people, "NEW-3", [0.1] * 8, consent=False)
    with pytest.raises(DataProblem, match="consent to imaging"):
        patient_score(version, without, user)
    Consent.objects.filter(patient=typical).update(withdrawn_on="2020-02-01")
    with pytest.raises(DataProblem, match="consent to imaging"):
        patient_score(version, typical, user)
    fitted = CohortMember.objects.filter(cohort__role="training").first().patient
    with pytest.raises(DataProblem, match="was fitted to"):
        patient_score(version, fitted, user)
    client = client_of(user)
    api = reverse("api:patient-score-list", args=[people.study.uid])
    asked = {"version": str(version.uid), "patient": "NEW-3"}
    assert client.post(api, asked, content_type="application/json").status_code == 422
    assert len(client.get(api).json()["results"]) == PatientScore.objects.count() == 2
    assert "NEW-2" in client.get(page).content.decode()
    refused = client.post(page, {"pseudonym": "NEW-3"}).content.decode()
    assert "consent to imaging" in refused
    with acting_as(people.colleague):
        assert client_of(people.colleague).post(api, asked).status_code in (403, 404)


def test_groups_against_scipy_and_the_law_of_turning_round():
    rng = np.random.default_rng(1)
    score, group = rng.normal(size=60), rng.integers(0, 2, 60)
    found, turned = compare_groups(score, group), compare_groups(-score, group)
    reference = mannwhitneyu(score[group == 1], score[group == 0], method="exact")
    assert found.p == pytest.approx(reference.pvalue, abs=1e-12)
    n1, n0 = found.n_first, found.n_other
    assert found.effect == pytest.approx(2 * reference.statistic / (n1 * n0) - 1)
    assert turned.effect == pytest.approx(-found.effect)
    assert turned.p == pytest.approx(found.p)


def test_recalibration_undoes_what_was_done_to_the_logit():
    rng = np.random.default_rng(2)
    true = rng.uniform(0.05, 0.95, 4000)
    y = (rng.random(4000) < true).astype(int)
    bent = 1 / (1 + np.exp(-(1.0 + 0.5 * np.log(true / (1 - true)))))
    fit = fit_recalibration(y, bent)
    assert fit.slope == pytest.approx(2.0, abs=0.15)
    assert fit.intercept == pytest.approx(-2.0, abs=0.15)
    assert np.abs(apply_recalibration(fit, bent) - true).max() < 0.05
    keys = [f"p{i:04}" for i in range(200)]
    held_out = estimate_recalibrated(keys, y[:200], bent[:200], repeats=3)
    assert np.corrcoef(held_out, true[:200])[0, 1] > 0.9
    with pytest.raises(DataProblem, match="at least 10"):
        fit_recalibration(y[:12], bent[:12])
    with pytest.raises(DataProblem, match="slope above 0"):
        fit_recalibration(y, 1 - bent)


def test_distance_drift_and_importance_see_what_was_planted():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 10))
    names = [f"pet.pet_dnn_{j:03d}" for j in range(1, 9)] + ["ct.ct_dnn_001", "ct.ct_dnn_002"]
    keys = [f"p{i:03}" for i in range(120)]
    fit = fit_applicability(keys, X, names)
    order = rng.permutation(120)
    again = fit_applicability([keys[i] for i in order], X[order], names)
    assert again.limit == pytest.approx(fit.limit)
    near, far = apply_applicability(fit, [X.mean(axis=0), X.mean(axis=0) + 6])
    assert near.inside
    assert not far.inside
    assert far.reasons
    moved = X[:60] + np.r_[2.0, np.zeros(9)]
    drift = compare_inputs(X, moved, names)
    assert drift.largest[0].name == names[0]
    assert drift.largest[0].difference == pytest.approx(2.0, abs=0.4)
    assert drift.share_large == pytest.approx(0.1)
    assert feature_families(names)["PET, lesion mean"] == [0, 1]

    class Leans:
        def predict_proba(self, features):
            p = 1 / (1 + np.exp(-3 * features[:, 0]))
            return np.column_stack([1 - p, p])

    y = (X[:, 0] > 0).astype(int)
    rows = estimate_family_importance(ImportanceCommon(names, Leans(), X, y, 20, 0))
    assert rows[0].family == "PET, lesion mean"
    assert rows[0].fall > 0.3
    assert all(row.fall == 0 for row in rows[1:])
