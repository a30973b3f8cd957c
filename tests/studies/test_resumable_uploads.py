"""A file in parts: it goes on where it broke off, and nothing but the next part is taken."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse

from studies import upload_limits
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import ImportBatch, Job, ResumableUpload, StoredFile
from studies.services import file_read, study_bytes
from studies.storage import storage
from tests.people import People

DATA = bytes(range(256)) * 40
PART = 4096


@pytest.fixture
def coordinator(people: People, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    field = ResumableUpload._meta.get_field("part_bytes")
    monkeypatch.setattr(field, "default", PART)
    client.force_login(people.coordinator)
    return client


def root(people: People) -> str:
    return reverse("api:resumable-upload-list", args=[people.study.uid])


def begin(people: People, client: Client, size: int = len(DATA), **more: Any) -> Any:
    body = {"kind": "cohort_table", "filename": "c.csv", "size": size, "fingerprint": "f1"} | more
    return client.post(root(people), json.dumps(body), content_type="application/json")


def send(client: Client, address: str, offset: int, data: bytes) -> Any:
    return client.patch(
        address,
        data,
        content_type="application/offset+octet-stream",
        headers={"Upload-Offset": str(offset)},
    )


def run_the_joining() -> None:
    run_inline(Job.objects.select_related("study", "acting_user").get(kind="studies.upload_join"))


def test_a_file_goes_on_where_it_broke_off(people: People, coordinator: Client) -> None:
    begun = begin(people, coordinator)
    assert begun.status_code == 201, begun.content
    address = f"{root(people)}{begun.json()['uid']}/"
    assert send(coordinator, address, 0, DATA[:PART])["Upload-Offset"] == str(PART)
    for offset, data in ((0, DATA[:PART]), (PART, DATA[PART:-1]), (PART, b"short")):
        assert send(coordinator, address, offset, data).status_code == 422, "nothing is taken"
    again = begin(people, coordinator).json()
    assert (again["uid"], again["received"]) == (begun.json()["uid"], PART), "found after a reload"
    page = reverse("studies:upload", args=[people.study.uid, "cohort_table"])
    assert "Unfinished uploads" in coordinator.get(page).content.decode()
    for offset in range(PART, len(DATA), PART):
        answer = send(coordinator, address, offset, DATA[offset : offset + PART])
    assert answer.json()["state"] == "joining"
    with acting_as(people.coordinator):
        run_the_joining()
        batch = ImportBatch.objects.get()
        assert file_read(batch.file) == DATA
        assert study_bytes(people.study) == len(DATA), "the parts are gone"
    done = coordinator.get(address).json()
    assert (done["state"], done["batch"]) == ("taken_in", str(batch.uid))
    assert coordinator.get(done["page"]).status_code == 200


def content_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.mark.parametrize(
    ("said", "status"),
    [(DATA[:PART], 200), (DATA[1 : PART + 1], 422), (None, 422)],
    ids=["as it was sent", "changed on the way", "no digest at all"],
)
def test_a_part_that_changed_on_the_way_is_not_taken(
    people: People, coordinator: Client, said: bytes | None, status: int
) -> None:
    address = f"{root(people)}{begin(people, coordinator).json()['uid']}/"
    answer = coordinator.patch(
        address,
        DATA[:PART],
        content_type="application/offset+octet-stream",
        headers={
            "Upload-Offset": "0",
            "Content-Digest": content_digest(said) if said else "sha-256=:?:",
        },
    )
    assert answer.status_code == status, answer.content
    assert coordinator.get(address).json()["received"] == (PART if status == 200 else 0)


def test_what_is_here_is_listed_with_its_digests(people: People, coordinator: Client) -> None:
    address = f"{root(people)}{begin(people, coordinator).json()['uid']}/"
    for offset in (0, PART):
        assert send(coordinator, address, offset, DATA[offset : offset + PART]).status_code == 200
    [listed] = coordinator.get(f"{root(people)}?state=open").json()["results"]
    assert listed["parts"] == [
        {"first": first, "last": first + PART - 1,
         "sha256": hashlib.sha256(DATA[first : first + PART]).hexdigest()}
        for first in (0, PART)
    ]  # fmt: skip


def test_parts_are_seen_by_their_sender_only(people: People, coordinator: Client) -> None:
    address = f"{root(people)}{begin(people, coordinator).json()['uid']}/"
    other = Client()
    for who, status in (("administrator", 404), ("outsider", 404)):
        other.force_login(getattr(people, who))
        assert other.get(address).status_code == status
        assert send(other, address, 0, DATA[:PART]).status_code == status
    other.force_login(people.statistician)
    assert begin(people, other).status_code == 403, "needs the door's right"


def test_a_discarded_upload_leaves_nothing(people: People, coordinator: Client) -> None:
    uid = begin(people, coordinator).json()["uid"]
    address = f"{root(people)}{uid}/"
    send(coordinator, address, 0, DATA[:PART])
    discard = reverse("studies:upload_discard", args=[people.study.uid, uid])
    assert coordinator.post(discard).status_code == 302
    assert send(coordinator, address, PART, DATA[PART : 2 * PART]).status_code == 422
    with pytest.raises(FileNotFoundError):
        storage().open_parts(people.study.uid, UUID(uid), 1)
    assert begin(people, coordinator).json()["received"] == 0


@pytest.mark.parametrize(
    ("size", "limit", "says"),
    [(0, 100, "an empty file"), (101, 100, "in one file"), (60, 50, "GB in the study")],
)
def test_what_cannot_be_taken_is_refused_before_it_is_sent(
    people: People, coordinator: Client, settings: Any, size: int, limit: int, says: str
) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    call_command("study_quota", people.study.name, gigabytes=limit / 1e9)
    answer = begin(people, coordinator, size)
    assert answer.status_code == 422
    problem = answer.json()["problems"][0]
    assert says in problem["found"] + problem["expected"]
    whole = {"kind": "cohort_table", "file": SimpleUploadedFile("c.csv", b"x" * size)}
    answer = coordinator.post(reverse("api:import-list", args=[people.study.uid]), whole)
    assert answer.status_code in {400, 422}, "nor as a whole"


@pytest.mark.parametrize("door", ["page", "api", "kind after the file"])
def test_a_file_too_large_for_its_door_is_not_read_whole(
    people: People, coordinator: Client, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """A page stops at the limit; the API's client is refused by the size that is declared."""
    limit, size = 2**17, 2**21
    monkeypatch.setattr(upload_limits, "largest_of", lambda kind: limit)
    monkeypatch.setattr(upload_limits, "BESIDE", 2**10)
    sent: dict[str, Any] = {"kind": "cohort_table"} if door == "api" else {}
    sent |= {"file": SimpleUploadedFile("c.csv", b"x" * size)}
    sent |= {"kind": "cohort_table"} if door == "kind after the file" else {}
    page = reverse("studies:upload", args=[people.study.uid, "cohort_table"])
    address = page if door == "page" else reverse("api:import-list", args=[people.study.uid])
    data = encode_multipart(BOUNDARY, sent)
    body = io.BytesIO(data)
    answer = coordinator.generic("POST", address, data, MULTIPART_CONTENT, **{"wsgi.input": body})
    assert answer.status_code == (413 if door == "page" else 422)
    assert "at most 0 MB in one file" in answer.content.decode()
    assert body.tell() <= (limit + 2**17 if door == "page" else upload_limits.HEAD)
    with acting_as(people.coordinator):
        assert not StoredFile.objects.exists()
