"""Server time, queries and weight of a page of each kind of the demo, for each role.

    python -m dev exec -- .venv/bin/python -m benchmarks.pages [rounds] [role ...]

Wants the database of ``make demo PATIENTS=60 SERVE=0``; without a study it says so. Links are
followed in one process, without a network; a kind is the name of an address. Told are the 95th
percentile of the server's time by the clock (goal: 150 ms), the processor's time, which other work
on the machine changes least, the queries, and what a first visit loads: the page and the style
sheets and scripts in it, packed (goal: 250 kB; libraries of viewers come on demand).
"""

from __future__ import annotations

import gzip
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urljoin

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

ROLES = ("coordinator", "statistician", "collaborator")
GOAL_MS, GOAL_KB = 150.0, 250.0
ROUNDS, MOST_SECONDS = 9, 2.0  # a slow page is asked three times at least
OUTSIDE = ("/", "/help/", "/help/glossary/", "/patterns/", "/notifications/")
ON_DEMAND = ("niivue.umd.js", "openseadragon.min.js")  # of viewers
LOADED = re.compile(r'<(?:script[^>]+src|link[^>]+stylesheet[^>]+href)="([^"]+)"')
LINK = re.compile(r'<a [^>]*?href="([^"#?]+)')


@dataclass(frozen=True, eq=False)
class Measured:
    kind: str
    address: str
    seconds: list[float]
    processor: float
    queries: int
    kilobytes: float

    @property
    def p95(self) -> float:
        return 1000 * quantiles(self.seconds, n=20, method="inclusive")[-1]


def main(rounds: int = ROUNDS, roles: tuple[str, ...] = ROLES) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import_module("config.wsgi")  # as the server starts: what is loaded is not collected again
    settings.ALLOWED_HOSTS = ["*"]
    people = {user.username: user for user in get_user_model()._default_manager.all()}
    if "coordinator" not in people:
        print("No demo here: make demo PATIENTS=60 SERVE=0 makes one.")
        return 0
    began, found = time.monotonic(), []
    for role in roles:
        client = Client()
        client.force_login(people[role])
        for kind, address in _walk(client, _study_of(people[role])):
            found.append(_measured(client, f"{role}: {kind}", address, rounds))
    _print(found, time.monotonic() - began)
    return int(any(page.p95 > GOAL_MS or page.kilobytes > GOAL_KB for page in found))


def _study_of(user: Any) -> str:
    with import_string("studies.access.acting_as")(user):
        rows = apps.get_model("studies", "Study").objects.visible_to(user).order_by("pk")
        study = rows.filter(name__startswith="SIMULATED").first() or rows.first()
    return f"/studies/{study.uid}/"


def _walk(client: Client, root: str) -> Iterator[tuple[str, str]]:
    """One address of each kind that the links lead to."""
    waiting, seen = deque([root, *OUTSIDE]), set()
    while waiting:
        address = waiting.popleft()
        kind = _kind(address)
        if not kind or kind in seen:
            continue
        seen.add(kind)
        answer = client.get(address)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            answer.close()
            continue
        yield kind, address
        links = LINK.findall(answer.content.decode())
        waiting.extend(urljoin(address, link) for link in links)


def _kind(address: str) -> str:
    try:
        found = resolve(address)
    except Resolver404:
        return ""
    return "" if found.view_name.startswith(("api:", "account")) else found.view_name


def _measured(client: Client, kind: str, address: str, rounds: int) -> Measured:
    seconds: list[float] = []
    processor: list[float] = []
    while len(seconds) < rounds and (len(seconds) < 3 or sum(seconds) < MOST_SECONDS):
        clock, work = time.perf_counter(), time.process_time()
        client.get(address)
        seconds.append(time.perf_counter() - clock)
        processor.append(time.process_time() - work)
    with CaptureQueriesContext(connection) as seen:
        page = client.get(address).content
    return Measured(kind, address, seconds, median(processor), len(seen), _weight(client, page))


_packed: dict[str, int] = {}


def _weight(client: Client, page: bytes) -> float:
    """Kilobytes of a first visit: the page and what its head loads, packed."""
    total = len(gzip.compress(page, 6))
    for address in LOADED.findall(page.decode()):
        if address.endswith(ON_DEMAND):
            continue
        if address not in _packed:
            _packed[address] = len(gzip.compress(_file(client, address), 9))
        total += _packed[address]
    return total / 1000


def _file(client: Client, address: str) -> bytes:
    name = address.partition("?")[0]
    if not name.startswith(settings.STATIC_URL):
        return client.get(address).content
    return Path(str(finders.find(name.removeprefix(settings.STATIC_URL)))).read_bytes()


def _print(found: list[Measured], seconds: float) -> None:
    times = sorted(page.p95 for page in found)
    slow = sorted((page for page in found if page.p95 > GOAL_MS), key=lambda p: -p.p95)
    heavy = [page for page in found if page.kilobytes > GOAL_KB]
    most, heaviest = times[int(0.95 * (len(times) - 1))], max(page.kilobytes for page in found)
    print(f"{len(found)} pages in {seconds:.0f} s. p95 of the server's time: median "
          f"{median(times):.0f} ms, of 95 % of the pages under {most:.0f} ms; "
          f"over {GOAL_MS:.0f} ms: {len(slow)}. First load: {heaviest:.0f} kB at most; "
          f"over {GOAL_KB:.0f} kB: {len(heavy)}.")  # fmt: skip
    ordered = sorted(found, key=lambda page: -page.processor)
    print("| page | p95, ms | processor, ms | queries | first load, kB |\n" + "|---|" + "---:|" * 4)
    for page in dict.fromkeys((*slow, *heavy, *ordered[:15])):
        print(f"| {page.kind} | {page.p95:.0f} | {1000 * page.processor:.0f} | {page.queries} "
              f"| {page.kilobytes:.0f} |")  # fmt: skip


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    named = tuple(word for word in sys.argv[1:] if not word.isdigit())
    sys.exit(main(*numbers[:1] or (ROUNDS,), named or ROLES))
