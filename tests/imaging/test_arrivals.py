"""What waits is decided on by a person, and nothing of it is used before."""

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from scans_made import enrolled, handed_in, scan_files, zipped

from imaging import services
from imaging.models import Roi, RoiChoice, ScanArrival, Series, Uptake
from imaging.selectors.scans import chosen_rois
from studies import registry
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Job
from studies.storage import storage


def states():
    rows = ScanArrival.objects.order_by("id").values_list("modality", "state")
    return dict(rows)


def decided(people, decision, patient="", reason="looked it up"):
    arrival = ScanArrival.objects.filter(state__in=("conflict", "quarantined")).first()
    job = services.arrival_decide(arrival, people.coordinator, decision, reason, patient)
    if job is not None:
        run_inline(Job.objects.select_related("study", "acting_user").get(pk=job.pk))
        job.refresh_from_db()
    return job


def kept(people, batch):
    return storage().exists(people.study.uid, batch.file.sha256)


@pytest.fixture
def in_conflict(as_coordinator):
    """A PET with another weight under the stored UID, and the same CT and regions."""
    patient = enrolled(as_coordinator, "P001")
    files = scan_files("P001")
    handed_in(as_coordinator, zipped(files))
    heavier = scan_files("P001", pet_tags={"PatientWeight": 140.0})
    changed = files | {name: data for name, data in heavier.items() if "/PT/" in name}
    batch = handed_in(as_coordinator, zipped(changed), "changed.zip")
    assert states() == {"PT": "conflict", "CT": "same", "RTSTRUCT": "same"}
    return as_coordinator, patient, batch


def test_keeping_what_is_stored_changes_nothing(in_conflict):
    people, _, batch = in_conflict
    before = Series.objects.get(modality="PT").volume.sha256
    assert decided(people, "keep").state == "done"
    assert states() == {"PT": "discarded", "CT": "same", "RTSTRUCT": "same"}
    assert Series.objects.get(modality="PT").volume.sha256 == before
    assert not kept(people, batch)


def test_taking_what_came_replaces_the_series_and_its_regions(in_conflict):
    people, patient, batch = in_conflict
    first = Uptake.objects.get().suv_max
    assert decided(people, "take").state == "done"
    assert states() == {"PT": "stored", "CT": "same", "RTSTRUCT": "stored"}
    old, new = Series.objects.filter(modality="PT").order_by("id")
    assert old.replaced_at is not None
    assert new.replaced_at is None
    speaks = chosen_rois(people.study)[patient.pk]
    assert speaks.series == new
    assert speaks.uptakes.get().suv_max == pytest.approx(2 * first, rel=1e-6), "twice the weight"
    assert Roi.objects.count() == 2, "the old region stays with the old series"
    arrival = ScanArrival.objects.get(state="stored", modality="PT", decision="take")
    assert (arrival.decided_by, arrival.decision_reason) == (people.coordinator, "looked it up")
    assert not kept(people, batch)


def test_a_stranger_in_quarantine_is_assigned_to_a_patient(as_coordinator):
    people = as_coordinator
    enrolled(people, "P001")
    batch = handed_in(people, zipped(scan_files("DOE^JOHN")))
    assert batch.state == "failed"
    assert set(states().values()) == {"quarantined"}
    assert not Series.objects.exists()
    with pytest.raises(DataProblem, match="pseudonym of a patient"):
        decided(people, "assign", "P999")
    assert decided(people, "assign", "P001").state == "done"
    batch.refresh_from_db()
    assert (batch.state, batch.problems) == ("ready", [])
    assert set(states().values()) == {"stored"}
    assert Series.objects.filter(patient__pseudonym="P001").count() == 2
    assert not kept(people, batch)


def test_what_waited_for_the_cohort_table_goes_in_when_tried_again(as_coordinator):
    people = as_coordinator
    batch = handed_in(people, zipped(scan_files("P001")))
    enrolled(people, "P001")
    job = services.batch_try_again(batch, people.coordinator)
    run_inline(Job.objects.select_related("study", "acting_user").get(pk=job.pk))
    job.refresh_from_db()
    assert job.result["batch"] == str(batch.uid)  # its page leads to the files
    assert set(states().values()) == {"stored"}
    assert RoiChoice.objects.count() == 1


def test_a_scan_under_two_names_is_in_quarantine_whoever_came_first(as_coordinator):
    people = as_coordinator
    enrolled(people, "P001")
    enrolled(people, "P002")
    handed_in(people, zipped(scan_files("P001", 1)))
    same_scan = {f"x/{n}": data for n, data in scan_files("P002", 1).items()}
    batch = handed_in(people, zipped(same_scan), "other.zip")
    assert batch.state == "failed"
    assert "another patient too" in batch.problems[0]["found"]
    assert Series.objects.filter(patient__pseudonym="P002").count() == 0


def test_throwing_away_and_a_mended_file_end_the_waiting(as_coordinator):
    people = as_coordinator
    enrolled(people, "P001")
    first = handed_in(people, zipped(scan_files("P009", 9)), "stranger.zip")
    assert decided(people, "discard") is None
    assert not kept(people, first)
    broken = scan_files("P001", 1, pet_tags={"PatientWeight": None})
    second = handed_in(people, zipped(broken), "broken.zip")
    assert kept(people, second)
    handed_in(people, zipped(scan_files("P001", 1)), "mended.zip")
    assert set(second.arrivals.values_list("state", flat=True)) == {"arrived_again"}
    assert ScanArrival.objects.filter(state="stored").count() == 3


def test_a_decision_needs_its_right_a_reason_and_something_that_waits(in_conflict):
    people, _, _ = in_conflict
    arrival = ScanArrival.objects.get(state="conflict")
    for decision, reason in (("keep", " "), ("assign", "why"), ("nonsense", "why")):
        with pytest.raises(DataProblem):
            services.arrival_decide(arrival, people.coordinator, decision, reason)
    with pytest.raises(PermissionDenied), acting_as(people.statistician):
        services.arrival_decide(arrival, people.statistician, "keep", "why")


def test_pages_and_api_of_what_waits(in_conflict, client):
    people, _, batch = in_conflict
    uid, arrival = people.study.uid, ScanArrival.objects.get(state="conflict")
    pages = {
        "waiting": reverse("imaging:waiting", args=[uid]),
        "files": reverse("imaging:batch_files", args=[uid, batch.uid]),
        "decide": reverse("imaging:arrival", args=[uid, arrival.uid]),
    }
    api = f"/api/v1/studies/{uid}/scan-arrivals/"
    client.force_login(people.coordinator)
    shown = {name: client.get(page).content.decode() for name, page in pages.items()}
    assert "stored already, with other content" in shown["waiting"]
    assert "P001/PT/3.dcm" in shown["files"]
    assert "keep what is stored" in shown["decide"]
    assert "wait" in client.get(reverse("imaging:scans", args=[uid])).content.decode()
    assert [r["state"] for r in client.get(f"{api}?state=conflict").json()["results"]] == [
        "conflict"
    ]
    files = client.get(f"/api/v1/studies/{uid}/arrived-files/?batch__uid={batch.uid}").json()
    assert len(files["results"]) == len(scan_files("P001"))
    client.force_login(people.colleague)
    assert client.get(pages["files"]).status_code == 404, "of another site"
    assert client.get(api).json()["results"] == []
    assert "P001" not in client.get(pages["waiting"]).content.decode()
    client.force_login(people.coordinator)
    answer = client.post(pages["decide"], {"decision": "keep", "reason": "the weight was wrong"})
    assert answer.status_code == 302
    assert ScanArrival.objects.filter(decision="keep").count() == 1


def test_a_purge_takes_what_waits_and_the_names_of_files(in_conflict):
    people, patient, batch = in_conflict
    registry.all_uses()["imaging"].purge(patient)
    assert not kept(people, batch)
    assert not ScanArrival.objects.filter(state="conflict").exists()
    assert not batch.arrived_files.exclude(name="").exists()


def test_voxels_of_quarantine_are_nowhere(as_coordinator):
    enrolled(as_coordinator, "P001")
    batch = handed_in(as_coordinator, zipped(scan_files("X")))
    assert batch.summary["quarantined"] == 3
    assert not Series.objects.exists()
    assert not np.any([row.patient_id for row in ScanArrival.objects.all()])


def test_a_refused_upload_is_searched_for_a_patient_and_decided_on(as_coordinator, client):
    """From the upload's page to the decision, which needs the pseudonym only where it assigns."""
    people = as_coordinator
    files = scan_files("STRANGER-1") | {f"b/{n}": d for n, d in scan_files("OTHER-2", 2).items()}
    batch = handed_in(people, zipped(files))
    client.force_login(people.coordinator)
    details = reverse("imaging:batch_files", args=[people.study.uid, batch.uid])
    page = client.get(reverse("studies:batch", args=[people.study.uid, batch.uid]))
    assert f'<a href="{details}">Say whose files they are' in page.content.decode()
    for url in (details, reverse("imaging:waiting", args=[people.study.uid])):
        found = client.post(url, {"search": "other"}, follow=True)
        assert [visit.first.claimed_patient_id for visit in found.context["visits"]] == ["OTHER-2"]
        assert "OTHER" not in found.redirect_chain[0][0], "no name in an address"
        if url == details:
            assert sum(found.context["counts"].values()) == len(found.context["page"].rows) == 29
    arrival = ScanArrival.objects.filter(state="quarantined").first()
    decide = reverse("imaging:arrival", args=[people.study.uid, arrival.uid])
    assert "optional" not in client.get(decide).content.decode()
    refused = client.post(decide, {"decision": "assign", "reason": "asked them"})
    assert "patient" in refused.context["form"].errors
    assert client.post(decide, {"decision": "discard", "reason": "not ours"}).status_code == 302
