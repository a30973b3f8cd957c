"""The viewer's bytes, its page, and regions drawn on it: for those who may, and nobody else."""

import base64
import gzip
import hashlib
import json

import numpy as np
import pytest
from django.urls import reverse
from scans_made import scanned_alone

from imaging.models import Roi, RoiChoice, Series, Uptake
from imaging.storage import read_volume
from studies.access import acting_as
from studies.models import Lesion
from studies.services import file_read
from tests.begun import begun_by


@pytest.fixture
@begun_by(scanned_alone)
def scanned(as_coordinator, client):
    client.force_login(as_coordinator.coordinator)
    return as_coordinator


def pet():
    return Series.objects.get(modality="PT")


def address(people, name, *parts):
    return reverse(f"imaging:{name}", args=[people.study.uid, *parts])


def status(client, place):
    answer = client.get(place)
    body(answer)  # read to its end, the file is closed
    return answer.status_code


def body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize(
    ("headers", "status", "cut"),
    [
        ({}, 200, slice(None)),
        ({"Range": "bytes=10-19"}, 206, slice(10, 20)),
        ({"Range": "bytes=10-"}, 206, slice(10, None)),
        ({"Range": "bytes=-7"}, 206, slice(-7, None)),
        ({"Range": "bytes=5-999999999"}, 206, slice(5, None)),
        ({"Range": "bytes=0-3", "If-Range": '"other"'}, 200, slice(None)),
        ({"Range": "bytes=999999999-"}, 416, slice(0)),
        ({"Range": "lines=1-2"}, 200, slice(None)),
    ],
)
def test_a_volume_comes_whole_or_by_ranges(scanned, client, headers, status, cut):
    stored = pet().volume
    data = file_read(stored)
    answer = client.get(address(scanned, "volume", pet().uid), headers=headers)
    assert (answer.status_code, body(answer)) == (status, data[cut])
    assert answer["ETag"] == f'"{stored.sha256}"'
    if status == 206:
        assert answer["Content-Range"].endswith(f"/{stored.size}")
        assert int(answer["Content-Length"]) == len(data[cut])


def test_who_has_the_bytes_is_not_sent_them_again(scanned, client):
    place = address(scanned, "mask", Roi.objects.get().uid)
    first = client.get(place)
    data = body(first)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert first["Repr-Digest"] == f"sha-256=:{digest}:"
    assert client.get(place, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_what_is_asked_for_by_its_digest_is_kept_for_the_session(scanned, client):
    roi = Roi.objects.get()
    place = address(scanned, "mask", roi.uid)
    for asked, kept in ((roi.mask.sha256, True), ("0" * 64, False), ("", False)):
        answer = client.get(place, {"sha256": asked})
        body(answer)
        assert ("immutable" in answer["Cache-Control"]) is kept
        assert answer["Cache-Control"].startswith("private")
        assert "Cookie" in answer["Vary"], "another session asks anew"
    client.logout()
    assert client.get(place, {"sha256": roi.mask.sha256}).status_code == 302


def test_bytes_cost_few_questions(scanned, client, django_assert_max_num_queries):
    """Session, user, who asks (3), rights, the file, the record of reading it, and the commit."""
    place = address(scanned, "volume", pet().uid)
    with django_assert_max_num_queries(9):
        body(client.get(place))


def test_bytes_and_pages_are_for_members_of_the_site(scanned, client):
    series, roi = pet(), Roi.objects.get()
    places = [
        address(scanned, "viewer", series.uid),
        address(scanned, "volume", series.uid),
        address(scanned, "mask", roi.uid),
        address(scanned, "projection", series.uid, 30),
    ]
    for who, expected in (("statistician", {200}), ("colleague", {404}), ("outsider", {404})):
        client.force_login(getattr(scanned, who))
        assert {status(client, place) for place in places} == expected, who
    client.logout()
    assert {status(client, place) for place in places} == {302}


def test_the_page_names_addresses_digests_and_nothing_runs_inline(scanned, client):
    answer = client.get(address(scanned, "viewer", pet().uid))
    text = answer.content.decode()
    scene = json.loads(text.split('id="scene" type="application/json">')[1].split("</script>")[0])
    assert scene["pet"]["sha256"] == pet().volume.sha256
    roi = Roi.objects.get()
    kept = address(scanned, "mask", roi.uid) + f"?sha256={roi.mask.sha256}"
    assert scene["regions"][0]["url"] == kept
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "niivue.umd.js" in text
    client.force_login(scanned.statistician)
    assert "Draw a region" not in client.get(address(scanned, "viewer", pet().uid)).content.decode()


SPHERE = {
    "method": "threshold", "rule": "41_percent", "centre_mm": [2.0, 2.0, 2.0],
    "radius_mm": 18.0, "liver": None,
}  # fmt: skip


def draw(people, client, recipe, **more):
    place = reverse("api:series-draw", args=[people.study.uid, pet().uid])
    return client.post(
        place, json.dumps({"recipe": recipe} | more), content_type="application/json"
    )


def test_what_is_shown_is_what_is_kept(scanned, client):
    shown = draw(scanned, client, SPHERE).json()
    assert Roi.objects.count() == 1, "nothing is kept by looking"
    kept = draw(scanned, client, SPHERE, name="Lesion by hand", comment="clear")
    assert kept.status_code == 201, kept.content
    roi = Roi.objects.get(uid=kept.json()["uid"])
    uptake = Uptake.objects.get(roi=roi)
    for name in ("suv_max", "suv_mean", "suv_peak", "mtv_41_percent_ml", "tlg_41_percent"):
        assert getattr(uptake, name) == shown[name]
    assert shown["mtv_41_percent_ml"] == pytest.approx(shown["volume_ml"]), "at 41 % all of it"
    suv = read_volume(file_read(pet().volume))
    mask = read_volume(file_read(roi.mask))
    assert np.array_equal(gzip.decompress(base64.b64decode(shown["mask"])),
                          gzip.decompress(file_read(roi.mask)))  # fmt: skip
    assert uptake.suv_max == suv.array[mask.array].max()
    assert (roi.drawn_by, roi.reader, roi.comment) == (scanned.coordinator, "coordinator", "clear")
    assert roi.method == "semi_automatic"
    assert roi.recipe["rule"] == "41_percent"
    assert roi.recipe["level"] == pytest.approx(0.41 * shown["suv_max"])
    assert roi.lesion.number == 2, "a lesion of its own"
    again = draw(scanned, client, SPHERE, name="Lesion by hand")
    assert again.json()["uid"] == str(roi.uid), "the same again is the same"


def test_a_newer_version_supersedes_and_speaks_for_the_lesion(scanned, client):
    imported = Roi.objects.get()
    wide = SPHERE | {"rule": "suv_2_5"}
    kept = draw(scanned, client, wide, name="Lesion 1", supersedes=str(imported.uid)).json()
    roi = Roi.objects.get(uid=kept["uid"])
    assert (roi.supersedes, roi.lesion) == (imported, imported.lesion)
    assert RoiChoice.objects.get().roi == roi
    assert Lesion.objects.count() == 1
    refused = draw(scanned, client, SPHERE, name="Lesion 1", supersedes=str(imported.uid))
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["column"] == "supersedes"
    page = client.get(address(scanned, "scan", pet().uid)).content.decode()
    assert "superseded" in page
    assert "coordinator" in page


@pytest.mark.parametrize(
    ("who", "recipe", "more", "status"),
    [
        ("statistician", SPHERE, {"name": "a"}, 403),
        ("statistician", SPHERE, {}, 200),
        ("colleague", SPHERE, {}, 404),
        ("coordinator", SPHERE | {"rule": "suv_99"}, {}, 422),
        ("coordinator", SPHERE, {"name": "a", "lesion": 77}, 422),
        ("coordinator", "text", {}, 400),
    ],
)
def test_drawing_needs_its_right_and_a_recipe(scanned, client, who, recipe, more, status):
    client.force_login(getattr(scanned, who))
    assert draw(scanned, client, recipe, **more).status_code == status
    assert Roi.objects.count() == 1


def test_without_script_or_mouse_the_form_shows_and_keeps(scanned, client):
    place = address(scanned, "viewer", pet().uid)
    typed = {"method": "threshold", "rule": "41_percent", "x": 2, "y": 2, "z": 2, "radius_mm": 18}
    shown = client.post(place, typed | {"preview": "1"})
    text = shown.content.decode()
    assert "data:image/png;base64," in text
    assert f"{shown.context['drawn']['suv_max']:.2f}" in text
    wrong = client.post(place, typed | {"x": 9000, "preview": "1"}).content.decode()
    assert "no voxel of the scan" in wrong
    brush = {"method": "brush", "strokes": "2 2 2 9\n- 6 2 2 4", "radius_mm": 9, "keep": "1"}
    answer = client.post(place, brush | {"name": "Painted", "lesion": 1})
    assert answer.status_code == 302
    roi = Roi.objects.get(name="Painted")
    assert (roi.method, roi.lesion.number) == ("manual", 1)
    assert client.get(answer.url.split("#")[0]).content.decode().count("Painted") >= 1


def test_a_projection_is_a_png_of_the_pet(scanned, client):
    answer = client.get(address(scanned, "projection", pet().uid, 45))
    assert answer.content.startswith(b"\x89PNG")
    ct = Series.objects.get(modality="CT")
    assert client.get(address(scanned, "projection", ct.uid, 0)).status_code == 404


def test_a_withdrawn_patients_scan_is_drawn_on_by_nobody(scanned, client):
    series = pet()
    with acting_as(scanned.coordinator):
        type(series.patient).objects.filter(pk=series.patient_id).update(
            status="withdrawn", status_reason="asked for it"
        )
    assert draw(scanned, client, SPHERE, name="late").status_code == 422
