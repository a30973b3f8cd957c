"""The demo after installation: seconds per stage, memory, and the longest silence.

    python -m dev exec -- .venv/bin/python -m benchmarks.demo [patients]

A new database, queue and folder of files; the same client, files and steps as ``make demo``. Memory
is that of all processes of the product together (PostgreSQL and Valkey included), each shared page
counted once (PSS). A silence is the time in which a followed job's
progress did not change.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev import services
from dev.client import Client
from dev.demo import FILES, STEPS, simulate
from dev.postgres import create_database, drop_database, with_database
from dev.processes import Product

PROJECT = Path(__file__).resolve().parent.parent
OURS = (b"celery", b"gunicorn", b"postgres", b"valkey", b"simulation", b"modeling.methods")
BUDGET = {"simulate": 60, "import and SUV": 90, "extractor and features": 90, "the rest": 120}


@dataclass
class Watch:
    """Seconds per stage, the longest silence, the highest memory."""

    stages: list[tuple[str, str, float, float]] = field(default_factory=list)
    peak_bytes: int = 0
    _seen: Any = None
    _changed: float = 0.0
    _silence: float = 0.0

    @contextmanager
    def stage(self, budget: str, title: str) -> Iterator[None]:
        began = self._changed = time.monotonic()
        self._silence = 0.0
        yield
        self.stages.append((budget, title, time.monotonic() - began, self._silence))

    def see(self, job: dict[str, Any]) -> None:
        now = time.monotonic()
        seen = (job["uid"], job["state"], job["progress_done"], job["progress_message"])
        if seen != self._seen:
            self._seen, self._changed = seen, now
        self._silence = max(self._silence, now - self._changed)

    def watch_memory(self, over: threading.Event) -> None:
        while not over.wait(0.5):
            self.peak_bytes = max(self.peak_bytes, _memory())


def _memory() -> int:
    """Proportional bytes of the web server, the worker, their children and the embedded servers."""
    kilobytes = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(word in (folder / "cmdline").read_bytes() for word in OURS):
                found = re.search(r"^Pss:\s+(\d+) kB", (folder / "smaps_rollup").read_text(), re.M)
                kilobytes += int(found[1]) if found else 0
        except OSError:
            continue
    return kilobytes * 1024


@contextmanager
def fresh_product() -> Iterator[Product]:
    environment = services.up(PROJECT, keep=False)
    owner, name = environment["DATABASE_OWNER_URL"], f"isotherm_bench_{secrets.token_hex(3)}"
    create_database(owner, name)
    with tempfile.TemporaryDirectory() as folder:
        overrides = {
            "DATABASE_URL": with_database(environment["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": with_database(owner, name),
            "STORAGE_URL": f"file://{folder}/files",
            "ISOTHERM_QUEUE": name,
        }
        with Product(PROJECT, folder=Path(folder), overrides=overrides) as product:
            yield product
    drop_database(owner, name)


def run(patients: int) -> Watch:
    watch, over = Watch(), threading.Event()
    threading.Thread(target=watch.watch_memory, args=(over,), daemon=True).start()
    with services.running(PROJECT), fresh_product() as product:
        with watch.stage("simulate", "simulate"):
            folder = simulate(PROJECT, patients)
        made = json.loads(
            product.manage("demo_people", "--study", "SIMULATED bench", "--password", "bench bench")
        )
        clients = {who: Client(product.base_url, key) for who, key in made["tokens"].items()}
        _upload(watch, clients["coordinator"], made["study"], folder)
        _steps(watch, clients["statistician"], made["study"])
    over.set()
    return watch


def _upload(watch: Watch, client: Client, study: str, folder: Path) -> None:
    zips = sorted((folder / "dicom").glob("*.zip"))
    doors = [("the rest", kind, [folder / name]) for kind, name in FILES]
    for budget, kind, files in [*doors, ("import and SUV", "dicom_zip", zips)]:
        with watch.stage(budget, f"import {kind}"):
            for batch in [client.upload(study, kind, file) for file in files]:
                client.follow(study, batch["job"], watch.see)


def _steps(watch: Watch, client: Client, study: str) -> None:
    for title, kind, params in STEPS:
        heavy = kind in {"imaging.extractor_fit", "imaging.features_extract"}
        with watch.stage("extractor and features" if heavy else "the rest", title):
            job = client.post(f"studies/{study}/jobs/", kind=kind, params=params)
            client.follow(study, job["uid"], watch.see)


def report(watch: Watch, patients: int) -> None:
    print(f"{patients} patients, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'stage':48} {'seconds':>8} {'longest silence':>16}")
    for _, title, seconds, silence in watch.stages:
        print(f"{title:48} {seconds:8.1f} {silence:16.1f}")
    print()
    for name, budget in BUDGET.items():
        seconds = sum(s for part, _, s, _ in watch.stages if part == name)
        print(f"{name:48} {seconds:8.1f} of {budget} s")
    total = sum(seconds for _, _, seconds, _ in watch.stages)
    print(f"{'together':48} {total:8.1f} of 360 s")
    print(f"{'memory, all processes':48} {watch.peak_bytes / 2**30:8.2f} of 4 GiB")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 306
    report(run(count), count)
