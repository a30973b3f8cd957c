"""Densities from file to Immunoscore: cuts of the development cohort, no score without a region."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from genomics.selectors import slides_are_stale
from imaging import slides_stage
from imaging.methods.immunoscore import compare_readings
from imaging.models import CellDensity, Immunoscore, ImmunoscoreRule, Reading
from imaging.selectors import density_table, immunoscore_table
from imaging.selectors.slides import calls_table, rule_current
from imaging.withdrawal import purge, uses_of
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import ImportBatch, Job, Patient, Specimen, SpecimenChoice
from studies.registry import facts
from studies.services import action_start, batch_job, batch_receive
from tests.begun import begun_by
from tests.people import People


def rules() -> QuerySet[ImmunoscoreRule]:
    """Those of the four calls; each study has other readings beside."""
    return ImmunoscoreRule.objects.filter(reading=Reading.IMMUNOSCORE)


def scores() -> QuerySet[Immunoscore]:
    return Immunoscore.objects.filter(rule__in=rules())


HEADER = "patient_id,specimen,marker,region,density,unit,procedure\n"
MEDIANS = {
    ("CD3", "tumor_center"): 900,
    ("CD3", "invasive_margin"): 1500,
    ("CD8", "tumor_center"): 280,
    ("CD8", "invasive_margin"): 480,
}


def cohort_table() -> bytes:
    lines = ["patient_id,site,cohort,treatment_started_on"]
    for number in range(1, 31):
        cohort = "training" if number <= 20 else "external_phenotype"
        site = "South" if number % 5 == 0 else "North"
        lines.append(f"P{number:03d},{site},{cohort},2021-03-01")
    return "\n".join(lines).encode()


def densities(seed: int = 0, biopsies: tuple[int, ...] = (20, 30)) -> bytes:
    """Development patients' levels rise with their number; biopsies lack the margin."""
    rng, lines = np.random.default_rng(seed), []
    for number in range(1, 31):
        for (marker, region), median in MEDIANS.items():
            value = median * (0.4 + 0.06 * number) * rng.uniform(0.95, 1.05)
            biopsy = number in biopsies
            if not (biopsy and region == "invasive_margin"):
                kind = "biopsy" if biopsy else "resection"
                lines.append(
                    f"P{number:03d},P{number:03d}-T1,{marker},{region},{value:.1f},cells/mm2,{kind}"
                )
    return (HEADER + "\n".join(lines)).encode()


def hand_in(people: People, kind: str, data: bytes) -> ImportBatch:
    batch = batch_receive(people.study, people.coordinator, kind, data, f"{kind}.csv")
    job = batch_job(batch)
    if job is not None and job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    return batch


def score(people: People, **params: object) -> Job:
    job = action_start(people.study, people.statistician, "imaging.immunoscore", params)
    return run_inline(job)


def a_cohort(people: People, patch: object) -> People:
    with acting_as(people.coordinator):
        assert hand_in(people, "cohort_table", cohort_table()).state == "ready"
    return people


def its_densities(people: People, patch: object) -> People:
    with acting_as(people.coordinator):
        batch = hand_in(people, "cell_densities", densities())
    assert batch.state == "ready", batch.problems
    assert batch.summary["with all four"] == 28
    return people


def its_scores(people: People, patch: object) -> People:
    with acting_as(people.coordinator):
        job = score(people)
    assert job.state == "done", (job.problems, job.error_id)
    return people


@pytest.fixture
@begun_by(a_cohort)
def cohort(as_coordinator: People) -> People:
    return as_coordinator


@pytest.fixture
@begun_by(a_cohort, its_densities)
def measured(as_coordinator: People) -> People:
    return as_coordinator


@pytest.fixture
@begun_by(a_cohort, its_densities, its_scores)
def scored(as_coordinator: People) -> People:
    return as_coordinator


def by_name(people: People) -> dict[str, object]:
    names = dict(Patient.objects.values_list("pk", "pseudonym"))
    return {names[pk]: value for pk, value in immunoscore_table(people.study)["score"].items()}


def test_densities_become_rows_with_what_was_entered(measured: People) -> None:
    row = CellDensity.objects.select_related("specimen").order_by("source_row").first()
    assert (row.source_row, row.specimen.label, row.unit) == (2, "P001-T1", "cells/mm2")
    assert float(row.as_entered) == row.per_mm2
    assert density_table(measured.study).shape == (30, 6)
    assert SpecimenChoice.objects.filter(purpose="slides").count() == 30
    assert Specimen.objects.get(label="P020-T1").procedure == "biopsy"


def test_an_import_taken_up_after_its_commit_ends_ready(measured: People) -> None:
    """The worker was killed after it had written and before the job could end."""
    batch = ImportBatch.objects.get(kind="cell_densities")
    lost = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(subject_id=batch.pk).update(state="running", lease_until=lost)
    job = batch_job(batch)
    assert job is not None
    assert run_inline(job).state == "done"
    batch.refresh_from_db()
    assert (batch.state, job.result) == ("ready", batch.summary)


def test_cuts_are_percentiles_of_development_resections(scored: People) -> None:
    rule = rules().get()
    table = density_table(scored.study)
    names = dict(Patient.objects.values_list("pk", "pseudonym"))
    training = table["patient_id"].map(names).between("P001", "P019")
    for column, cut in rule.cuts.items():
        assert cut == pytest.approx(np.percentile(table.loc[training, column], 75))
    assert rule.n_reference == 19


def test_scores_are_0_to_4_and_absent_without_a_margin(scored: People) -> None:
    scores = by_name(scored)
    assert scores["P001"] == 0
    assert scores["P029"] == 4
    assert scores["P020"] is pd.NA
    without = Immunoscore.objects.filter(rule__in=rules(), score=None)
    reasons = set(without.values_list("reason", flat=True))
    assert reasons == {"a biopsy has no margin"}
    given = facts("immunoscore", scored.study)
    assert len(given) == 28
    assert set(given.values()) <= {0, 1, 2, 3, 4}
    assert set(facts("immunoscore_rule", scored.study)) == set(given)


def test_scores_make_labels_by_slides(scored: People) -> None:
    job = run_inline(action_start(scored.study, scored.statistician, "genomics.phenotype_from_ihc"))
    assert job.state == "done", job.problems
    expected = sum(value >= 3 for value in facts("immunoscore", scored.study).values())
    assert job.result["labels"] == {"hot": expected, "cold": 28 - expected}
    assert 0 < expected < 28
    assert not slides_are_stale(scored.study)
    assert score(scored, kind="reference_mean_share").state == "done"
    assert slides_are_stale(scored.study)


def test_the_share_of_high_under_each_rule_is_recorded(scored: People) -> None:
    shares = rules().get().shares_high
    assert shares["reference_percentile"] <= 1 / 3 + 0.02
    assert shares["reference_mean_share"] > shares["reference_percentile"]


def test_the_same_step_again_changes_nothing_and_another_rule_is_another_version(
    scored: People,
) -> None:
    before = scores().count()
    assert score(scored).state == "done"
    assert (rules().count(), scores().count()) == (1, before)
    assert score(scored, kind="reference_mean_share").state == "done"
    assert rules().count() == 2
    assert scores().count() == 2 * before
    assert rule_current(scored.study).number == 2
    assert score(scored).state == "done"  # the first rule speaks again
    assert rule_current(scored.study).number == 1
    assert scores().count() == 2 * before


def test_fixed_cuts_are_taken_as_given_and_refused_when_incomplete(measured: People) -> None:
    cuts = {"CD3_tumor_center": 900, "CD3_invasive_margin": 1500, "CD8_tumor_center": 280}
    assert score(measured, kind="fixed", cuts=cuts).state == "failed"
    assert score(measured, kind="fixed", cuts=cuts | {"CD8_invasive_margin": "x"}).state == "failed"
    assert score(measured, kind="fixed", cuts=cuts | {"CD8_invasive_margin": 480}).state == "done"
    assert rules().get().cuts["CD8_invasive_margin"] == 480


def test_development_densities_that_change_make_the_rule_stale(scored: People) -> None:
    def stage(study: object, user: object) -> str:
        return slides_stage.slides_stage(study, user).state

    assert stage(scored.study, scored.coordinator) == "ready"
    assert hand_in(scored, "cell_densities", densities(seed=8)).state == "ready"
    assert stage(scored.study, scored.coordinator) == "stale"
    assert stage(scored.study, scored.colleague) == "ready"  # sees one site, cannot tell
    assert score(scored).state == "done"
    assert stage(scored.study, scored.coordinator) == "ready"


def test_validating_densities_do_not_move_the_cuts(scored: People) -> None:
    cuts = rules().get().cuts
    lines = (
        densities()
        .decode()
        .replace("P029,P029-T1,CD3,tumor_center,", "P029,P029-T1,CD3,tumor_center,9")
    )
    assert hand_in(scored, "cell_densities", lines.encode()).state == "ready"
    assert score(scored).state == "done"
    assert rules().order_by("-number").first().cuts == cuts
    assert rules().count() == 1
    assert len(immunoscore_table(scored.study)) == 30


@pytest.mark.parametrize(
    "params",
    [{"kind": "median"}, {"parameter": "many"}, {"parameter": 100}, {"kind": "fixed"}],
)
def test_rules_that_mean_nothing_are_refused(measured: People, params: dict[str, object]) -> None:
    assert score(measured, **params).state == "failed"
    assert not rules().exists()


def test_a_step_without_densities_is_refused(cohort: People) -> None:
    job = score(cohort)
    assert job.state == "failed"
    assert len(job.problems) == 4


def test_lines_of_nobody_are_refused_all_at_once(cohort: People) -> None:
    text = HEADER + "X1,X1,CD3,tumor_center,5,cells/mm2,\nX2,X2,CD3,tumor_center,5,cells/mm2,\n"
    batch = hand_in(cohort, "cell_densities", text.encode())
    assert batch.state == "failed"
    assert [(p["row"], p["column"]) for p in batch.problems] == [
        (2, "patient_id"),
        (3, "patient_id"),
    ]
    assert not CellDensity.objects.exists()
    assert not Specimen.objects.exists()


def test_a_specimen_of_another_patient_is_refused(measured: People) -> None:
    text = HEADER + "P002,P001-T1,CD3,tumor_center,5,cells/mm2,\n"
    batch = hand_in(measured, "cell_densities", text.encode())
    assert [(p["row"], p["column"]) for p in batch.problems] == [(2, "specimen")]


def test_what_is_kept_of_a_patient_is_purged(scored: People) -> None:
    patient = Patient.objects.get(pseudonym="P003")
    assert uses_of(patient)["imaging_celldensity"] == 4
    assert uses_of(patient)["imaging_immunoscore"] == len(Reading.values)
    purge(patient)
    assert not CellDensity.objects.filter(patient=patient, per_mm2__isnull=False).exists()


def test_the_page_shows_each_member_their_own_rows(scored: People) -> None:
    url = f"/studies/{scored.study.uid}/imaging/slides/"
    seen = {}
    for name, user in scored.members.items():
        client = Client()
        client.force_login(user)
        with acting_as(None):
            seen[name] = client.get(url).content.decode()
    client = Client()
    client.force_login(scored.statistician)
    with acting_as(None), CaptureQueriesContext(connection) as asked:
        client.get(url)
    assert len(asked) <= 24  # whatever the number of patients and readings
    assert "P001" in seen["statistician"]
    assert "a biopsy has no margin" in seen["statistician"]
    assert "P001" not in seen["colleague"]
    assert "P005" in seen["colleague"]  # a patient of South
    patient = Patient.objects.get(pseudonym="P030")
    client = Client()
    client.force_login(scored.colleague)
    with acting_as(None):
        answer = client.get(f"/studies/{scored.study.uid}/patients/{patient.uid}/")
    assert "a biopsy has no margin" in answer.content.decode()
    stage = slides_stage.slides_stage(scored.study, scored.coordinator)
    assert (stage.state, stage.headline) == ("ready", "Immunoscore of 28 patients")


def test_every_reading_is_a_record_and_their_agreement_is_told(scored: People) -> None:
    by_reading = {rule.reading: rule for rule in ImmunoscoreRule.objects.all()}
    assert set(by_reading) == set(Reading.values)
    calls = calls_table(scored.study)
    biopsies = calls["biopsy"].notna()
    assert biopsies.sum() == 2  # of them no other reading of four densities exists
    assert calls.loc[biopsies, ["immunoscore", "consensus"]].isna().all(axis=None)
    assert calls["cd3_high"].notna().all()
    own = calls.loc[calls["use"] == "development", "consensus"].mean()
    assert by_reading["consensus"].shares_high["this rule"] == pytest.approx(own)
    pairs = compare_readings(calls.drop(columns="use")).set_index(["first", "second"])
    pair = pairs.loc[("immunoscore", "consensus")]
    assert pair["n"] == 28
    both = calls[["immunoscore", "consensus"]].dropna().astype(bool)
    agreed = (both["immunoscore"] == both["consensus"]).mean()
    by_chance = sum(
        (both["immunoscore"] == value).mean() * (both["consensus"] == value).mean()
        for value in (True, False)
    )
    assert pair["kappa"] == pytest.approx((agreed - by_chance) / (1 - by_chance))
    assert facts("cd8_high", scored.study).keys() == facts("marker_densities", scored.study).keys()
    client = Client()
    client.force_login(scored.coordinator)
    shown = client.get(f"/studies/{scored.study.uid}/imaging/slides/").content.decode()
    assert "CD8-high" in shown
