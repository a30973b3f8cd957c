"""Server time and queries of the pages of the demo: a page of each kind, for each role.

Wants the database of ``make demo PATIENTS=60``; without a study it says so. Times are the best of
five in one process, without a network; the budget of a page is 150 ms.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from typing import Any

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

ROLES = ("coordinator", "statistician", "collaborator")
BUDGET_MS, ROUNDS = 150, 5
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_PAGE = re.compile(r"\.\w{2,6}$|/file/|/tile|/volume|/mask|/projection|/export/|/regions/|/dicom")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    acting_as = import_string("studies.access.acting_as")
    studies = apps.get_model("studies", "Study").objects
    people = {user.username: user for user in get_user_model()._default_manager.all()}
    if "coordinator" not in people:
        print("No demo here: make demo PATIENTS=60 SERVE=0 makes one.")
        return
    measured: dict[str, tuple[float, int]] = {}
    for role in ROLES:
        with acting_as(people[role]):
            study = studies.visible_to(people[role]).first()
        if study:
            measured |= _walk(people[role], f"/studies/{study.uid}/", role)
    times = sorted(ms for ms, _ in measured.values())
    print(f"{len(measured)} pages: median {statistics.median(times):.0f} ms, "
          f"p95 {times[int(0.95 * (len(times) - 1))]:.0f} ms, slowest {times[-1]:.0f} ms; "
          f"over {BUDGET_MS} ms: {sum(ms > BUDGET_MS for ms in times)}")  # fmt: skip
    slowest = sorted(measured.items(), key=lambda item: -item[1][0])[:8]
    for page, (ms, queries) in slowest:
        print(f"{ms:7.0f} ms {queries:4d} queries  {page}")


def _walk(user: Any, root: str, role: str) -> dict[str, tuple[float, int]]:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    found: dict[str, tuple[float, int]] = {}
    waiting = [root]
    while waiting:
        address = waiting.pop(0)
        kind = f"{role} {UID.sub('uid', address.removeprefix(root)) or 'home'}"
        if kind in found or NO_PAGE.search(address):
            continue
        answer = client.get(address)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        found[kind] = _measured(client, address)
        links = re.findall(r'href="([^"#?]+)', answer.content.decode())
        waiting += [link for link in links if link.startswith(root)]
    return found


def _measured(client: Client, address: str) -> tuple[float, int]:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        client.get(address)
        times.append(1000 * (time.perf_counter() - started))
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return min(times), len(seen)


if __name__ == "__main__":
    main()
