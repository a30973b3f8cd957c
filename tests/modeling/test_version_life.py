"""The life of a version: moves, proofs, manifests, lineage; by pages, API and the database."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from imaging.models import DicomStudy, ExtractorVersion, FeatureSet, Roi, RoiChoice, Series
from modeling.lineage import lineage_step
from modeling.lineage_edges import chain_above
from modeling.management.commands import reproduce
from modeling.models import Evaluation, ModelVersion, Prediction, Reproduction, VersionEvent
from modeling.selectors import active_version, frozen_cohorts, looks_at, state_of
from modeling.services import environment, version_estimator
from modeling.services.external_validation import version_validate
from modeling.services.onnx_export import version_to_onnx
from modeling.services.rad_score import rad_score_run
from modeling.services.report import report_versions
from modeling.services.reproduction import version_reproduce
from modeling.services.version_applying import version_apply
from modeling.services.version_card import version_card
from modeling.services.version_estimator import estimator_of
from modeling.services.version_life import version_move
from modeling.services.version_manifest import (
    digests_check,
    manifest_check,
    manifest_compare,
    manifest_write,
)
from modeling.services.version_recalibrating import version_recalibrate
from modeling.since_words import said_since
from modeling.storage import json_digest
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Cohort, CohortMember, Derivation, Job, Patient
from studies.services import action_start
from studies.storage import storage
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features
from tests.people import People

WHY = "Discrimination and calibration hold in every cohort."
QUICK = {**SMALL, "classifiers": ["logistic_regression", "random_forest"], "ablations": []}


def run_as_job(people, seed=1):
    job = Job.objects.create(
        study=people.study, acting_user=people.statistician, kind="modeling.rad_score_run",
        idempotency_key=f"made {seed}",
    )  # fmt: skip
    run = rad_score_run(people.study, QUICK, seed, workers=1, job=job)
    return ModelVersion.objects.select_related("run", "fitting_snapshot", "study").get(run=run)


class Ran(NamedTuple):
    people: People
    version: ModelVersion


def with_a_run(people, patch):
    with acting_as(people.statistician):
        return Ran(people, run_as_job(people))


pytestmark = [pytest.mark.django_db, begins_with(with_features(70), with_a_run)]


@pytest.fixture
def made(begun, as_statistician):
    return begun


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def release(people, version):
    if state_of(version) == "draft":
        version_move(version, people.statistician, "validated", WHY)
    with acting_as(people.administrator):
        return version_move(version, people.administrator, "released", WHY)


def test_from_draft_to_released_to_superseded_and_back(made):
    people, first = made
    assert state_of(first) == "draft"
    with pytest.raises(DataProblem, match="draft to released"):
        version_move(first, people.administrator, "released", WHY)
    with pytest.raises(DataProblem, match="reason"):
        version_move(first, people.statistician, "validated", "fine")
    version_move(first, people.statistician, "validated", WHY)
    with pytest.raises(DataProblem, match="second person"):
        version_move(first, people.statistician, "released", WHY)
    release(people, first)
    assert active_version(people.study, "rad_score") == first
    second = run_as_job(people, seed=2)
    assert report_versions(people.study) == (first, [])  # the released one, or the one asked for
    assert report_versions(people.study, second) == (second, [])
    release(people, second)
    assert active_version(people.study, "rad_score") == second
    assert (state_of(first), state_of(second)) == ("retired", "released")
    assert "Superseded by Rad-Score 2" in first.events.last().reason
    release(people, first)  # back
    assert active_version(people.study, "rad_score") == first
    moves = list(VersionEvent.objects.order_by("id").values_list("version__number", "to_state"))
    assert moves == [(1, "validated"), (1, "released"), (2, "validated"), (1, "retired"),
                     (2, "released"), (2, "retired"), (1, "released")]  # fmt: skip
    card = version_card(first)
    assert [row["to"] for row in card["history"]] == ["validated", "released", "retired",
                                                      "released"]  # fmt: skip
    assert {row["look"] for row in card["results"] if row["use"] == "validation"} == {1}
    looks = looks_at(Cohort.objects.get(role="external_response"))
    assert [one[0].version.number for one in looks] == [1, 2]
    listed = client_of(people.statistician).get(
        reverse("api:look-list", args=[people.study.uid]), {"cohort__name": "external_response"}
    ).json()["results"]  # fmt: skip
    assert [(one["number"], one["how"], one["by"]) for one in listed] == [
        (2, "run", "statistician"), (1, "run", "statistician"),
    ]  # fmt: skip
    stored = looks[0][0].metrics["auc"]["estimate"]
    assert listed[1]["judged"][0]["estimate"] == pytest.approx(stored)
    page = client_of(people.statistician).get(reverse("modeling:looks", args=[people.study.uid]))
    assert f"AUC <strong>{stored:.3f}" in page.content.decode()
    page = client_of(people.statistician).get(reverse("modeling:timeline", args=[people.study.uid]))
    assert "Superseded by Rad-Score 2" in page.content.decode()


PAST_THE_SERVICES = [
    ({"to_state": "released", "by": "statistician"}, "second person"),
    ({"from_state": "retired", "to_state": "released"}, "not retired"),
    ({"from_state": "draft", "to_state": "released"}, "not draft"),
    ({"to_state": "retired", "reason": " "}, "has_reason"),
    ({"to_state": "draft"}, "move_known"),
]


def test_the_database_refuses_what_the_pages_refuse(made):
    """Written past every service, as the application's role."""
    people, version = made
    version_move(version, people.statistician, "validated", WHY)
    for event, message in PAST_THE_SERVICES:
        given = {"from_state": "validated", "reason": WHY, **event}
        user = getattr(people, given.pop("by", "administrator"))
        with pytest.raises(DatabaseError, match=message), transaction.atomic():
            VersionEvent.objects.create(
                study=people.study, version=version, number=2, acted_by=user, **given
            )
    for statement in ("UPDATE modeling_versionevent SET reason = 'other'",
                      "DELETE FROM modeling_versionevent"):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_pages_and_api_move_show_and_hand_out_alike(made):
    people, version = made
    study, uid = people.study.uid, version.uid
    statistician, administrator = client_of(people.statistician), client_of(people.administrator)
    page = reverse("modeling:version_move", args=[study, uid])
    statistician.post(page, {"to_state": "validated", "reason": WHY})
    assert state_of(version) == "validated"
    seen = statistician.get(reverse("modeling:version", args=[study, uid])).content.decode()
    assert 'value="released"' not in seen  # the maker is told who may instead
    assert "can be released by administrator@example.org." in seen
    seen = administrator.get(reverse("modeling:version", args=[study, uid])).content.decode()
    assert 'value="released"' in seen
    api = reverse("api:model-version-state", args=[study, uid])
    asked = {"to_state": "released", "reason": WHY}
    refused = statistician.post(api, asked, content_type="application/json")
    assert refused.status_code == 422
    assert "second person" in refused.json()["problems"][0]["expected"]
    assert client_of(people.colleague).post(api, asked).status_code == 403
    assert administrator.post(api, asked, content_type="application/json").status_code == 201
    assert administrator.get(f"{api[:-6]}").json()["state"] == "released"
    assert (
        len(administrator.get(reverse("api:version-event-list", args=[study])).json()["results"])
        == 2
    )
    pages = ("version", "card", "card_json", "manifest")
    shown = [statistician.get(reverse(f"modeling:{name}", args=[study, uid])) for name in pages]
    assert [answer.status_code for answer in shown] == [200] * 4
    assert "Released" in shown[0].content.decode()
    assert shown[2].json() == statistician.get(f"{api[:-6]}card/").json()
    assert manifest_check(shown[3].json()) == []
    for name in ("manifest", "estimator", "onnx"):
        address = reverse(f"modeling:{name}", args=[study, uid])
        assert client_of(people.colleague).get(address).status_code == 403
    assert client_of(people.colleague).get(f"{api[:-6]}manifest/").status_code == 403


class Undecided:
    """An estimator that another library reads otherwise."""

    named_steps: dict = {}

    def predict_proba(self, features):
        return np.full((len(features), 2), 0.5)


def test_a_version_is_reproduced_and_the_proof_is_kept(made, tmp_path, monkeypatch):
    people, version = made
    study = people.study
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # no process of its own for so few fits
    job = run_inline(action_start(study, people.statistician, "modeling.reproduce",
                                  {"version": str(version.uid)}))  # fmt: skip
    assert job.state == "done", job.problems
    proof = Reproduction.objects.get()
    assert job.result["verdict"] == proof.verdict == "equal"
    assert proof.compared > 1000
    assert set(proof.parts) == {"comparison", "evaluations", "threshold", "predictions",
                                "out_of_fold_predictions"}  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        Reproduction.objects.update(verdict="different")
    # another scikit-learn: the numbers may be equal, that it was another is said
    real = environment.version
    monkeypatch.setattr(
        environment, "version", lambda name: "0.1" if name == "scikit-learn" else real(name)
    )
    call_command("reproduce", str(version.uid), user="statistician", workers=1)
    assert Reproduction.objects.first().changed_libraries["scikit-learn"][1] == "0.1"
    X = np.zeros((2, 16))
    assert estimator_of(version).predict_proba(X).shape == (2, 2)  # it still says what it said
    monkeypatch.setattr(version_estimator, "read_estimator", lambda data, sha256: Undecided())
    with pytest.raises(DataProblem, match=r"scikit-learn 0\.1 for .* off"):
        version_apply(version, X)
    with pytest.raises(CommandError, match="has not the right"):
        call_command("reproduce", str(version.uid), user="colleague")
    proof.verdict = "different"
    monkeypatch.setattr(reproduce, "version_reproduce", lambda *args, **kwargs: proof)
    with pytest.raises(CommandError, match="do not come out") as ended:
        call_command("reproduce", str(version.uid), user="statistician")
    assert ended.value.returncode == reproduce.DIFFERENT
    page = client_of(people.statistician).get(
        reverse("modeling:version", args=[study.uid, version.uid])
    )
    assert "numbers and texts compared" in page.content.decode()


def test_what_changes_later_refuses_no_old_run_and_is_told_beside_the_verdict(made):
    """Today's records would refuse the run: it is computed again from what was frozen."""
    people, version = made
    training = Cohort.objects.get(role="training")
    here, there = (
        Patient.objects.filter(cohort_memberships__use=use).order_by("id").last()
        for use in ("development", "validation")
    )
    # an image comes again under another patient; what was fitted saw somebody who validates now
    volume = Series.objects.get(patient=here).volume
    once = Roi.objects.get(patient=there)
    again = Series.objects.create(
        patient=there, dicom_study=once.series.dicom_study, batch=once.batch, series_uid="1.9",
        modality="PT", content_digest="b" * 64, volume=volume, state="ready",
    )  # fmt: skip
    roi = Roi.objects.create(
        patient=there, series=again, lesion=once.lesion, batch=once.batch, name="again",
        mask=once.mask, source_digest="d" * 64, voxels=5, volume_ml=3.0,
    )  # fmt: skip
    RoiChoice.objects.filter(patient=there).update(roi=roi)
    weights = ExtractorVersion.objects.get(modality="PT").weights
    Derivation.objects.create(
        study=people.study, parent_digest=volume.sha256, child_digest=weights.sha256
    )
    CohortMember.objects.filter(patient=here).delete()
    Patient.objects.filter(pk=here.pk).update(partition="validation")
    cohort = Cohort.objects.get(role="internal_validation")
    CohortMember.objects.create(
        study=people.study, site=here.site, patient=here, cohort=cohort, use="validation"
    )
    Cohort.objects.filter(pk=training.pk).update(name="renamed")
    moved = Patient.objects.exclude(site=people.elsewhere).exclude(pk__in=(here.pk, there.pk))[0]
    Patient.objects.filter(pk=moved.pk).update(site=people.elsewhere)
    asked = {"workers": 1, "snapshot": str(version.run.snapshot.uid)}
    with pytest.raises(DataProblem, match="validating cohort"):
        rad_score_run(people.study, QUICK, 2, **asked)
    Patient.objects.filter(pk=there.pk).update(status="excluded", status_reason="moved away")
    # folds go by the pseudonyms that were frozen, and so does the proof
    Patient.objects.filter(pk=there.pk).update(pseudonym="A-0")
    Patient.objects.filter(pk=here.pk).update(pseudonym="A-1")
    with pytest.raises(DataProblem, match=r"excluded from the study \(1\)"):
        rad_score_run(people.study, QUICK, 2, **asked)
    # somebody without features then, with a score since, was no part of the run
    late = Patient.objects.exclude(
        snapshot_memberships__snapshot=version.run.snapshot, snapshot_memberships__included=True
    ).first()
    if late is not None:
        Prediction.objects.create(version=version, patient=late, kind="applied", value=0.5)
    proof = version_reproduce(version, workers=1)
    assert proof.verdict == "equal", proof.differences
    told = {change["what"]: change for change in proof.changed_since}
    assert told["cohort_name"]["then"] == training.name
    assert told["members_gone"] | {"snapshot": 0} == {
        "snapshot": 0, "what": "members_gone", "cohort": training.name, "patients": 1,
    }  # fmt: skip
    assert told["members_new"]["cohort"] == cohort.name
    assert told["fit_saw_validating"]["patients"] >= 1
    assert told["shared_images"]["patients"] == 2
    assert told["not_usable"]["patients"] == 1
    assert (told["site"]["patients"], told["pseudonym"]["patients"]) == (1, 2)
    page = client_of(people.statistician).get(
        reverse("modeling:version", args=[people.study.uid, version.uid])
    )
    text = page.content.decode()
    assert all(said.replace("'", "&#x27;") in text for said in said_since(proof.changed_since))
    assert here.pseudonym not in str(proof.changed_since)
    snapshot = version.run.snapshot
    assert {name: one.role for name, one in frozen_cohorts(snapshot).items()}["training"]
    snapshot.cohorts = {}  # frozen before cohorts were: then their names of today must do
    assert "renamed" in frozen_cohorts(snapshot)


def test_a_version_is_not_shown_whom_it_was_fitted_to_under_any_name(made):
    """Moved to where is judged; the image, or the features, of such a patient under another name;
    a scan of after treatment began."""
    people, version = made
    cohort = Cohort.objects.get(role="internal_validation")
    here = Patient.objects.filter(cohort_memberships__cohort__role="training").latest("id")
    there = Patient.objects.filter(cohort_memberships__cohort=cohort).latest("id")

    def moved():
        CohortMember.objects.filter(patient=here).delete()
        Patient.objects.filter(pk=here.pk).update(partition="validation")
        CohortMember.objects.create(
            study=people.study, site=here.site, patient=here, cohort=cohort, use="validation"
        )
        return f"also fitted to: {here.pseudonym}"

    def the_image():
        Series.objects.filter(patient=there).update(volume=Series.objects.get(patient=here).volume)
        return "one image for"

    def the_features():
        for modality in ("PT", "CT"):
            vector = FeatureSet.objects.get(patient=here, modality=modality).vector
            FeatureSet.objects.filter(patient=there, modality=modality).update(vector=vector)
        return "equal rows for"

    def the_scan():
        visit = Roi.objects.get(patient=there).series.dicom_study
        DicomStudy.objects.filter(pk=visit.pk).update(scanned_on="2090-01-01")
        return "scans after treatment began"

    for plant in (moved, the_image, the_features, the_scan):
        begun = transaction.savepoint()
        said = plant()
        with pytest.raises(DataProblem, match=said):
            version_validate(version, cohort)
        with pytest.raises(DataProblem, match=said):
            version_recalibrate(version, cohort)
        transaction.savepoint_rollback(begun)
    assert version_validate(version, cohort)


def test_a_result_of_an_unknown_format_is_refused_wherever_it_is_read(made):
    """Every stored result carries its number; the next version's is not guessed at."""
    people, version = made
    rows = [version.run.results, version.content]
    rows += [e.metrics for e in version.evaluations.all()]
    rows += version.run.results["classifiers"]
    assert {row["format"] for row in rows} == {1}
    newer = {**version.evaluations.first().metrics, "format": 2}
    evaluation = Evaluation.objects.create(
        study=people.study, version=version, snapshot=version.run.snapshot, basis="applied",
        cohort=Cohort.objects.get(role="training"), target="ihc", n=newer["n"], metrics=newer,
        metrics_sha256=json_digest(newer), looked_at=version.created_at, inputs_digest="newer",
    )  # fmt: skip
    with pytest.raises(
        DataProblem, match=r"evaluation, metrics: found format 2; expected format 1"
    ):
        Evaluation.objects.get(pk=evaluation.pk)
    assert Evaluation.objects.filter(pk=evaluation.pk).values_list("metrics__n").get()
    client = client_of(people.statistician)
    page = client.get(reverse("modeling:version", args=[people.study.uid, version.uid]))
    told = client.get(reverse("api:evaluation-list", args=[people.study.uid]))
    assert (page.status_code, told.status_code) == (422, 422)
    assert "format 2" in page.content.decode()
    assert told.json()["problems"][0]["expected"] == "format 1"


def test_a_tampered_byte_or_number_is_detected(made, tmp_path):
    """The database refuses the application; what an owner forces is told by the digests."""
    people, version = made
    document = manifest_write(version)
    assert (manifest_check(document), manifest_compare(document, version)) == ([], [])
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(document))
    call_command("manifest_verify", file, user="statistician")
    forged = json.loads(json.dumps(document))
    forged["manifest"]["evaluations"][0]["metrics_sha256"] = "0" * 64
    assert "changed after it was signed" in manifest_check(forged)[0]
    assert "another key" in manifest_check(document, trusted_key="AAAA")[0]
    file.write_text(json.dumps(forged))
    with pytest.raises(CommandError, match="does not hold"):
        call_command("manifest_verify", file)
    evaluation = version.evaluations.first()
    for statement in ("UPDATE modeling_evaluation SET metrics = '{}'",
                      "UPDATE modeling_snapshotmember SET included = false, reason = 'x'",
                      "UPDATE modeling_datasetsnapshot SET sha256 = repeat('0', 64)",
                      "ALTER TABLE modeling_evaluation DISABLE TRIGGER ALL"):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    evaluation.metrics["auc"]["estimate"] = 0.999  # as if an owner had written it
    assert json_digest(evaluation.metrics) != evaluation.metrics_sha256
    path = storage()._path(people.study.uid, version.fitting_snapshot.sha256)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    assert any("frozen table" in text for text in digests_check(version))
    with pytest.raises(DataProblem, match="frozen table"):
        version_reproduce(version, workers=1)
    assert not Reproduction.objects.exists()


def test_the_lineage_is_walked_both_ways_in_a_fixed_number_of_questions(
    made, django_assert_max_num_queries
):
    people, version = made
    study, user = people.study, people.statistician
    snapshot = version.fitting_snapshot
    with django_assert_max_num_queries(10):
        step = lineage_step(study, snapshot.sha256, user)
    kinds = {kind: len(nodes) for kind, nodes in step.made_of.items()}
    assert kinds["features"] == 2 * snapshot.members.filter(included=True).count()
    assert {"phenotype", "uptake", "endpoint"} <= set(kinds)
    assert [node.kind for node in step.went_into["run"]] == ["run"]
    run = lineage_step(study, version.run.inputs_digest, user)
    assert [n.digest for n in run.made_of["snapshot"]] == [snapshot.sha256]
    assert [n.digest for n in run.went_into["version"]] == [version.sha256]
    endpoint = step.made_of["endpoint"][0]
    assert endpoint.patient
    upload = lineage_step(study, endpoint.digest, user).made_of["upload"][0]
    from_file = lineage_step(study, upload.digest, user)
    assert endpoint.digest in {node.digest for node in from_file.went_into["endpoint"]}
    assert [node.digest for node in from_file.reports] == [version.sha256]
    assert (upload.digest, endpoint.digest) in chain_above(study, snapshot.sha256)
    with acting_as(people.colleague):  # of another site: the graph, but nobody's name
        hidden = lineage_step(study, snapshot.sha256, people.colleague)
        names = {node.patient for nodes in hidden.made_of.values() for node in nodes}
    assert len(names - {""}) < len({n.patient for n in step.made_of["features"]})
    client = client_of(user)
    page = client.get(reverse("modeling:lineage", args=[study.uid, snapshot.sha256]))
    assert "Features of a region" in page.content.decode()
    told = client.get(reverse("modeling:lineage_json", args=[study.uid, snapshot.sha256])).json()
    assert (
        told == client.get(reverse("api:lineage-detail", args=[study.uid, snapshot.sha256])).json()
    )
    assert client.get(reverse("modeling:lineage", args=[study.uid, "0" * 64])).status_code == 404


def test_onnx_gives_the_estimators_probabilities_or_says_why_not(made):
    _, version = made
    data, difference = version_to_onnx(version)
    assert len(data) > 1000
    assert difference < 1e-5
    version.kind = "nomogram"
    with pytest.raises(DataProblem, match="a nomogram"):
        version_to_onnx(version)
