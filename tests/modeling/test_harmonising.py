"""Scanners are harmonised in the fold: laws, leaks, and a whole run that carries its harmoniser."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from django.db import transaction
from django.urls import reverse

from imaging.models import FeatureSet, PetCtPair, Series
from modeling.methods.auc import estimate_auc
from modeling.methods.harmoniser_step import Harmoniser, check_fitted_inside
from modeling.methods.nested_cross_validation import Tuning, estimate_out_of_fold, fit_classifier
from modeling.methods.recipe import harmonise_said, read_recipe
from modeling.methods.scanner_leaks import check_scanner_cohort, check_scanner_outcome
from modeling.methods.scanner_plan import code_scanners, plan_harmonising
from modeling.methods.scanner_shifts import estimate_shifts, sd_within
from modeling.models import DatasetSnapshot, ModelVersion
from modeling.run_wizard import run_checked
from modeling.services.examination_refits import _importance_common, _refit_common
from modeling.services.external_validation import version_validate
from modeling.services.fan_out import SHARE
from modeling.services.onnx_export import version_to_onnx
from modeling.services.patient_score import _scanners, patient_score, scanners_said
from modeling.services.rad_score import rad_score_run
from modeling.services.report_methods import harmonised_text
from modeling.services.reproduction import version_reproduce
from modeling.services.snapshots import snapshot_freeze, snapshot_read
from modeling.services.version_applying import version_apply
from modeling.services.version_card import version_card
from modeling.services.version_estimator import estimator_of, inputs_of
from modeling.services.version_recalibrating import version_recalibrate
from studies.access import acting_as
from studies.methods.problems import DataProblem
from studies.models import Cohort, CohortMember, Consent, Job, JobState, Patient
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features
from tests.modeling.test_fan_out import job_of
from tests.modeling.test_run_wizard import client_of
from tests.modeling.test_version_life import release

NAMES = [f"{modality}.f{j}" for modality in ("ct", "pet") for j in range(8)]
COLUMNS = [*NAMES, "scanner.ct", "scanner.pet"]
POOLED = {"by": "scanner", "method": "combat", "unseen": "pooled", "minimum": 5}
LOGISTIC = {"logistic_regression": {"classify__C": [0.1]}}


def scans(seed=0, n=120, share_b=0.4, prevalence=(0.5, 0.5)):
    """Patients on two scanners, with a signal in every feature; scanners as texts."""
    random = np.random.default_rng(seed)
    on_b = random.random(n) < share_b
    y = (random.random(n) < np.where(on_b, prevalence[1], prevalence[0])).astype(int)
    X = random.normal(size=(n, len(NAMES))) + 0.5 * y[:, None]
    text = np.where(on_b, "B | two | ?", "A | one | ?")
    rows = pd.DataFrame(X, columns=NAMES).assign(**{"scanner.ct": text, "scanner.pet": text})
    return rows, y, on_b


def held_out(rows, y, harmonise=True):
    plan = plan_harmonising(POOLED, rows) if harmonise else None
    columns = COLUMNS if harmonise else NAMES
    table = code_scanners(plan, rows) if plan else rows
    found = estimate_out_of_fold(
        [f"P{i:03}" for i in range(len(y))], table[columns].to_numpy(float), columns, y,
        ["logistic_regression"], 4, 1, 3, Tuning(2, grids=LOGISTIC, harmonise=plan),
    )  # fmt: skip
    return found.results["logistic_regression"].probability


@pytest.mark.parametrize("shift", ["alike", "each its own"])
def test_a_scanners_shift_changes_no_result_and_that_of_all_scanners_none_at_all(shift):
    rows, y, on_b = scans()
    plain = held_out(rows, y)
    size = np.full(len(NAMES), 6.0)
    if shift == "each its own":
        size = np.random.default_rng(1).normal(0, 6, len(NAMES))
    shifted = rows.copy()
    shifted.loc[on_b, NAMES] += size
    moved = held_out(shifted, y)
    assert abs(estimate_auc(y, moved).auc - estimate_auc(y, plain).auc) < 0.01
    assert estimate_auc(y, held_out(shifted, y, harmonise=False)).auc < (
        estimate_auc(y, plain).auc - 0.01
    ), "unharmonised, the shift costs"
    everybody = rows.copy()
    everybody[NAMES] += size
    np.testing.assert_allclose(held_out(everybody, y), plain, atol=1e-8)


def test_labels_permuted_within_scanners_give_chance():
    """One scanner has more hot patients: unharmonised, its shift tells them."""
    aucs = {True: [], False: []}
    for seed in range(6):
        rows, y, on_b = scans(seed, prevalence=(0.3, 0.7))
        random, permuted = np.random.default_rng([seed, 1]), y.copy()
        for scanner in (True, False):
            permuted[on_b == scanner] = random.permutation(y[on_b == scanner])
        rows.loc[:, NAMES] -= 0.5 * y[:, None]  # what is left is noise, and the scanner
        rows.loc[on_b, NAMES] += 3
        for harmonise, found in aucs.items():
            found.append(estimate_auc(permuted, held_out(rows, permuted, harmonise)).auc)
    assert np.mean(aucs[False]) > 0.6, "the leak is there"
    assert abs(np.mean(aucs[True]) - 0.5) < 0.05


def test_who_is_held_out_teaches_nothing_and_a_harmoniser_from_outside_is_refused():
    rows, y, _ = scans()
    plan = plan_harmonising(POOLED, rows)
    table = code_scanners(plan, rows)[COLUMNS].to_numpy(float)
    keys = [f"P{i:03}" for i in range(len(y))]
    part = np.arange(90)
    tuning = Tuning(2, grids=LOGISTIC, harmonise=plan)
    pipeline, _ = fit_classifier(
        "logistic_regression", keys[:90], table[part], COLUMNS, y[part], 0, tuning
    )
    check_fitted_inside(pipeline, table[part])
    pipeline.steps[0] = ("harmonise", Harmoniser(plan.as_dict(), COLUMNS).fit(table))
    with pytest.raises(DataProblem, match="training part of its fold"):
        check_fitted_inside(pipeline, table[part])


def test_groups_are_counted_in_training_and_the_rule_is_followed():
    rows, _, on_b = scans()
    rows.loc[:2, "scanner.pet"] = "C | rare | ?"
    rows.loc[3, "scanner.pet"] = None
    plan = plan_harmonising(POOLED, rows)
    assert plan.known["scanner.pet"] == ("A | ONE | ?", "B | TWO | ?")
    codes = code_scanners(plan, rows)["scanner.pet"].to_numpy()
    assert set(codes[:4]) == {-1.0}
    assert set(codes[4:][on_b[4:]]) == {1.0}
    table = code_scanners(plan, rows)[COLUMNS].to_numpy(float)
    pet = slice(8, 16)
    for unseen in ("pooled", "reference", "refuse"):
        step = Harmoniser({**plan.as_dict(), "unseen": unseen}, COLUMNS).fit(table)
        if unseen == "refuse":
            with pytest.raises(DataProblem, match="4 patients"):
                step.transform(table)
            continue
        found = step.transform(table)
        assert found.shape == (120, 16)
        same = np.array_equal(found[0, pet], table[0, pet])
        assert same == (unseen == "pooled")
    as_a = table.copy()
    as_a[0, -1] = 0.0  # the scanner of most patients
    assert np.array_equal(step_like(plan, "reference", table, as_a)[0], found[0])
    keys, tuning = [f"P{i:03}" for i in range(120)], Tuning(2, grids=LOGISTIC)
    refusing = dataclasses.replace(tuning, harmonise=dataclasses.replace(plan, unseen="refuse"))
    pipeline, _ = fit_classifier(
        "logistic_regression", keys[4:], table[4:], COLUMNS, on_b[4:].astype(int), 0, refusing
    )
    assert inputs_of(pipeline, NAMES, rows[4:]).shape == (116, len(COLUMNS))
    with pytest.raises(DataProblem, match=r"a cohort, scanner of PET.*C \| RARE"):
        inputs_of(pipeline, NAMES, rows, "a cohort")
    for settings, said in (
        ({**POOLED, "minimum": 110}, "at least 110"),
        ({**POOLED, "unseen": "reference", "reference": "Z | z | ?"}, "Z | z"),
    ):
        with pytest.raises(DataProblem, match=said.replace("|", r"\|")):
            plan_harmonising(settings, rows)
    with pytest.raises(DataProblem, match="before scanners were"):
        plan_harmonising(POOLED, rows[NAMES])


def step_like(plan, unseen, fitted_to, table):
    plan = {**plan.as_dict(), "unseen": unseen}
    return Harmoniser(plan, COLUMNS).fit(fitted_to).transform(table)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"harmonise": {**POOLED, "unseen": "guess"}}, "recipe.harmonise.unseen"),
        ({"harmonise": {**POOLED, "minimum": 2}}, "recipe.harmonise.minimum"),
        ({"harmonise": POOLED, "missing": "median_in_fold"}, "complete_case"),
        ({"harmonise": {**POOLED, "reference": "A"}}, "unseen: reference"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(change, said):
    with pytest.raises(DataProblem, match=said):
        read_recipe({**SMALL, **change})


def test_a_recipe_says_how_and_costs_more():
    plain, recipe = read_recipe(SMALL), read_recipe({**SMALL, "harmonise": POOLED})
    assert plain.harmonise is None
    assert harmonise_said(plain.document) == "off"
    assert harmonise_said(recipe.document) == "combat by scanner, unseen pooled, minimum 5"
    assert recipe.work() > plain.work()
    assert recipe.fits() == plain.fits()


def test_scanners_that_go_with_outcome_or_cohort_are_refused():
    mixed = ["A", "B"] * 20
    apart = ["A"] * 20 + ["B"] * 20
    y = [0] * 20 + [1] * 20
    assert check_scanner_outcome({"PET": mixed}, y) == []
    [problem] = check_scanner_outcome({"PET": apart, "CT": mixed}, y)
    assert "PET" in problem.where
    assert len(check_scanner_cohort({"PET": apart}, y)) == 1
    # a small scanner of one class beside two that are mixed: chance would do it once in 2**9
    three = ["C"] * 9 + ["A", "B"] * 35
    classes = [1] * 9 + [0, 0, 1, 1] * 17 + [0, 1]
    [problem] = check_scanner_outcome({"PET": three}, classes)
    assert problem.found.startswith("C: all 9")
    assert check_scanner_outcome({"PET": three}, [0, *classes[1:]]) == []


def test_shifts_are_what_was_planted():
    random = np.random.default_rng(0)
    values = random.normal(size=(4000, 5))
    groups = ["A", "B"] * 2000
    values[1::2] += 2
    sd = sd_within(values, groups)
    np.testing.assert_allclose(sd, 1, atol=0.05)
    found = estimate_shifts(values, groups, values, sd)
    np.testing.assert_allclose([one.median for one in found], 1, atol=0.05)


# a whole run


def give_scanners(study, shift=2.0):
    """A and B share training and internal validation; the response cohort is on C alone."""
    random, on_a = np.random.default_rng(2), set()
    pets = list(Series.objects.filter(study=study, modality="PT").select_related("patient"))
    members = CohortMember.objects.filter(study=study)
    roles = dict(members.values_list("patient_id", "cohort__role"))
    for pet in pets:
        name = "C" if roles[pet.patient_id] == "external_response" else random.choice(["A", "B"])
        pet.manufacturer, pet.model = str(name), "scanner"
        ct = Series.objects.create(
            patient=pet.patient, dicom_study=pet.dicom_study, batch=pet.batch, modality="CT",
            series_uid=f"{pet.series_uid}.1", content_digest="b" * 64, volume=pet.volume,
            state="ready", manufacturer=pet.manufacturer, model="scanner",
        )  # fmt: skip
        PetCtPair.objects.create(
            patient=pet.patient, pet=pet, ct=ct, acquired_on=pet.dicom_study.scanned_on,
            timing="baseline", days_before_treatment=9,
        )  # fmt: skip
        on_a |= {pet.patient_id} if name == "A" else set()
    moved = list(FeatureSet.objects.filter(study=study).exclude(patient__in=on_a))
    for row in moved:
        row.vector = (np.array(row.vector) + shift).tolist()
    FeatureSet.objects.bulk_update(moved, ["vector"])
    Series.objects.bulk_update(pets, ["manufacturer", "model"])


def on_scanners(people, patch):
    with acting_as(people.statistician):
        give_scanners(people.study)
    return people


pytestmark = begins_with(with_features(170), on_scanners)


@pytest.fixture
def made(as_statistician):
    return as_statistician


HARMONISED = {**SMALL, "classifiers": ["logistic_regression"], "ablations": ["pet_only"],
              "choose": {"rule": "fixed", "classifier": "logistic_regression"},
              "harmonise": POOLED}  # fmt: skip


def over_the_queue(people):
    """The digest of a harmonised run whose fits were shared out, and of which nothing is left."""
    job = job_of(people, "shared out")
    with transaction.atomic():
        run = rad_score_run(people.study, HARMONISED, 1, job=job, workers=1)
        shares = Job.objects.filter(kind=SHARE, parent=job)
        assert set(shares.values_list("state", flat=True)) == {JobState.DONE}
        transaction.set_rollback(True)  # the same inputs again would be the earlier run
    return run.results_sha256, run.predictions.sha256


@pytest.mark.django_db
def test_a_run_harmonises_and_all_that_follows_does_too(made, settings):
    study = made.study
    settings.RUN_SHARES = 3
    shared = over_the_queue(made)
    settings.RUN_SHARES = 0
    plain = rad_score_run(study, {k: v for k, v in HARMONISED.items() if k != "harmonise"}, 1,
                          workers=1)  # fmt: skip
    assert "harmonise" not in plain.results
    assert "scanner.pet" in plain.snapshot.columns
    run = rad_score_run(study, HARMONISED, 1, job=job_of(made, "alone"), workers=1)
    assert (run.results_sha256, run.predictions.sha256) == shared
    version = ModelVersion.objects.get(run=run)
    # the figure's numbers: scanners stand closer, held out; nothing of C was learned
    shifts = run.results["harmonise"]["shifts"]
    training = [row for row in shifts if row["cohort"] == "training"]
    assert {row["group"][0] for row in training} == {"A", "B"}
    for row in training:
        assert row["after"]["median"] < 0.5 * row["before"]["median"]
    away = [row for row in shifts if row["group"].startswith("C")]
    assert away
    assert not any(row["known"] for row in away)
    assert any("external response: PET of" in notice["text"] for notice in run.notices)
    # what is stored says what was stored of it
    rows = snapshot_read(run.snapshot)
    kept = dict(version.predictions.filter(kind="applied").values_list(
        "patient__pseudonym", "value"))  # fmt: skip
    known = rows[rows["pseudonym"].isin(kept)]
    told = version_apply(version, known)
    assert np.array_equal(told, [kept[name] for name in known["pseudonym"]])
    assert version_reproduce(version, workers=1).verdict == "equal"
    # what can only refuse does, by name; what follows follows
    with pytest.raises(DataProblem, match="harmonises features over scanners"):
        version_to_onnx(version)
    internal = Cohort.objects.get(study=study, role="internal_validation")
    away = Cohort.objects.get(study=study, role="external_response")
    [look] = version_validate(version, away)
    assert [one["group"] for one in look.metrics["unseen_scanners"]] == ["C | SCANNER"] * 2
    child = version_recalibrate(version, internal)
    told = version_card(child)["harmonising"]
    assert told["scanners"]["PET"] == ["A | SCANNER", "B | SCANNER"]
    assert version_card(ModelVersion.objects.get(run=plain))["harmonising"] is None
    assert "harmonised over scanners by ComBat" in harmonised_text(run.recipe)
    assert harmonised_text(plain.recipe) == ""
    stranger = away.members.first().patient
    assert [text[:2] for text in map(str, scanners_said(version, stranger))] == ["CT", "PE"]
    alone = rows.loc[rows["pseudonym"] == stranger.pseudonym, run_names(version)]
    scored = version_apply(version, alone.assign(**_scanners(version, stranger)))
    assert scored[0] == kept[stranger.pseudonym], "who comes alone is scored as among others"
    release(made, version)
    new = [patient_of(study, name) for name in known["pseudonym"][:40]]
    scores = [patient_score(version, one, made.statistician) for one in new]
    inside = [row for row in scores if row.applicable]
    assert inside
    stored = [kept[row.patient.pseudonym] for row in inside]
    assert [row.value for row in inside] == pytest.approx(stored, rel=1e-12)
    on_c = set(away.members.values_list("patient_id", flat=True)) & {
        row.patient_id for row in scores
    }
    assert on_c
    for row in scores:
        told = [text for text in row.reasons if "training did not have" in text]
        assert len(told) == (2 if row.patient_id in on_c else 0)
    # families of columns are shuffled after harmonising, refits harmonise anew
    known = rows[rows["target_rna"].notna()]
    common = _importance_common(run_names(version), estimator_of(version), known, 0)
    assert common.X.shape[1] == len(run_names(version))
    again = _refit_common(version, rows, 0)
    assert again.harmonise is not None
    assert again.names[-1] == "scanner.pet"
    page = client_of(made.statistician).get(reverse("modeling:run", args=[study.uid, run.uid]))
    assert "scanners-title" in page.content.decode()
    assert page.context["recipe_title"].endswith(", harmonised")  # a preset's name alone is another
    card = reverse("modeling:card", args=[study.uid, version.uid])
    assert "at least 5 training patients" in client_of(made.statistician).get(card).content.decode()


def patient_of(study, pseudonym):
    """With a consent to imaging, as a score asks for it."""
    patient = Patient.objects.get(study=study, pseudonym=pseudonym)
    Consent.objects.create(patient=patient, scope="imaging", date="2020-01-01")
    return patient


def run_names(version):
    return list(version.content["features"])


@pytest.mark.django_db
def test_the_wizard_shows_who_is_unseen_and_the_guard_refuses(made):
    study = made.study
    snapshot = snapshot_freeze(study)
    checked = run_checked(study, str(snapshot.uid), HARMONISED, 1)
    assert checked["passed"]
    rows = {(row["modality"], row["group"]): row for row in checked["scanners"]["rows"]}
    unseen = rows["PET", "C | SCANNER"]
    assert (unseen["known"], unseen["counts"][0]) == (False, 0)
    assert sum(unseen["counts"]) > 0
    refusing = {**HARMONISED, "harmonise": {**POOLED, "unseen": "refuse"}}
    found = run_checked(study, str(snapshot.uid), refusing, 1)
    assert not found["passed"]
    with pytest.raises(DataProblem, match="external response, scanner of"):
        rad_score_run(study, refusing, 1, workers=1, snapshot=str(snapshot.uid))
    client = client_of(made.statistician)
    client.get(reverse("modeling:run_step", args=[study.uid, "data"]))
    client.post(
        reverse("modeling:run_step", args=[study.uid, "data"]),
        {"rows": f"snapshot:{snapshot.uid}"},
    )
    sent = {"recipe": "paper", "seed": "0", "harmonise": "pooled", "by": "model", "minimum": "4"}
    client.post(reverse("modeling:run_step", args=[study.uid, "checks"]), sent | {"go": "check"})
    guard = client.get(reverse("modeling:run_guard", args=[study.uid]))
    assert guard.context["checked"]["harmonise"] == "combat by model, unseen pooled, minimum 4"
    assert "C | SCANNER" in guard.content.decode()
    # scanners that go with the class
    hot = dict(snapshot_read(snapshot).set_index("pseudonym")["target_rna"])
    for series in Series.objects.filter(study=study).select_related("patient"):
        if (told := hot.get(series.patient.pseudonym)) == told and told is not None:
            Series.objects.filter(pk=series.pk).update(manufacturer="H" if told else "K")
    other = snapshot_freeze(study)
    assert other.pk != snapshot.pk
    assert DatasetSnapshot.objects.count() == 2
    with pytest.raises(DataProblem, match="outcome class"):
        rad_score_run(study, HARMONISED, 1, workers=1, snapshot=str(other.uid))
