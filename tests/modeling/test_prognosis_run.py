"""A prognosis run on a simulated study: rows once, equal numbers, nothing apparent stored."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from modeling.earlier_runs import beside_earlier
from modeling.methods.nomogram import nomogram_from_dict
from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Prediction,
    SnapshotMember,
)
from modeling.services import prognosis_again
from modeling.services.prognosis import prognosis_run
from modeling.services.reproduction import version_reproduce
from modeling.stages import prognosis_stage
from studies import registry
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import CohortMember, EndpointValue, Patient
from studies.services import action_start
from tests.begun import begins_with
from tests.modeling.prognosis_made import with_prognosis, with_rad_score
from tests.people import People

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("in_chinese"),
    begins_with(with_rad_score, with_prognosis),
]


@pytest.fixture
def made(as_statistician: People) -> People:
    """Who has run it already: asked with seed 3, it is that run."""
    return as_statistician


def test_run_leaves_a_nomogram_with_an_evaluation_in_every_cohort(made: People) -> None:
    run = prognosis_run(made.study, "overall_survival", seed=3)
    version = ModelVersion.objects.get(run=run)
    content = version.content
    assert version.endpoint == "overall_survival"
    assert {"rad_score", "immunoscore"} <= {term["name"] for term in content["terms"]}
    assert len(content["center"]) == len(content["coefficients"])
    assert content["table"][0]["column"] == "rad_score"
    assert content["table"][0]["hazard_ratio"] < 1  # a high Rad-Score is low risk
    nomogram = nomogram_from_dict(content["nomogram"])
    assert nomogram.times == (12.0, 24.0, 36.0)
    judged = Evaluation.objects.filter(version=version)
    assert {e.cohort.role: e.basis for e in judged} == {
        "training": Basis.APPARENT,
        "internal_validation": Basis.APPLIED,
        "external_phenotype": Basis.APPLIED,
        "external_response": Basis.APPLIED,
    }
    for evaluation in judged:
        assert 0.45 < evaluation.metrics["concordance"]["value"] < 0.85
        assert len(evaluation.metrics["auc"]) == 3
        assert evaluation.metrics["auc"][1]["lower"] < evaluation.metrics["auc"][1]["upper"]
    kept = run.results
    assert kept["optimism"]["c"]["corrected"] < kept["optimism"]["c"]["apparent"]
    assert kept["added_value"]["cohorts"].keys() == {
        "internal_validation", "external_phenotype", "external_response"
    }  # fmt: skip
    assert kept["added_value"]["said"].startswith("The Rad-Score ")
    assert kept["sample_size"]["parameters"] >= len(content["coefficients"])
    outcomes = {(t["cohort"], t["outcome"]) for t in kept["table_2"]["tables"]}
    ratios = [
        line["together"]["ratio"]
        for t in kept["table_2"]["tables"]
        if t["outcome"] == "response" and t.get("penalty") == "firth"
        for line in t["lines"]
        if line["together"] and line["together"]["ratio"]
    ]
    assert ratios
    assert max(ratios) < 100  # few outcomes per coefficient: no odds ratio runs away
    assert {("training", "overall_survival"), ("external_response", "response")} <= outcomes
    groups = Evaluation.objects.get(version=version.parents.get(), cohort__role="training")
    assert groups.metrics["hazard_ratio"]["lower"] < groups.metrics["hazard_ratio"]["value"]
    assert groups.metrics["landmark"]["n"] < groups.metrics["landmark"]["known"]
    assert groups.basis == Basis.OUT_OF_FOLD
    assert [g["name"] for g in groups.metrics["groups"]] == ["Rad-Score high", "Rad-Score low"]


def test_members_left_out_are_listed_with_the_reason(made: People) -> None:
    run = prognosis_run(made.study, "overall_survival", seed=3)
    members = SnapshotMember.objects.filter(snapshot=run.versions.get().fitting_snapshot)
    training = CohortMember.objects.filter(study=made.study, cohort__role="training").count()
    assert members.count() == training
    left_out = members.filter(included=False)
    assert left_out.exists()
    assert all(m.reason.startswith("missing: ") for m in left_out)


@begins_with(with_rad_score)
def test_no_apparent_prediction_is_stored(made: People) -> None:
    run = prognosis_run(made.study, "progression_free_survival", seed=3)
    fitted = CohortMember.objects.filter(study=made.study, use="development")
    predictions = Prediction.objects.filter(version__run=run)
    assert predictions.exists()
    assert not predictions.filter(patient__in=fitted.values("patient")).exists()


def test_same_rows_and_seed_give_the_run_again(made: People) -> None:
    first = prognosis_run(made.study, "overall_survival", seed=3)
    again = prognosis_run(made.study, "overall_survival", seed=3)
    assert first.pk == again.pk
    assert ModelRun.objects.filter(kind="prognosis").count() == 1
    assert DatasetSnapshot.objects.filter(question__purpose="prognosis_fit").count() == 1


def test_another_snapshot_of_the_same_table_is_told_as_the_same_rows(made: People) -> None:
    first = prognosis_run(made.study, "overall_survival", seed=3)
    again = prognosis_run(made.study, "overall_survival", seed=4)
    for sha256 in (first.snapshot.sha256, "0" * 64):
        again.snapshot = DatasetSnapshot(sha256=sha256)  # of another number
        told = beside_earlier(again)["runs"][0]["same_rows"]
        assert told == (sha256 == first.snapshot.sha256)


def test_two_workers_with_the_same_run_leave_one(made: People, monkeypatch: Any) -> None:
    """The second asked before the first had written."""
    first = prognosis_run(made.study, "overall_survival", seed=3)
    monkeypatch.setattr("modeling.services.prognosis.earlier_run", lambda *asked: None)
    assert prognosis_run(made.study, "overall_survival", seed=3) == first
    assert ModelRun.objects.filter(kind="prognosis").count() == 1


def test_stored_nomogram_gives_the_stored_predictions(made: People) -> None:
    run = prognosis_run(made.study, "overall_survival", seed=3)
    version = ModelVersion.objects.get(run=run)
    nomogram = nomogram_from_dict(version.content["nomogram"])
    lp = Prediction.objects.filter(version=version, quantity="linear_predictor").first()
    survival = Prediction.objects.get(
        version=version, patient=lp.patient, quantity="survival", horizon_months=24
    )
    hazard = nomogram.baseline[nomogram.times.index(24.0)]
    assert survival.value == pytest.approx(np.exp(-hazard * np.exp(lp.value)), abs=1e-12)


@begins_with(with_rad_score)
def test_a_nomogram_is_reproduced_from_its_frozen_rows(made: People, monkeypatch: Any) -> None:
    asked = {"endpoint": "overall_survival", "seed": "3", "resamples": "6"}
    kinds = ("modeling.prognosis_run", "modeling.reproduce")
    start = partial(action_start, made.study, made.statistician)
    run_inline(start(kinds[0], asked))
    version = ModelVersion.objects.get(kind="nomogram")
    somebody = version.fitting_snapshot.members.filter(included=True).latest("id").patient
    Patient.objects.filter(pk=somebody.pk).update(pseudonym="A-0")  # corrected since
    done = run_inline(start(kinds[1], {"version": str(version.uid)}))
    assert done.state == "done", done.problems
    proof = version.run.reproductions.get()
    assert (proof.verdict, proof.differences) == ("equal", [])
    assert {name: part["verdict"] for name, part in proof.parts.items()} == dict.fromkeys(
        ["rows", "results", "nomogram", "evaluations", "predictions", "rad_score_alone"], "equal"
    )
    assert proof.parts["predictions"]["compared"] == version.predictions.count()
    honest = prognosis_again.prognosis_results
    monkeypatch.setattr(
        prognosis_again, "prognosis_results",
        lambda run, fit: honest(run, fit) | {"rad_score_cut": run.cut + 1e-6},
    )  # fmt: skip
    other, near = (version_reproduce(version, tolerance) for tolerance in (1e-9, 1e-3))
    assert (other.verdict, near.verdict) == ("different", "within_tolerance")
    (place,) = other.differences
    assert (place["part"], place["place"]) == ("results", "rad_score_cut")
    assert near.largest_difference == pytest.approx(1e-6)
    client = Client()
    client.force_login(made.statistician)
    card = client.get(reverse("modeling:card", args=[made.study.uid, version.uid])).content.decode()
    judged = version.evaluations.get(cohort__role="external_response").metrics["auc"][1]
    assert "at 24 months" in card
    told_there = re.sub(r"<[^>]+>", "", card)
    assert f"{judged['value']:.3f} ({judged['lower']:.3f}" in told_there
    version.content["rad_score_cut"] += 1
    with pytest.raises(DataProblem, match="coefficients are not those"):
        version_reproduce(version)


@begins_with()
def test_run_refuses_without_a_rad_score(as_statistician: People) -> None:
    with pytest.raises(DataProblem, match="Rad-Score"):
        prognosis_run(as_statistician.study, "overall_survival")
    with pytest.raises(DataProblem, match="Endpoint"):
        prognosis_run(as_statistician.study, "happiness")


def test_new_follow_up_of_a_validating_cohort_is_judged_anew(made: People) -> None:
    """The fit stands on the same rows, but its validation does not: no stale number."""
    first = prognosis_run(made.study, "overall_survival", seed=3)
    member = CohortMember.objects.filter(study=made.study, cohort__role="external_response").first()
    assert member is not None
    value = EndpointValue.objects.filter(
        patient=member.patient, definition__name="overall_survival"
    ).get()
    EndpointValue.objects.filter(pk=value.pk).update(duration_days=value.duration_days + 900)
    again = prognosis_run(made.study, "overall_survival", seed=3)
    assert again.pk != first.pk
    assert again.versions.get().fitting_snapshot == first.versions.get().fitting_snapshot
    old, new = (
        Evaluation.objects.get(version__run=run, cohort__role="external_response").metrics
        for run in (first, again)
    )
    assert old != new
    groups = Evaluation.objects.filter(
        version=ModelVersion.objects.get(run=again).parents.get(), cohort__role="external_response"
    )
    assert groups.count() == 2


def test_a_nomogram_of_other_rows_is_stale(made: People, monkeypatch: Any) -> None:
    """A day of follow-up of a validating cohort, or one Immunoscore; back again, it is not."""

    def stage(who: Any = made.statistician) -> Any:
        with override("en"):
            return prognosis_stage(made.study, who)

    for endpoint in ("overall_survival", "progression_free_survival"):
        prognosis_run(made.study, endpoint, seed=3)
    assert stage().state == "ready"
    member = CohortMember.objects.filter(study=made.study, cohort__role="external_response").first()
    assert member is not None
    value = EndpointValue.objects.filter(
        patient=member.patient, definition__name="overall_survival"
    )
    days = value.get().duration_days
    assert days is not None
    value.update(duration_days=days + 1)
    assert stage().state == "stale"
    assert stage().detail.startswith("OS: ")
    assert "every site" in stage(made.colleague).detail, "rows of other sites are not compared"
    value.update(duration_days=days)
    assert stage().state == "ready"
    scores = registry.facts("immunoscore", made.study)
    other = {**scores, member.patient.pk: (scores[member.patient.pk] + 1) % 5}
    monkeypatch.setitem(registry.patients._facts, "immunoscore", lambda study: other)
    assert stage().state == "stale"
    assert stage().detail.startswith("OS, PFS: ")
