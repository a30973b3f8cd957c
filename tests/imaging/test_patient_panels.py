"""The patient's page: scans with pictures drawn once, plain panels over the API."""

from __future__ import annotations

import json

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from imaging.models import Roi
from imaging.patient_panels import scans_panel
from studies import registry
from studies.access import acting_as
from studies.models import FileUse, Patient, StoredFile


def test_pictures_are_drawn_once_and_belong_to_the_region(study_with_scans, client):
    people = study_with_scans
    client.force_login(people.coordinator)
    with acting_as(people.coordinator):
        roi = Roi.objects.get(pk=Roi.objects.order_by("pk")[0].pk)
        pictures = scans_panel(roi.patient)["pictures"]
    assert [picture["name"] for picture in pictures] == ["PET", "CT"]
    first = client.get(pictures[0]["src"])
    assert first.content[:4] == b"\x89PNG"
    with acting_as(people.coordinator):
        kept = StoredFile.objects.filter(kind__startswith="picture:")
        assert kept.count() == 1
        assert FileUse.objects.filter(file=kept[0], patient_id=roi.patient_id).exists()
    again = client.get(pictures[0]["src"], headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    client.logout()
    assert client.get(pictures[0]["src"]).status_code == 302


def test_the_api_gives_what_the_page_shows(study_with_scans, client):
    people = study_with_scans
    client.force_login(people.statistician)
    with acting_as(people.statistician):
        patient = Patient.objects.filter(rois__isnull=False).first()
    address = reverse("api:patient-panels", args=[people.study.uid, patient.uid])
    found = client.get(address).json()["panels"]
    plain = {panel.title for panel in registry.patient_panels() if panel.plain}
    assert set(found) == plain >= {"PET/CT", "Slides", "RNA", "Models"}
    page = client.get(reverse("studies:patient", args=[people.study.uid, patient.uid]))
    for number in found["PET/CT"]["regions"][0]["numbers"]:
        assert f"<dd>{number['value']} " in page.content.decode()
    assert "acquired_on" not in json.dumps(found)


def test_a_patient_with_scans_costs_a_bounded_number_of_queries(study_with_scans, client):
    people = study_with_scans
    client.force_login(people.coordinator)
    with acting_as(people.coordinator):
        patient = Patient.objects.filter(rois__isnull=False).first()
    address = reverse("studies:patient", args=[people.study.uid, patient.uid])
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    assert len(seen) <= 62, len(seen)
