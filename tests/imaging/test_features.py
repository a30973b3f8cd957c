"""Encoders are fitted on development patients alone, once; features follow for everybody."""

import io

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from scans_made import enrolled, handed_in, scan_files, zipped

from imaging.methods.encoder import apply_encoder, read_encoder
from imaging.methods.pooled_features import pool_features
from imaging.methods.resnet import seeded_weights
from imaging.models import ExtractorVersion, FeatureFailure, FeatureSet, Series
from imaging.selectors import extractor_newest, feature_vectors, roi_inputs
from imaging.services import extractor_fit, extractors, features, features_extract
from imaging.services.extractors import PRESETS
from imaging.services.patches import patches_cut, patches_of
from imaging.stages import features_stage
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem, refuse
from studies.models import Derivation, JobState
from studies.services import action_start, file_read
from tests.begun import begun_by
from tests.people import People

COHORTS = [
    ("P001", "training", "development"),
    ("P002", "training", "development"),
    ("P003", "internal_validation", "validation"),
]


def scans_of_cohorts(people: People, patch: object) -> People:
    files = {}
    with acting_as(people.coordinator):
        for seed, (pseudonym, role, use) in enumerate(COHORTS, start=1):
            enrolled(people, pseudonym, role=role, use=use)
            files |= scan_files(pseudonym, seed)
        enrolled(people, "P004", role="internal_validation", use="validation")
        assert handed_in(people, zipped(files)).state == "ready"
    return people


@pytest.fixture
@begun_by(scans_of_cohorts)
def scanned(as_coordinator: People) -> People:
    return as_coordinator


@pytest.fixture
def short(monkeypatch):
    """The demo's preset with one epoch."""
    preset = PRESETS["demo"].__class__("demo", 32, 3.0, epochs=1)
    monkeypatch.setitem(PRESETS, "demo", preset)


def run(people, kind, **params):
    if kind == "imaging.features_extract":
        params = {"control": "", **params}
    with acting_as(people.statistician):
        return run_inline(action_start(people.study, people.statistician, kind, params))


def test_fit_and_extract_through_their_jobs(scanned, short):
    fit = run(scanned, "imaging.extractor_fit", seed=3)
    assert fit.state == JobState.DONE, fit.problems
    pet, ct = ExtractorVersion.objects.order_by("-modality")
    assert (pet.modality, ct.modality) == ("PT", "CT")
    assert (pet.fitted_on, pet.seed, pet.preset) == (2, 3, "demo")
    assert pet.weights.sha256 != ct.weights.sha256
    assert pet.feature_names[0] == "pet_dnn_001"
    done = run(scanned, "imaging.features_extract")
    assert done.state == JobState.DONE, done.problems
    assert done.result["patients"] == 3
    assert done.result["without_region"] == 1
    vectors = feature_vectors(scanned.study)
    assert len(vectors) == 3
    for sets in vectors.values():
        assert {m: len(row.vector) for m, row in sets.items()} == {"PT": 224, "CT": 224}
        assert sets["PT"].names == pet.feature_names


def test_vectors_equal_the_methods_called_by_hand(scanned, short):
    run(scanned, "imaging.extractor_fit")
    run(scanned, "imaging.features_extract")
    [(_, found), *_] = roi_inputs(scanned.study).items()
    row = FeatureSet.objects.get(roi=found.roi, modality="CT")
    version = row.extractor_version
    network = read_encoder(file_read(version.weights), version.weights.sha256, PRESETS["demo"])
    patch = patches_of(found, 32, 3.0)["CT"]
    expected = pool_features(apply_encoder(network, patch.image, "CT"), patch.mask, 3.0)
    assert np.allclose(row.vector, expected, rtol=1e-12)


def test_fitting_again_gives_the_same_version_and_another_seed_another(scanned, short):
    first = run(scanned, "imaging.extractor_fit", seed=1)
    again = run(scanned, "imaging.extractor_fit", seed=1)
    assert again.result["reused"]
    assert again.result["PET"]["sha256"] == first.result["PET"]["sha256"]
    run(scanned, "imaging.extractor_fit", seed=2)
    assert ExtractorVersion.objects.count() == 4
    assert extractor_newest(scanned.study, "PT").seed == 2
    run(scanned, "imaging.features_extract")
    assert run(scanned, "imaging.features_extract").result["new"] == 0
    assert set(FeatureSet.objects.values_list("extractor_version__seed", flat=True)) == {2}
    run(scanned, "imaging.extractor_fit", seed=1)
    assert extractor_newest(scanned.study, "PT").seed == 1


def test_stage_follows_the_extractor_and_the_cohort(scanned, short):
    def state():
        return features_stage(scanned.study, scanned.coordinator).state

    assert state() == "empty"
    run(scanned, "imaging.extractor_fit")
    assert state() == "empty"
    run(scanned, "imaging.features_extract")
    assert state() == "ready"
    enrolled(scanned, "P005")
    assert handed_in(scanned, zipped(scan_files("P005", 5)), "late.zip").state == "ready"
    assert state() == "stale"
    run(scanned, "imaging.features_extract")
    assert state() == "stale"
    run(scanned, "imaging.extractor_fit")
    run(scanned, "imaging.features_extract")
    assert state() == "ready"


def test_validating_patients_are_refused_even_when_asked_for(scanned, short):
    with pytest.raises(DataProblem, match="P003: found a patient who is not of a development"):
        extractor_fit(scanned.study, patients=["P001", "P002", "P003"])
    with pytest.raises(DataProblem, match="patients"):
        run(scanned, "imaging.extractor_fit", patients=["P003"])
    assert not ExtractorVersion.objects.exists()


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"preset": "huge"}, "preset: found huge"),
        ({"seed": "x"}, "seed: found x"),
        ({"seed": True}, "seed"),
    ],
)
def test_unknown_recipes_are_refused(as_coordinator, params, says):
    with pytest.raises(DataProblem, match=says):
        extractor_fit(as_coordinator.study, params)


def test_too_few_patients_and_no_extractor_are_problems(as_coordinator):
    with pytest.raises(DataProblem, match="0 patients with a region"):
        extractor_fit(as_coordinator.study)
    with pytest.raises(DataProblem, match="no fitted encoder"):
        features_extract(as_coordinator.study)


def test_cancelling_ends_both_encoders(scanned):
    class Cancelled(Exception):
        pass

    def stop(done, total, message=""):
        if "fitting" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        extractor_fit(scanned.study, {"preset": "demo"}, progress=stop)
    assert not ExtractorVersion.objects.exists()


def test_lineage_leads_from_features_to_the_upload(scanned, short):
    run(scanned, "imaging.extractor_fit")
    run(scanned, "imaging.features_extract")
    row = FeatureSet.objects.filter(modality="PT").first()
    parents = Derivation.objects.filter(child_digest=row.inputs_digest)
    digests = set(parents.values_list("parent_digest", flat=True))
    assert digests == {
        row.roi.series.volume.sha256,
        row.roi.mask.sha256,
        row.extractor_version.weights.sha256,
    }
    above = Derivation.objects.filter(child_digest=row.roi.series.volume.sha256)
    assert row.roi.batch.file.sha256 in above.values_list("parent_digest", flat=True)


@pytest.fixture
def small_cube(monkeypatch):
    """A residual network on a cube of 24 voxels: the way is the same."""
    monkeypatch.setattr(extractors, "RESNET_CUBE", {"size": 24, "spacing_mm": 4.0})


def test_a_random_network_and_supplied_weights_are_registered_and_extract(
    scanned, small_cube, tmp_path
):
    seeded = run(scanned, "imaging.extractor_seed")
    assert seeded.state == JobState.DONE, seeded.problems
    pet = ExtractorVersion.objects.get(modality="PT")
    assert (pet.name, pet.role, len(pet.feature_names)) == ("seeded-resnet10", "baseline", 2048)
    assert extractor_newest(scanned.study, "PT") is None, "a baseline feeds no model unasked"
    done = run(scanned, "imaging.features_extract", extractor="seeded-resnet10")
    assert done.state == JobState.DONE, done.problems
    first = {row.pk: row.vector for row in FeatureSet.objects.all()}
    assert len(first) == 6
    assert {row.computed_with["device"] for row in FeatureSet.objects.all()} <= {"cpu", "cuda"}
    file, told = tmp_path / "mine.safetensors", io.StringIO()
    file.write_bytes(seeded_weights("resnet10", 1, 9))
    names = {"study": scanned.study.name, "user": scanned.statistician.username}
    call_command("extractor_weights", file, stdout=told, **names)
    assert extractor_newest(scanned.study, "PT").name == "mine"
    assert extractor_newest(scanned.study, "CT").weights.sha256 in told.getvalue()
    file.write_bytes(b"code")
    with pytest.raises(CommandError):
        call_command("extractor_weights", file, stderr=io.StringIO(), **names)


def test_the_control_stands_apart(scanned, short):
    run(scanned, "imaging.extractor_fit")
    run(scanned, "imaging.features_extract")
    before = {p: sets["PT"].vector for p, sets in feature_vectors(scanned.study).items()}
    done = run(scanned, "imaging.features_extract", control="beside")
    assert (done.state, done.result["new"], done.result["control"]["new"]) == ("done", 0, 6)
    assert {p: s["PT"].vector for p, s in feature_vectors(scanned.study).items()} == before
    control = {m: extractor_newest(scanned.study, m, control=True) for m in ("PT", "CT")}
    shuffled = feature_vectors(scanned.study, control)
    assert shuffled.keys() == before.keys()
    for patient, sets in shuffled.items():
        assert sets["PT"].vector != before[patient]
        assert sets["PT"].names == feature_vectors(scanned.study)[patient]["PT"].names


def broken_for(pseudonym):
    def cut(source, size, spacing_mm):
        if source.name == pseudonym:
            raise refuse(pseudonym, "outside the scan", "a region inside", "Draw it again.")
        return patches_cut(source, size, spacing_mm)

    return cut


def test_who_fails_is_listed_and_alone_tried_again(scanned, short, client, monkeypatch):
    run(scanned, "imaging.extractor_fit")
    with monkeypatch.context() as patch:
        patch.setattr(features, "patches_cut", broken_for("P003"))
        done = run(scanned, "imaging.features_extract")
    assert done.state == JobState.DONE, done.problems
    assert done.result["failed"].keys() == {"P003"}
    assert FeatureSet.objects.count() == 4
    assert FeatureFailure.objects.count() == 2
    client.force_login(scanned.statistician)
    page = reverse("imaging:features", args=[scanned.study.uid])
    shown = client.get(page)
    told = shown.context["missing"]
    first = told.rows[0]  # one row a patient, whoever failed before the others
    assert (first.patient.pseudonym, first.problems[0]["found"]) == ("P003", "outside the scan")
    assert told.waiting == 1
    assert "Try 1 patient again" in shown.content.decode()
    again = run(scanned, "imaging.features_extract")
    assert (again.result["new"], again.result["failed"]) == (2, {})
    assert not FeatureFailure.objects.exists()
    told = client.get(page).context["missing"]
    assert told.waiting == 0
    assert {one.reason for one in told.rows} <= {"no PET/CT", "no region on the baseline PET/CT"}
    FeatureSet.objects.filter(modality="CT", patient__pseudonym="P003").delete()
    told = client.get(page).context["missing"]
    assert (told.rows[0].patient.pseudonym, told.waiting) == ("P003", 1), "half is not enough"
    assert features_stage(scanned.study, scanned.coordinator).state == "stale"
    version = ExtractorVersion.objects.get(modality="PT")
    shown = client.get(reverse("imaging:extractor", args=[scanned.study.uid, version.uid]))
    assert "Loss by epoch" in shown.content.decode()
    losses = reverse("imaging:extractor_losses", args=[scanned.study.uid, version.uid])
    assert f'data-explore="{losses}"' in shown.content.decode()
    assert client.get(losses).json()["usermeta"]["along"] is True
    assert client.get(
        reverse("imaging:extractor_picture", args=[scanned.study.uid, version.uid])
    ).content.startswith(b"\x89PNG")


def test_features_do_not_follow_from_how_many_read_or_how_volumes_are_packed(
    scanned, short, settings
):
    """One thread or three, and volumes of before, without the digest of their head: equal bits."""
    run(scanned, "imaging.extractor_fit")
    found = []
    for workers, head in ((1, True), (3, True), (3, False)):
        settings.EXTRACTION_WORKERS = workers
        if not head:
            Series.objects.update(volume_head_sha256="")
        FeatureSet.objects.all().delete()
        assert run(scanned, "imaging.features_extract").state == JobState.DONE
        rows = FeatureSet.objects.order_by("patient__pseudonym", "modality")
        found.append(np.array([row.vector for row in rows]))
    assert found[0].shape[0] == 6
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
