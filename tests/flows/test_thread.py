"""A simulated study from files to report, by real jobs on a real worker."""

from __future__ import annotations

import json

import pytest

from tests.flows.conftest import Running

COHORTS = {"training", "internal_validation", "external_phenotype", "external_response"}


@pytest.fixture(scope="module")
def report(thread: Running) -> dict:
    for endpoint in ("overall_survival", "progression_free_survival"):
        thread.step("modeling.prognosis_run", endpoint=endpoint, seed=1, resamples=20)
    made = thread.step("modeling.report_build")["result"]["report"]
    return thread.statistician.get(f"studies/{thread.study}/reports/{made}/")


def test_every_stage_of_the_study_is_ready(thread: Running, report: dict) -> None:
    study = thread.statistician.get(f"studies/{thread.study}/")
    assert {stage["key"]: stage["state"] for stage in study["stages"]} == dict.fromkeys(
        ("cohort", "imaging", "features", "genomics", "slides", "rad_score", "prognosis", "report"),
        "ready",
    )


def test_each_cohort_is_judged_against_its_own_target(thread: Running) -> None:
    found = {(e["cohort"], e["target"], e["basis"]) for e in thread.rows("evaluations/")}
    assert {
        ("training", "rna", "out_of_fold"),
        ("internal_validation", "rna", "applied"),
        ("external_phenotype", "ihc", "applied"),
        ("external_response", "response", "applied"),
    } <= found


def test_every_training_prediction_is_out_of_fold(thread: Running) -> None:
    kinds: dict[str, set[str]] = {}
    cohort_of = {p["pseudonym"]: p["cohorts"][0] for p in thread.rows("patients/")}
    for prediction in thread.rows("predictions/"):
        if prediction["quantity"] == "probability":
            kinds.setdefault(cohort_of[prediction["patient"]], set()).add(prediction["kind"])
    assert kinds == {c: {"out_of_fold" if c == "training" else "applied"} for c in COHORTS}


def numbers(content: object) -> list[dict]:
    """Every number of a report's content, however deep."""
    if isinstance(content, dict):
        inner = [number for value in content.values() for number in numbers(value)]
        return [content, *inner] if "snapshot_sha" in content else inner
    if isinstance(content, list):
        return [number for value in content for number in numbers(value)]
    return []


def test_every_number_of_the_report_names_its_snapshot_and_version(
    thread: Running, report: dict
) -> None:
    snapshots = {snapshot["sha256"] for snapshot in thread.rows("snapshots/")}
    found = numbers(report["content"]["sections"])
    assert len(found) > 100
    assert {number["snapshot_sha"] for number in found} <= snapshots
    assert all(number["model_version"] for number in found)
    assert report["content"]["study"]["simulated"] is True


def test_the_same_report_is_not_built_twice(thread: Running, report: dict) -> None:
    again = thread.step("modeling.report_build")["result"]["report"]
    assert again == report["uid"]


def test_a_collaborator_reads_the_report_and_no_foreign_patient(
    thread: Running, report: dict
) -> None:
    collaborator = thread.clients["collaborator"]
    read = collaborator.get(f"studies/{thread.study}/reports/{report['uid']}/")
    assert read["sha256"] == report["sha256"]
    foreign = [p["pseudonym"] for p in thread.rows("patients/") if p["site"] != "South"]
    seen = json.dumps(collaborator.every(f"studies/{thread.study}/predictions/"))
    assert foreign
    assert not [name for name in foreign if name in seen + json.dumps(read)]
