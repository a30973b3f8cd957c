"""DICOMweb: scans leave as objects of the same SUV; what is sent goes through the same door."""

import io
from email.message import Message

import numpy as np
import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from rest_framework.authtoken.models import Token
from scans_made import enrolled, handed_in, scan_files, zipped

from imaging.methods.dicom_seg import read_seg
from imaging.methods.dicom_series import read_series
from imaging.methods.multipart_related import read_parts, write_parts
from imaging.methods.scan_case import scan_of
from imaging.models import ArrivalState, Roi, ScanArrival, Series
from imaging.storage import read_volume
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import ImportBatch
from studies.services import batch_job, file_read


@given(
    st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\r\n--", b"")), max_size=5),
    st.integers(1, 40),
)
def test_parts_come_back_whatever_pieces_they_are_read_in(objects, size):
    body = b"".join(write_parts(iter(objects), "b0undary", "application/dicom"))
    stream = io.BytesIO(body)
    found = all_of(lambda n: stream.read(min(n, size)), b"b0undary")
    assert found == [("application/dicom", data) for data in objects]


@pytest.mark.parametrize("cut", [0, 10, -5, -30])
def test_a_body_that_breaks_off_is_refused(cut):
    body = b"".join(write_parts(iter([b"x" * 50]), "b", "application/dicom"))
    stream = io.BytesIO(body[:cut])
    with pytest.raises(DataProblem, match="breaks off"):
        all_of(stream.read, b"b")


def all_of(read, boundary):
    return [(part.content_type, b"".join(part.pieces)) for part in read_parts(read, boundary)]


@pytest.fixture
def stored(as_coordinator):
    enrolled(as_coordinator, "P001")
    assert handed_in(as_coordinator, zipped(scan_files("P001"))).state == "ready"
    return as_coordinator


@pytest.fixture
def web(stored, client):
    """A function of method, path and user: the answer to a token's request."""

    def ask(path, user="coordinator", method="get", **more):
        token, _ = Token.objects.get_or_create(user=stored.members[user])
        root = reverse("api:dicomweb-studies", args=[stored.study.uid])
        address = root.removesuffix("/studies") + path
        return getattr(client, method)(address, HTTP_AUTHORIZATION=f"Token {token.key}", **more)

    return ask


def value(row, tag):
    return row[tag]["Value"][0]


def parts_of(answer):
    """By the standard library's parser of messages."""
    from email.parser import BytesParser

    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    head = f"Content-Type: {answer['Content-Type']}\r\n\r\n".encode()
    found = BytesParser().parsebytes(head + body)
    assert isinstance(found, Message)
    return [dcmread(io.BytesIO(part.get_payload(decode=True))) for part in found.get_payload()]


def test_a_visit_is_found_and_read_back_with_its_suv(web):
    [visit] = web("/studies?PatientID=P0*").json()
    assert visit["00080061"]["Value"] == ["CT", "PT", "SEG"]
    uid = value(visit, "0020000D")
    assert uid.startswith("2.25.")
    assert web("/studies?PatientID=P9").json() == []
    assert web("/studies?StudyDate=20250101").status_code == 422
    rows = {value(row, "00080060"): row for row in web(f"/studies/{uid}/series").json()}
    pet = Series.objects.get(modality="PT")
    found = {}
    for modality, row in rows.items():
        address = f"/studies/{uid}/series/{value(row, '0020000E')}"
        assert len(web(f"{address}/instances").json()) == value(row, "00201209")
        found[modality] = parts_of(web(address))
        assert len(found[modality]) == value(row, "00201209")
    series = read_series(found["PT"], "PET")
    again = scan_of("1", "PT", series, "PET")
    kept = read_volume(file_read(pet.volume))
    step = np.abs(kept.array).max(axis=(1, 2)) / 32767
    assert np.all(np.abs(again.volume.array - kept.array).max(axis=(1, 2)) <= 0.51 * step)
    assert again.volume.grid.origin == pytest.approx(kept.grid.origin)
    ct = read_volume(file_read(Series.objects.get(modality="CT").volume))
    assert np.array_equal(read_series(found["CT"], "CT").volume.array, ct.array)
    roi = Roi.objects.get()
    [region] = read_seg(found["SEG"][0], kept.grid, "SEG")
    assert np.array_equal(region.mask.array, read_volume(file_read(roi.mask)).array)
    text = " ".join(str(one) for objects in found.values() for one in objects[0])
    assert "20250101" not in text, "the day of the scan leaves nothing"


def test_one_object_and_its_header_alone(web):
    row = web("/instances?Modality=CT&limit=1&offset=3").json()[0]
    uids = [value(row, tag) for tag in ("0020000D", "0020000E", "00080018")]
    address = "/studies/{}/series/{}/instances/{}".format(*uids)
    answer = web(address, HTTP_ACCEPT="application/dicom")
    assert answer["Content-Type"] == "application/dicom"
    made = dcmread(io.BytesIO(answer.content))
    assert made.SOPInstanceUID == uids[2]
    assert made.InstanceNumber == 4
    [header] = web(f"{address}/metadata").json()
    assert header["00280010"]["Value"] == [28]
    assert "7FE00010" not in header


def test_rights_are_those_of_everywhere(web, stored):
    uid = value(web("/studies").json()[0], "0020000D")
    assert web("/studies", user="colleague").json() == [], "of another site"
    assert web(f"/studies/{uid}", user="colleague").status_code in {403, 404}
    assert web("/studies", user="coordinator").status_code == 200
    sent = stow(web, list(scan_files("P001").values()), user="statistician")
    assert sent.status_code == 403


def stow(web, objects, path="/studies", user="coordinator"):
    body = b"".join(write_parts(iter(objects), "b0undary", "application/dicom"))
    kind = 'multipart/related; type="application/dicom"; boundary=b0undary'
    return web(path, user=user, method="post", data=body, content_type=kind)


def finished():
    batch = ImportBatch.objects.order_by("-id").first()
    run_inline(batch_job(batch))
    batch.refresh_from_db()
    return batch


def test_what_is_sent_goes_through_the_same_door(web, stored):
    enrolled(stored, "P002")
    answer = stow(web, [*scan_files("P002", seed=2).values(), b"no DICOM"])
    assert answer.status_code == 202
    said = answer.json()
    assert len(said["00081199"]["Value"]) == len(scan_files("P002"))
    assert value(said["00081198"]["Value"][0], "00081197") == 0xC000
    batch = finished()
    assert str(batch.uid) in answer["Location"]
    assert batch.state == "ready", batch.problems
    assert Series.objects.filter(patient__pseudonym="P002").count() == 2
    assert stow(web, list(scan_files("P009", seed=9).values())).status_code == 202
    finished()
    states = ScanArrival.objects.filter(claimed_patient_id="P009").values_list("state", flat=True)
    assert set(states) == {ArrivalState.QUARANTINED}, "nobody of the study"


def test_objects_of_another_visit_and_other_bodies_are_refused(web):
    count = ImportBatch.objects.count()
    answer = stow(web, [next(iter(scan_files("P001").values()))], path="/studies/1.2.99")
    assert answer.status_code == 409
    assert value(answer.json()["00081198"]["Value"][0], "00081197") == 0xA900
    plain = web("/studies", method="post", data=b"x", content_type="application/dicom")
    assert plain.status_code == 422
    assert ImportBatch.objects.count() == count
