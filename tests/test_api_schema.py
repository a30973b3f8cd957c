"""The API describes itself without a warning, and every answer has one shape of error."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.people import People


def test_the_schema_has_no_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("anonymous", "api:study-list", 401),
        ("outsider", "api:job-list", 404),
        ("colleague", "api:job-list", 403),
        ("coordinator", "api:import-list", 400),
    ],
)
def test_errors_have_one_shape(people: People, who: str, address: str, status: int) -> None:
    client = Client()
    if who != "anonymous":
        client.force_login(getattr(people, who))
    args = [] if address == "api:study-list" else [people.study.uid]
    send = client.get if who == "anonymous" else client.post
    answer = send(reverse(address, args=args), {"kind": "imaging.immunoscore"})
    assert (answer.status_code, set(answer.json())) == (status, {"detail", "problems"})
    for problem in answer.json()["problems"]:
        assert set(problem) == {"where", "found", "expected", "remedy", "row", "column"}


def test_the_root_says_what_is_there_and_nothing_to_strangers(people: People) -> None:
    assert Client().get(reverse("api:root")).status_code == 401
    client = Client()
    client.force_login(people.coordinator)
    told = client.get(reverse("api:root")).json()
    assert client.get(told["studies"]).json()["results"][0]["uid"] == str(people.study.uid)
    assert {"patients", "runs", "uptakes", "phenotypes"} <= set(told["of_each_study"])
    for name, address in told["of_each_study"].items():
        answer = client.get(address.format(uid=people.study.uid))
        assert answer.status_code in (200, 400, 403, 405), name


def test_every_list_honours_its_paging_and_ignores_no_other_word_for_it(people: People) -> None:
    client = Client()
    client.force_login(people.administrator)
    told = client.get(reverse("api:root")).json()["of_each_study"]
    paged = set()
    for name, address in told.items():
        url = address.format(uid=people.study.uid)
        whole = client.get(url)
        if whole.status_code != 200 or not isinstance(whole.json(), dict):
            continue
        if "results" not in whole.json():
            continue
        paged.add(name)
        first = client.get(url, {"page_size": 1}).json()
        rows = len(whole.json()["results"])
        assert (len(first["results"]), bool(first["next"])) == (min(rows, 1), rows > 1), name
        for wrong in ("limit=2", *(f"page_size={size}" for size in ("0", "x", "1001", "9" * 5000))):
            assert client.get(f"{url}?{wrong}").status_code in (400, 422), (name, wrong[:20])
    assert {"memberships", "sites", "history", "snapshots", "looks", "patients"} <= paged
