"""Which lesion speaks: the rule, a reader's word for good, and what follows from another choice."""

import json

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from scans_made import enrolled, handed_in, scan_files, zipped

from imaging import withdrawal
from imaging.models import (
    ExtractorVersion,
    FeatureSet,
    PetCtPair,
    Roi,
    RoiChoice,
    TargetDecision,
    TargetRule,
)
from imaging.selectors import feature_vectors, target_digests, uptake_of
from imaging.selectors.targets import target_of
from imaging.services import target_choose, target_decide
from imaging.stages import features_stage
from studies.access import acting_as
from studies.methods.problems import DataProblem
from studies.models import Lesion
from studies.services import file_store
from tests.begun import begun_by

TWO = {"Lesion 1": (-12.0, 0.0, 2.0, 5.0), "Lesion 2": (10.0, 0.0, 2.0, 9.0)}


def two_lesions(people, patch):
    with acting_as(people.coordinator):
        enrolled(people, "P001")
        assert handed_in(people, zipped(scan_files("P001", lesions=TWO))).state == "ready"
    return people


@pytest.fixture
@begun_by(two_lesions)
def scanned(as_coordinator, client):
    client.force_login(as_coordinator.coordinator)
    return as_coordinator


def small():
    return Roi.objects.get(name="Lesion 1", superseded_by=None)


def chosen():
    choice = RoiChoice.objects.get()
    return choice.roi.name, choice.rule


def decide(people, roi, reason="it was biopsied"):
    return target_decide(small().patient, people.coordinator, roi, reason)


def test_a_reader_chooses_and_hands_back_to_the_rule(scanned):
    assert chosen() == ("Lesion 2", TargetRule.LARGEST_MTV)
    decision = decide(scanned, small())
    assert chosen() == ("Lesion 1", TargetRule.READER)
    assert Lesion.objects.get(is_target=True) == small().lesion
    assert uptake_of(scanned.study)[small().patient_id]["uid"] == str(small().uptakes.get().uid)
    assert [row["region"] for row in decision.offered] == [
        str(roi.uid) for roi in Roi.objects.order_by("id")
    ]
    assert target_digests(scanned.study) == {small().patient_id: [decision.digest]}
    decide(scanned, None, "the biopsy was of the other one")
    assert chosen() == ("Lesion 2", TargetRule.LARGEST_MTV)
    assert target_digests(scanned.study) == {}
    said = target_of(small().patient).decisions
    assert [(row.rule, row.reason) for row in said] == [
        (TargetRule.LARGEST_MTV, "the biopsy was of the other one"),
        (TargetRule.READER, "it was biopsied"),
    ]


def test_a_choice_holds_when_the_region_is_drawn_anew_or_another_grows(scanned):
    decide(scanned, small())
    anew = TWO | {"Lesion 1": (-12.0, 0.0, 2.0, 6.0), "Lesion 2": (10.0, 0.0, 2.0, 11.0)}
    drawn = scan_files("P001", lesions=anew)["P001/RS.dcm"]
    assert handed_in(scanned, zipped({"RS.dcm": drawn}), "anew.zip").state == "ready"
    choice = RoiChoice.objects.get()
    assert (choice.roi, choice.rule) == (small(), TargetRule.READER)
    assert choice.roi.supersedes is not None


def test_a_chosen_lesion_without_a_baseline_region_leaves_nothing_to_speak(scanned, client):
    decide(scanned, small())
    PetCtPair.objects.update(timing="earlier")
    assert target_choose(small().patient) is None
    assert target_of(small().patient).is_lost
    page = client.get(reverse("imaging:target", args=[scanned.study.uid, small().patient.uid]))
    assert "Nothing speaks for this patient" in page.content.decode()
    PetCtPair.objects.update(timing="baseline")
    assert target_choose(small().patient) == small()


@pytest.mark.parametrize(
    ("roi", "reason", "column"),
    [("small", "  ", "reason"), ("gone", "why", "region"), ("", "why", "region")],
)
def test_what_says_nothing_is_refused(scanned, roi, reason, column):
    gone = Roi.objects.get(name="Lesion 2")
    Roi.objects.filter(pk=small().pk).update(supersedes=gone)
    with pytest.raises(DataProblem) as refusal:
        decide(scanned, {"small": small(), "gone": gone, "": None}[roi], reason)
    assert [problem.column for problem in refusal.value.problems] == [column]
    assert not TargetDecision.objects.exists()


def test_what_was_said_stands_until_the_patient_is_withdrawn(scanned):
    decision = decide(scanned, small())
    for change in (lambda: TargetDecision.objects.update(reason="other"), decision.delete):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    withdrawal.purge(small().patient)
    assert not TargetDecision.objects.exists()


def test_features_of_another_lesion_are_out_of_date(scanned):
    weights = file_store(scanned.study, b"weights", "extractor")
    roi = RoiChoice.objects.get().roi
    for modality in ("PT", "CT"):
        version = ExtractorVersion.objects.create(
            study=scanned.study, modality=modality, preset="given", seed=0, weights=weights,
            fitted_on=0, feature_names=["a"], losses=[], inputs_digest=modality,
        )  # fmt: skip
        FeatureSet.objects.create(
            patient=roi.patient, roi=roi, modality=modality, extractor_version=version, vector=[1],
        )  # fmt: skip
    assert features_stage(scanned.study, scanned.coordinator).state == "ready"
    decide(scanned, small())
    assert features_stage(scanned.study, scanned.coordinator).state == "empty"
    assert feature_vectors(scanned.study) == {}
    decide(scanned, None)
    assert len(feature_vectors(scanned.study)) == 1, "what was computed before is there again"


def test_the_page_offers_the_lesions_and_keeps_a_choice(scanned, client):
    roi = small()
    page = reverse("imaging:target", args=[scanned.study.uid, roi.patient.uid])
    text = client.get(page).content.decode()
    assert "by the rule: the largest MTV" in text
    assert f"{roi.uptakes.get().suv_max:.2f}" in text
    assert client.post(page, {"region": roi.uid, "reason": "biopsied"}).status_code == 302
    assert "biopsied" in client.get(page).content.decode()
    again = client.post(page, {"region": roi.uid, "reason": "biopsied"})
    assert "chosen already" in again.content.decode()
    viewer = client.get(reverse("imaging:viewer", args=[scanned.study.uid, roi.series.uid]))
    assert "biopsied" in viewer.content.decode()
    client.force_login(scanned.statistician)
    assert "biopsied" in client.get(page).content.decode()
    client.post(page, {"region": "rule", "reason": "no"})
    assert TargetDecision.objects.count() == 1, "reads, and may not choose"


@pytest.mark.parametrize(
    ("who", "status"), [("coordinator", 201), ("statistician", 403), ("colleague", 404)]
)
def test_over_the_api_with_the_same_rights(scanned, client, who, status):
    client.force_login(getattr(scanned, who))
    said = {"patient": "P001", "region": str(small().uid), "reason": "biopsied"}
    place = reverse("api:target-decision-list", args=[scanned.study.uid])
    answer = client.post(place, json.dumps(said), content_type="application/json")
    assert answer.status_code == status, answer.content
    if status == 201:
        [row] = client.get(reverse("api:target-lesion-list", args=[scanned.study.uid])).json()[
            "results"
        ]
        assert (row["rule"], row["decision"]) == ("chosen_by_reader", answer.json()["uid"])
        assert (row["lesion"], answer.json()["decided_by"]) == (1, "coordinator")
