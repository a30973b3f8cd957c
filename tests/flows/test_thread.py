"""A simulated study from files to report, by real jobs on a real worker."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from studies.registry import Shows, patients_shown_in
from tests.flows.conftest import Running

COHORTS = {"training", "internal_validation", "external_phenotype", "external_response"}


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


def test_the_phenotypes_of_the_report_are_those_of_the_study(thread: Running, report: dict) -> None:
    """Hot and cold by source and cohort, what each cell type drives, and nobody's name."""
    content = report["content"]
    section = next(s for s in content["sections"] if s["key"] == "phenotypes")
    cohort_of = {p["pseudonym"]: p["cohorts"][0] for p in thread.rows("patients/")}
    found: Counter[tuple[str, str, str]] = Counter()
    for row in thread.rows("phenotypes/"):
        cohort = cohort_of[row["patient"]].replace("external_", "external, ")
        cohort = cohort.replace("_", " ").capitalize()
        found[(row["source"].upper(), cohort, row["label"])] += 1
    (table,) = section["tables"]
    assert {(row[0], row[1]) for row in table["rows"]} == {(s, c) for s, c, _ in found}
    for source, cohort, n, hot, cold in table["rows"]:
        assert (hot, cold) == (found[source, cohort, "hot"], found[source, cohort, "cold"])
        assert n["value"] == hot + cold
    figures = [content["figures"][key] for key in section["figures"]]
    (drive,) = (f for f in figures if f["columns"][1] == "drive")
    assert len(drive["rows"]) == 24
    assert sum(row[1] for row in drive["rows"]) == pytest.approx(1)
    assert [row[1] for row in drive["rows"]] == sorted((r[1] for r in drive["rows"]), reverse=True)
    core = {row[0]: row[2:] for row in drive["rows"]}["CD8 T cells"]
    heads = [column.split()[2].rstrip(",") for column in drive["columns"][2:]]
    mean = dict(zip(heads, core, strict=True))
    assert mean["hot"] > mean["cold"]
    assert not [name for name in cohort_of if name in json.dumps([section, figures])]


def test_the_same_report_is_not_built_twice(thread: Running, report: dict) -> None:
    again = thread.step("modeling.report_build")["result"]["report"]
    assert again == report["uid"]


def test_a_collaborator_reads_the_report_and_no_foreign_patient(
    thread: Running, report: dict
) -> None:
    collaborator = thread.clients["collaborator"]
    read = collaborator.get(f"studies/{thread.study}/reports/{report['uid']}/")
    assert read["sha256"] == report["sha256"]
    figures = read["content"]["figures"]
    of_patients = {key: figures[key] for key in figures if patients_shown_in(key) is Shows.ROWS}
    assert of_patients
    assert {key for key, figure in of_patients.items() if figure["rows"]} == set()
    assert figures["heat-map"]["spec"] == {}, "a mark is a patient of others"
    assert figures["roc"]["rows"]
    foreign = [p["pseudonym"] for p in thread.rows("patients/") if p["site"] != "South"]
    seen = json.dumps(collaborator.every(f"studies/{thread.study}/predictions/"))
    assert foreign
    assert not [name for name in foreign if name in seen + json.dumps(read)]
