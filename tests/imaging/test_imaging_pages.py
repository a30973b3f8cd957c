"""Pages and API of imaging: who gets in, what they show, and that lists stay cheap."""

import pytest
from django.urls import reverse
from scans_made import enrolled, handed_in, scan_files, zipped

from imaging.models import Roi, Series
from studies import registry
from studies.access import acting_as
from studies.methods.problems import refuse


def addresses(people):
    uid = people.study.uid
    pet, roi = Series.objects.filter(modality="PT").first(), Roi.objects.first()
    return {
        "scans": reverse("imaging:scans", args=[uid]),
        "scan": reverse("imaging:scan", args=[uid, pet.uid]),
        "picture": reverse("imaging:picture", args=[uid, roi.uid, "PT"]),
        "features": reverse("imaging:features", args=[uid]),
    }


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("coordinator", 200),
        ("statistician", 200),
        ("outsider", 404),
        (None, 302),
    ],
)
def test_doors(study_with_scans, client, who, status):
    if who:
        client.force_login(getattr(study_with_scans, who))
    for page, address in addresses(study_with_scans).items():
        assert client.get(address).status_code == status, page


def test_a_colleague_of_another_site_sees_none_of_the_scans(study_with_scans, client):
    found = addresses(study_with_scans)
    client.force_login(study_with_scans.colleague)
    for page in ("scan", "picture"):
        assert client.get(found[page]).status_code in {403, 404}
    assert b"P001" not in client.get(found["scans"]).content


def test_scan_page_shows_the_working_and_both_pictures(study_with_scans, client):
    client.force_login(study_with_scans.coordinator)
    shown = client.get(addresses(study_with_scans)["scan"]).content.decode()
    for text in (
        "(0010,1030)",
        "(0018,1074)",
        "Administered dose",
        "SUVmax",
        "PT.png",
        "CT.png",
        "target",
    ):
        assert text in shown


def test_days_are_hidden_from_those_who_may_not_identify(study_with_scans, client):
    series = Series.objects.filter(modality="PT").first()
    step = {
        "quantity": "time of administration",
        "tag": "(0018,1078)",
        "value": "2025-01-01 10:00:00",
        "unit": "",
        "how": "",
    }
    Series.objects.filter(pk=series.pk).update(suv_working=[step])
    address = reverse("imaging:scan", args=[study_with_scans.study.uid, series.uid])
    client.force_login(study_with_scans.statistician)
    shown = client.get(address).content.decode()
    assert "10:00:00" in shown
    assert "2025-01-01" not in shown


def test_picture_is_a_png_of_pet_and_ct(study_with_scans, client):
    client.force_login(study_with_scans.coordinator)
    address = addresses(study_with_scans)["picture"]
    for name in (address, address.replace("PT.png", "CT.png")):
        response = client.get(name)
        assert response["Content-Type"] == "image/png"
        assert response.content.startswith(b"\x89PNG")
    assert client.get(address.replace("PT.png", "MR.png")).status_code == 404


def test_a_picture_of_a_scan_that_is_not_there_is_not_found(study_with_scans, client, monkeypatch):
    def without_ct(*args):
        raise refuse("lesion", "no CT beside its scan", "a PET/CT pair", "Upload it.")

    monkeypatch.setattr("imaging.services.roi_picture", without_ct)
    client.force_login(study_with_scans.coordinator)
    assert client.get(addresses(study_with_scans)["picture"]).status_code == 404


@pytest.fixture
def queries(django_assert_max_num_queries):
    return django_assert_max_num_queries


def test_list_costs_the_same_for_more_scans(study_with_scans, client, queries):
    client.force_login(study_with_scans.coordinator)
    address = addresses(study_with_scans)["scans"]
    client.get(address)
    with queries(25) as first:
        client.get(address)
    enrolled(study_with_scans, "P003")
    handed_in(study_with_scans, zipped(scan_files("P003", 3)), "third.zip")
    with queries(25) as second:
        assert b"P003" in client.get(address).content
    assert len(second.captured_queries) <= len(first.captured_queries) + 1


def test_empty_study_says_what_to_do(as_coordinator, client):
    client.force_login(as_coordinator.coordinator)
    for page in ("scans", "features"):
        shown = client.get(reverse(f"imaging:{page}", args=[as_coordinator.study.uid]))
        assert shown.status_code == 200
    stages = {stage.key: stage for stage in registry.stages()}
    state = stages["imaging"].state(as_coordinator.study, as_coordinator.coordinator)
    assert state.state == "empty"


def test_patient_page_has_a_pet_ct_panel(study_with_scans, client):
    client.force_login(study_with_scans.coordinator)
    patient = Series.objects.first().patient
    page = reverse("studies:patient", args=[study_with_scans.study.uid, patient.uid])
    assert "SUVmax" in client.get(page).content.decode()


def test_api_lists_for_members_only(study_with_scans, client):
    expected = {
        "series": 4,
        "pet-ct-pairs": 2,
        "regions": 2,
        "uptakes": 2,
        "extractor-versions": 0,
        "feature-sets": 0,
    }
    for route, count in expected.items():
        address = f"/api/v1/studies/{study_with_scans.study.uid}/{route}/"
        client.force_login(study_with_scans.coordinator)
        shown = client.get(address)
        assert shown.status_code == 200
        assert len(shown.json()["results"]) == count, route
        client.force_login(study_with_scans.outsider)
        assert client.get(address).status_code in {403, 404}


def test_every_table_below_a_patient_is_counted_and_purged(study_with_scans):
    uses = registry.all_uses()["imaging"]
    patient = Series.objects.first().patient
    with acting_as(study_with_scans.coordinator):
        counts = uses.uses_of(patient)
        assert counts["imaging_series"] == 2
        assert counts["imaging_uptake"] == 1
        uses.purge(patient)
        assert uses.uses_of(patient)["imaging_uptake"] == 0
        volume = Series.objects.filter(patient=patient).first().volume
        assert volume.bytes_dropped_at is not None
        other = Series.objects.exclude(patient=patient).first().volume
        assert other.bytes_dropped_at is None
