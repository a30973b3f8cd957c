"""Pages of RNA and slides at 306 patients: how long until a reader has them, and the drawing's job.

    python -m dev exec -- .venv/bin/python -m benchmarks.rna_pages [patients] [repetitions]

A product of its own with a simulated study, tables only; pages over HTTP with a session, in turn,
after their figures were drawn once by the worker. Goal: 150 ms.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from dev.client import Client, sites_named
from dev.postgres import create_database, drop_database, with_database
from dev.processes import Product
from simulation.clinical import COLUMNS
from simulation.files import write_counts, write_table
from simulation.plan import StudyPlan
from simulation.study import simulate_study

PROJECT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
GOAL_MS = 150
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
STEPS = ("genomics.phenotype_fit", "imaging.immunoscore", "genomics.phenotype_from_ihc")


@dataclass(frozen=True)
class Place:
    """A study in a running product, and its people."""

    product: Product
    study: str
    clients: dict[str, Client]

    @property
    def base(self) -> str:
        return f"{self.product.base_url}/studies/{self.study}/"


@contextmanager
def filled(patients: int) -> Iterator[Place]:
    """The product with a simulated study: cohort, counts, densities, phenotype, Immunoscore."""
    owner, name = os.environ["DATABASE_OWNER_URL"], f"isotherm_bench_{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory() as folder:
        create_database(owner, name)
        overrides = {
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": with_database(owner, name),
            "STORAGE_URL": f"file://{folder}/files",
            "ISOTHERM_QUEUE": name,
        }
        try:
            with Product(PROJECT, Path(folder) / "state", overrides, web_workers=1) as product:
                yield fill(product, Path(folder), patients)
        finally:
            drop_database(owner, name)


def fill(product: Product, folder: Path, patients: int) -> Place:
    made = json.loads(product.manage("demo_people", "--study", "SIMULATED", "--password", PASSWORD))
    clients = {who: Client(product.base_url, key) for who, key in made["tokens"].items()}
    study = simulate_study(StudyPlan(patients, 1))
    write_table(study.clinical[COLUMNS], folder / "cohort.csv")
    write_table(study.densities, folder / "densities.csv")
    write_counts(study.counts, folder / "counts.csv.gz")
    coordinator, statistician = clients["coordinator"], clients["statistician"]
    for kind, file in (
        ("cohort_table", "cohort.csv"),
        ("expression_matrix", "counts.csv.gz"),
        ("cell_densities", "densities.csv"),
    ):
        new = {"new_sites": sites_named(folder / file)} if kind == "cohort_table" else {}
        batch = coordinator.upload(made["study"], kind, folder / file, new)
        coordinator.follow(made["study"], batch["job"], lambda job: None)
    for kind in STEPS:
        job = statistician.post(f"studies/{made['study']}/jobs/", kind=kind, params={})
        statistician.follow(made["study"], job["uid"], lambda job: None)
    return Place(product, made["study"], clients)


def signed_in(place: Place, name: str = "statistician") -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    page = f"{place.product.base_url}/account/login/"
    token = TOKEN.search(browser.open(page).read().decode())
    assert token
    words = {"csrfmiddlewaretoken": token[1], "login": name, "password": PASSWORD}
    browser.open(page, urlencode(words).encode())
    return browser


def drawn(place: Place, browser: OpenerDirector, address: str) -> float:
    """Seconds from the first view until every figure of the page is there."""
    began = time.perf_counter()
    while b"being drawn" in browser.open(address).read():
        time.sleep(0.2)
    return time.perf_counter() - began


def main(patients: int = 306, repetitions: int = 11) -> int:
    with filled(patients) as place:
        browser = signed_in(place)
        [matrix] = place.clients["statistician"].every(
            f"studies/{place.study}/expression-matrices/"
        )
        pages = {
            "phenotype": f"{place.base}genomics/",
            "its figures": f"{place.base}drawn/genomics:phenotype/",
            "its survival": f"{place.base}drawn/modeling:phenotype_survival/",
            "quality of the matrix": f"{place.base}genomics/matrices/{matrix['uid']}/quality/",
            "figures of the quality": f"{place.base}drawn/genomics:quality/{matrix['uid']}/",
            "slides": f"{place.base}imaging/slides/",
            "outcome by the slides": f"{place.base}drawn/modeling:slides_outcome/",
        }
        first = {title: drawn(place, browser, address) for title, address in pages.items()}
        taken: dict[str, list[float]] = {title: [] for title in pages}
        size: dict[str, int] = {}
        for _ in range(repetitions):
            for title, address in pages.items():
                began = time.perf_counter()
                size[title] = len(browser.open(address).read())
                taken[title].append(1000 * (time.perf_counter() - began))
        bare = []
        for _ in range(repetitions):
            began = time.perf_counter()
            browser.open(f"{place.base}genomics/matrices/").read()
            bare.append(1000 * (time.perf_counter() - began))
    print(f"{patients} patients; a page without anything (list of matrices): {median(bare):.0f} ms")
    for title, times in taken.items():
        print(f"  {title:30s} drawn in {first[title]:5.1f} s once, then {median(times):5.0f} ms, "
              f"{size[title] / 1024:.0f} KiB")  # fmt: skip
    return int(any(median(times) > GOAL_MS for times in taken.values()))


if __name__ == "__main__":
    sys.exit(main(*(int(number) for number in sys.argv[1:])))
