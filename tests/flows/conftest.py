"""The running product: web server, worker and beat on a database, queue and files of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from dev.client import Client, sites_named
from dev.postgres import create_database, drop_database, with_database
from dev.processes import Product
from tests.conftest import REPO
from tests.flows.walking import signed_in, walk

LEASE_SECONDS = 4
ROLES = ("coordinator", "statistician", "collaborator")


@dataclass
class Running:
    """A product that serves, a study in it, and clients of its people."""

    product: Product
    study: str
    clients: dict[str, Client]
    password: str

    @property
    def coordinator(self) -> Client:
        return self.clients["coordinator"]

    @property
    def statistician(self) -> Client:
        return self.clients["statistician"]

    def upload(self, kind: str, file: Path) -> dict:
        """Hand a file in and wait for its import; its sites may be new."""
        new = {"new_sites": sites_named(file)} if kind == "cohort_table" else {}
        batch = self.coordinator.upload(self.study, kind, file, new)
        self.coordinator.follow(self.study, batch["job"], lambda job: None)
        return self.coordinator.get(f"studies/{self.study}/imports/{batch['uid']}/")

    def step(self, kind: str, **params: object) -> dict:
        """Start a step and wait for its job."""
        job = self.start(kind, **params)
        return self.statistician.follow(self.study, job["uid"], lambda job: None)

    def start(self, kind: str, **params: object) -> dict:
        return self.statistician.post(f"studies/{self.study}/jobs/", kind=kind, params=params)

    def rows(self, path: str) -> list[dict]:
        return self.statistician.every(f"studies/{self.study}/{path}")


@pytest.fixture(scope="session")
def product(
    environment: dict[str, str], template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    owner = environment["DATABASE_OWNER_URL"]
    name = f"isotherm_flow_{os.getpid()}_{secrets.token_hex(2)}"
    create_database(owner, name, template_database)
    overrides = {
        "DATABASE_URL": with_database(environment["DATABASE_URL"], name),
        "DATABASE_OWNER_URL": with_database(owner, name),
        "STORAGE_URL": f"file://{folder / 'files'}",
        "ISOTHERM_QUEUE": name,
        "ISOTHERM_LEASE_SECONDS": str(LEASE_SECONDS),
        "DJANGO_SETTINGS_MODULE": "tests.flows.settings",
    }
    with Product(REPO, folder=folder, overrides=overrides, web_workers=1) as running:
        yield running
    drop_database(owner, name)


def open_study(product: Product, name: str, waived: str = "") -> Running:
    """A study of its own in the running product; ``waived``: why it records no consent."""
    password = "correct horse battery"
    made = json.loads(product.manage("demo_people", "--study", name, "--password", password))
    clients = {who: Client(product.base_url, key) for who, key in made["tokens"].items()}
    if waived:
        clients["administrator"].post(
            f"studies/{made['study']}/consent-policies/", required=False, reason=waived
        )
    return Running(product, made["study"], clients, password)


@pytest.fixture(scope="session")
def simulated_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 simulated patients as the files that users upload."""
    folder = tmp_path_factory.mktemp("simulated") / "study"
    command = [sys.executable, "-m", "simulation", str(folder), "--patients", "60", "--seed", "1"]
    subprocess.run(command, cwd=REPO, check=True, capture_output=True)
    return folder


# Small enough for a test, with every part of a real one; the paper's is modeling's default.
RECIPE = {
    "name": "flow",
    "format": 1,
    "missing": "complete_case",
    "classifiers": ["random_forest", "logistic_regression", "k_nearest_neighbours"],
    "grids": {"random_forest": {"classify__n_estimators": [50]}},
    "outer": {"folds": 3, "repeats": 2},
    "inner": {"folds": 2, "scoring": "neg_brier_score"},
    "choose": {"rule": "fixed", "classifier": "random_forest"},
    "ablations": ["suv_max_only"],
    "bootstrap_resamples": 200,
    "smallest_class": 4,
}


@pytest.fixture(scope="session")
def thread(product: Product, simulated_files: Path) -> Running:
    """The simulated study, from files to the Rad-Score."""
    running = open_study(product, "SIMULATED thread")
    running.upload("cohort_table", simulated_files / "cohort.csv")
    running.upload("expression_matrix", simulated_files / "counts.csv.gz")
    running.upload("cell_densities", simulated_files / "densities.csv")
    for file in sorted((simulated_files / "dicom").glob("*.zip")):
        running.upload("dicom_zip", file)
    for kind, params in (
        ("genomics.phenotype_fit", {}),
        ("imaging.immunoscore", {}),
        ("genomics.phenotype_from_ihc", {}),
        ("imaging.extractor_fit", {"preset": "demo"}),
        ("imaging.features_extract", {"control": ""}),
        ("modeling.rad_score_run", {"recipe": RECIPE, "seed": 1}),
    ):
        running.step(kind, **params)
    return running


@pytest.fixture(scope="session")
def report(thread: Running) -> dict:
    """Its nomograms and report."""
    for endpoint in ("overall_survival", "progression_free_survival"):
        thread.step("modeling.prognosis_run", endpoint=endpoint, seed=1, resamples=20)
    made = thread.step("modeling.report_build")["result"]["report"]
    return thread.statistician.get(f"studies/{thread.study}/reports/{made}/")


@pytest.fixture(scope="session")
def walked(thread: Running) -> Callable[[str], dict[str, str]]:
    """Every page, file and picture of the study that a role finds, walked once."""
    root = f"{thread.product.base_url}/studies/{thread.study}/"
    return cache(lambda name: walk(signed_in(thread, name), root))
