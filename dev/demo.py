"""``make demo``: a simulated study through the doors that users have, to the report's table.

Everything goes over HTTP: files are uploaded by the coordinator, steps are started by the
statistician, jobs are followed until they end. What is there already is not done again.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dev.client import Client, RefusedError, sites_named
from dev.demo_table import print_table
from dev.place import SetupError, state_folder
from dev.processes import Product
from dev.progress import Stage, run_with_progress

SEED = 1
FILES = (
    ("cohort_table", "cohort.csv"),
    ("expression_matrix", "counts.csv.gz"),
    ("cell_densities", "densities.csv"),
)
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Phenotype: hot and cold from RNA", "genomics.phenotype_fit", {}),
    ("Immunoscore", "imaging.immunoscore", {}),
    ("Phenotype from IHC", "genomics.phenotype_from_ihc", {}),
    ("Fit the image encoder (training cohort only)", "imaging.extractor_fit", {"preset": "demo"}),
    ("Image features", "imaging.features_extract", {}),
    ("Seven classifiers and the Rad-Score", "modeling.rad_score_run", {"recipe": "demo"}),
    (
        "Overall survival",
        "modeling.prognosis_run",
        {"endpoint": "overall_survival", "resamples": 100},
    ),
    (
        "Progression-free survival",
        "modeling.prognosis_run",
        {"endpoint": "progression_free_survival", "resamples": 100},
    ),
    (
        "Examination: groups, subgroups, importance, learning curve, drift",
        "modeling.rad_score_examine",
        {"shuffled_voxels": "no", "resamples": 20},
    ),
    ("Report", "modeling.report_build", {}),
)


def run_demo(project: Path, patients: int = 306, serve: bool = True) -> int:
    """Build the study if it is not there, print the table, serve until Ctrl-C."""
    started = time.monotonic()
    with Product(project) as product:
        password = accounts(project)["password"]
        made = json.loads(
            product.manage("demo_people", "--study", _name(patients), "--password", password)
        )
        study = made["study"]
        clients = {name: Client(product.base_url, key) for name, key in made["tokens"].items()}
        try:
            build(project, patients, study, clients["coordinator"], clients["statistician"])
        except RefusedError as refusal:
            raise SetupError(f"The demo stopped: {refusal}") from refusal
        report = clients["statistician"].every(f"studies/{study}/reports/")[0]
        print_table(report["content"])
        seconds = time.monotonic() - started
        _say_where(product, study, report["uid"], password, seconds, serve)
        if serve:
            product.wait()
    return 0


def build(
    project: Path, patients: int, study: str, coordinator: Client, statistician: Client
) -> None:
    """Files in, jobs followed, report at the end; whatever is done is left as it is."""
    if statistician.every(f"studies/{study}/reports/"):
        print("The study is there already; `make demo` uses it as it is.")
        return
    folder = simulate(project, patients)
    for kind, name in FILES:
        _upload_all(f"Import {name}", coordinator, study, kind, [folder / name])
    zips = sorted((folder / "dicom").glob("*.zip"))
    _upload_all("Import PET/CT: series, SUV, ROI", coordinator, study, "dicom_zip", zips)
    done = {(job["kind"], _key(job["params"])) for job in _done(statistician, study)}
    for title, kind, params in STEPS:
        if not any(kind == k and _key(params) <= p for k, p in done):
            with Stage(title, total=1) as stage:
                job = statistician.post(f"studies/{study}/jobs/", kind=kind, params=params)
                statistician.follow(study, job["uid"], _shown(stage))
    shutil.rmtree(folder)


def simulate(project: Path, patients: int) -> Path:
    """The study's files in a folder of their own."""
    folder = state_folder(project) / f"simulated-{patients}"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "simulation", str(folder)]
    command += ["--patients", str(patients), "--seed", str(SEED)]
    log = state_folder(project) / "log" / "simulation.log"
    run_with_progress(f"Simulate {patients} patients", command, log, cwd=project)
    return folder


def _upload_all(title: str, client: Client, study: str, kind: str, files: list[Path]) -> None:
    with Stage(title, total=2 * len(files)) as stage:
        batches = []
        for number, file in enumerate(files):
            stage.update(number, f"uploading {file.name}")
            new = {"new_sites": sites_named(file)} if kind == "cohort_table" else {}
            batches.append(client.upload(study, kind, file, new))
        for number, batch in enumerate(batches):
            follow = _within(stage, len(files) + number)
            client.follow(study, batch["job"], follow)


def _done(client: Client, study: str) -> list[dict[str, Any]]:
    return client.every(f"studies/{study}/jobs/?state=done")


def _key(params: dict[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((name, json.dumps(value)) for name, value in params.items())


def _shown(stage: Stage) -> Callable[[dict[str, Any]], None]:
    return lambda job: stage.update(job["share"], job["progress_message"])


def _within(stage: Stage, before: int) -> Callable[[dict[str, Any]], None]:
    return lambda job: stage.update(before + job["share"], job["progress_message"])


def _name(patients: int) -> str:
    return f"SIMULATED metastatic colorectal cancer, {patients} patients"


def accounts(project: Path) -> dict[str, str]:
    """The demo's password, made once per copy of the project."""
    file = state_folder(project) / "demo_accounts.json"
    if not file.exists():
        file.touch(0o600)
        file.write_text(json.dumps({"password": f"isotherm-{secrets.token_hex(4)}"}))
    return dict(json.loads(file.read_text()))


def _say_where(
    product: Product, study: str, report: str, password: str, seconds: float, serve: bool
) -> None:
    print(f"\nReady after {seconds / 60:.1f} minutes.")
    if not serve:
        print("`make demo` serves it.")
        return
    print(f"\nIsotherm serves the SIMULATED study at {product.base_url}/studies/{study}/")
    print(f"  report: {product.base_url}/studies/{study}/report/{report}/")
    print("  accounts: coordinator, statistician, collaborator (sees the hospital South only),")
    print(f"            administrator; password {password}")
    print("Ctrl-C ends it and leaves no process behind.")
